"""What strangers make Notes write to somebody: few e-mails, and no word of theirs is a link."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from mail_server import MailServer, link_in, mail_server, text_of, until
from signing_in import join, told
from test_mail import SITE, _results, alone, ask, audited, look_often
from users_running import KEY, PASSWORD, Service, running, some_settings
from users_service.domain.emails import spelled
from users_service.rate_limits import limits
from users_service.rate_limits.limits import EMAILS_PER_HOUR

__all__ = ["alone", "look_often"]

# What mail programs make links of: an address of a page, of mail, or anything with a dot in it.
LINK = re.compile(r"[a-z][a-z0-9+.-]*:\S+|www\.\S*|\S+[.@。．｡]\w\S*", re.IGNORECASE)


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def office(
    users_database: str, redis_url: str, post: MailServer
) -> AsyncIterator[Service]:
    settings = some_settings(
        users_database, redis_url, public_url=SITE, signups_per_hour=1000,
        smtp_host="localhost", smtp_port=post.port, smtp_security="none",
        mail_from="Notes <notes@notes.example>",
    )  # fmt: skip
    async with running(settings) as service:
        yield service


async def sign_up(client: httpx.AsyncClient, username: str, email: str) -> httpx.Response:
    sent = {"username": username, "password": PASSWORD, "email": email}
    return await client.post("/v1/accounts", json=sent)


VICTIM = [
    "victim@home.example",
    "Victim@HOME.example",
    "victim+{n}@home.example",
    "vic.tim@home.example",
    "victim@HOME.EXAMPLE",
    "victim@home.example.",
]


async def test_promise_however_many_sign_up_with_an_address_it_gets_few_emails(
    office: Service, post: MailServer
) -> None:
    for n in range(12):
        address = VICTIM[n % len(VICTIM)].format(n=n)
        made = await sign_up(office.client(f"198.51.100.{n}"), f"mallory-{n}", address)
        assert made.status_code == 201  # whoever's it is, they get their account
    await sign_up(office.client(), "bob", "bob@home.example")
    await post.kept(EMAILS_PER_HOUR + 1)  # others get theirs as ever
    # Counted is what has left the table: the clock would make the rest of it due again.
    await until(lambda: sum(_results(office).values()) == EMAILS_PER_HOUR + 1)
    office.clock.move(minutes=5)
    while await office.state["mail_sender"].send_next():
        pass
    assert len(await post.kept(EMAILS_PER_HOUR + 1)) == EMAILS_PER_HOUR + 1


async def test_every_way_to_have_an_email_sent_counts_and_the_person_is_told(
    office: Service, post: MailServer
) -> None:
    boss = await join(office.client(), "boss", email="boss@home.example")
    for n in range(EMAILS_PER_HOUR - 1):
        await sign_up(office.client(), f"mallory-{n}", "victim@home.example")
    invited = {"role": "reader", "email": "victim@home.example"}
    assert (await boss("POST", "/v1/invitations", json=invited)).status_code == 201
    refused = await boss("POST", "/v1/invitations", json=invited)
    assert told(refused) == (429, "too_many_emails")
    assert len((await boss("GET", "/v1/invitations")).json()["invitations"]) == 1
    sent = {"email": "Victim@home.example", "name": "Boss"}
    refused = await boss("PATCH", "/v1/account", json=sent)
    assert told(refused) == (429, "too_many_emails")
    assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600
    mine = (await boss("GET", "/v1/account")).json()
    assert (mine["name"], mine["email"]) == ("boss", "boss@home.example")
    await join(office.client(), "late", email="victim@home.example")
    late = await join(office.client(), "later", email="victim@home.example")
    refused = await late("POST", "/v1/account/email-verification-requests")
    assert told(refused) == (429, "too_many_emails")


async def test_whoever_asks_all_day_has_ten_reset_emails_sent(
    alone: None, office: Service, post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Redis' hours are real ones: what is looked at is the day.
    monkeypatch.setattr(limits, "EMAILS_PER_HOUR", 1000)
    await join(office.client(), "ivy", email="ivy@home.example")
    await office.state["mail_sender"].send_next()
    token = link_in((await post.kept(1))[0])[1]
    await office.client().post("/v1/email-verifications", json={"token": token})
    for n in range(24):
        await ask(office.client(f"198.51.100.{n}"), "ivy")
        while await office.state["mail_sender"].send_next():
            pass
        office.clock.move(hours=1)
    results = [result for result, _ in await audited(office.client(), "reset_requested")]
    assert results.count("ok") == 10
    assert results.count("mailed_enough") == 14


NAMES = [
    "www.evil.example-win", "evil.example", "a@evil.example", "WWW.EVIL", "xn--evl-6la.example",
    "зло.рф", "evil.example.", "1.2.3.4", "a+b@c", "evil-example.com_now", "a.b", "ivy.smith",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_no_link_in_an_email(
    office: Service, post: MailServer, name: str
) -> None:
    made = await sign_up(office.client(), name, "victim@home.example")
    assert made.status_code == 201, made.text
    text = text_of((await post.kept(1))[0])
    words = [each for each in LINK.findall(text) if not each.startswith(SITE)]
    assert words == []
    kept = "".join(text.split())
    assert name in kept  # told all the same


@pytest.mark.parametrize(
    "name",
    ["https://evil.example/x?y=z", "javascript:alert(1)", "mailto:a@b.example", "evil。example",
     "evil．example", "evil｡example", "//evil.example", "a\u202eb.example", "a\u200b.example",
     "evil.\u00adexample", "tel:+1900", "<https://evil.example>", "x" * 255],
)  # fmt: skip
def test_a_name_that_a_program_gave_is_no_link_either(name: str) -> None:
    assert LINK.findall(spelled(name)) == []


def test_a_plain_name_stays_as_it_is() -> None:
    for name in ("ivy", "Ivy-Smith_2", "Ørsted", "李小龙", "नमस्ते", "a+b"):
        assert spelled(name) == name


async def test_whoever_acted_is_no_link_in_a_notice(office: Service, post: MailServer) -> None:
    boss = await join(office.client(), "www.evil.example", email="x@home.example")
    await join(office.client(), "ivy", email="ivy@home.example")
    for email in await post.kept(2):
        sent = {"token": link_in(email)[1]}
        await office.client().post("/v1/email-verifications", json=sent)
    post.emails.clear()
    found = (await office.client(auth=KEY).get("/v1/accounts?username=ivy")).json()
    ivy = found["accounts"][0]["id"]
    await boss("POST", f"/v1/accounts/{ivy}/reset-link")
    text = text_of((await post.kept(1))[0])
    assert "By: www . evil . example" in text
    assert [each for each in LINK.findall(text) if not each.startswith((SITE, "192."))] == []
