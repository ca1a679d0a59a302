"""The texts of e-mails: what others typed stays text, in HTML, in plain text and in headers."""

import zipfile
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from users_service.domain.audit_events import AuditEventType
from users_service.domain.emails import NOTIFIED, Email, EmailKind
from users_service.mail.rendering import EmailTemplates
from users_service.mail.smtp import Smtp

SERVICE = Path(__file__).resolve().parents[1]
SITE = "https://notes.example"
AT = datetime(2026, 11, 27, 9, 5, tzinfo=UTC)
SENT = [kind for kind in EmailKind if kind is not EmailKind.RESET_ASKED]
NASTY = "<img src=x onerror=alert(1)>&\"'"


def written(kind: EmailKind, *, username: str = "ivy", **facts: Any) -> Email:
    said = {"event": "identity_linked", **facts} if kind is EmailKind.NOTICE else facts
    templates = EmailTemplates(site=SITE)
    return templates.render(kind, username=username, at=AT, facts=said, token="t0ken_-")


def on_the_wire(email: Email) -> EmailMessage:
    smtp = Smtp(host="x", port=25, security="none", sender="Notes <notes@notes.example>")
    message = smtp._message(email, "ivy@home.example", 7, AT)
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("kind", SENT)
def test_an_email_says_the_same_in_plain_text_and_in_html(kind: EmailKind) -> None:
    email = written(kind, address="192.0.2.1", by="ada")
    message = on_the_wire(email)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().replace("\r", "") == email.text
    assert html.get_content_type() == "text/html"
    assert html.get_content().replace("\r", "") == email.html
    told = ["ivy"] if kind is not EmailKind.INVITATION else []
    told += ["#"] if "#" in email.text else ["192.0.2.1", "By: ada", "2026-11-27 09:05 UTC"]
    for fact in told:
        assert fact in email.text
        assert fact in email.html
    assert "\n-- \nNotes, https://notes.example\n" in email.text
    # A newsletter's tricks: nothing is fetched when the e-mail is opened.
    assert "src=" not in email.html


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (EmailKind.RESET_LINK, f"{SITE}/users/reset#token=t0ken_-"),
        (EmailKind.CONFIRM_EMAIL, f"{SITE}/users/confirm-email#token=t0ken_-"),
        (EmailKind.INVITATION, f"{SITE}/users/signup?invited=1#invite=t0ken_-"),
    ],
)
def test_a_link_stands_alone_on_its_line_and_behind_the_button(
    kind: EmailKind, link: str
) -> None:
    email = written(kind)
    assert link in email.text.splitlines()
    assert f'<a href="{link}"' in email.html


@pytest.mark.parametrize("kind", [each for each in SENT if each is not EmailKind.INVITATION])
def test_a_name_is_escaped_in_html_and_literal_in_plain_text(kind: EmailKind) -> None:
    email = written(kind, username=NASTY)
    # Blanks around each sign, so that no mail program makes a link of it.
    spelled = "< img src = x onerror = alert ( 1 ) > & \" '"
    assert spelled in email.text
    assert "&lt; img src = x onerror = alert ( 1 ) &gt; &amp; &#34; &#39;" in email.html
    assert "<img" not in email.html
    assert spelled not in email.html


@pytest.mark.parametrize("fact", ["provider", "by", "address"])
def test_what_a_notice_quotes_is_escaped_in_html(fact: str) -> None:
    email = written(EmailKind.NOTICE, **{fact: "<b>&"})
    assert "<b>&" in email.text.replace(" ", "")
    assert "&lt;b&gt;&amp;" in email.html.replace(" ", "")


@pytest.mark.parametrize("kind", SENT)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_no_text_adds_a_header_or_a_recipient(kind: EmailKind, end: str) -> None:
    typed = f"x{end}Bcc: victim@home.example{end}{end}<p>"
    plain = on_the_wire(written(kind))
    message = on_the_wire(
        written(kind, username=typed, by=typed, provider=typed, address=typed)
    )
    assert message.keys() == plain.keys()
    assert message["Subject"] == plain["Subject"]
    assert message["To"] == "ivy@home.example"


def test_what_is_not_known_has_no_line() -> None:
    email = written(EmailKind.NOTICE, address=None, by=None)
    for text in (email.text, email.html):
        assert "From:" not in text
        assert "By:" not in text
        assert "None" not in text


@pytest.mark.parametrize("kind", SENT)
def test_a_subject_is_ours_alone(kind: EmailKind) -> None:
    assert "canary" not in written(kind, username="canary", by="canary").subject
    assert written(kind).subject.endswith(" · Notes")


@pytest.mark.parametrize("event", [*sorted(each.value for each in NOTIFIED), "signed_in"])
def test_every_event_that_is_told_has_its_sentence(event: str) -> None:
    email = written(EmailKind.NOTICE, event=AuditEventType(event).stored)
    assert email.text.startswith(f"{email.subject.removesuffix(' · Notes')}")
    assert "undefined" not in email.html.lower()


def test_the_wheel_and_the_image_hold_the_templates(tmp_path: Path) -> None:
    names = {path.name for path in (SERVICE / "src/users_service/mail/templates").iterdir()}
    assert {f"{kind.value}.txt" for kind in (EmailKind.NOTICE, EmailKind.INVITATION)} < names
    (wheel,) = WheelBuilder(str(SERVICE)).build(directory=str(tmp_path))
    packed = zipfile.ZipFile(wheel).namelist()
    assert {f"users_service/mail/templates/{name}" for name in names} <= set(packed)
    # The image runs the sources themselves.
    dockerfile = (SERVICE / "Dockerfile").read_text()
    assert "COPY users-service/src /app/users-service/src\n" in dockerfile
    assert "!users-service/src\n" in (SERVICE.parent / ".dockerignore").read_text()
