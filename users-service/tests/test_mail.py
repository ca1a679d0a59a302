"""E-mails: to verified addresses only, none lost, none twice but after a crash."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from local_stack.postgres import Postgres
from mail_server import (
    PASSWORD,
    USER,
    MailServer,
    certificate,
    link_in,
    mail_server,
    text_of,
    until,
)
from signing_in import Someone, join, told
from sqlalchemy import event
from users_running import KEY, Service, running, some_settings
from users_service.domain.emails import pause_after
from users_service.jobs import mail_sender
from users_service.mail import smtp

pytestmark = pytest.mark.slow

SITE = "https://notes.example"
Serving = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_sender, "_LOOK_EVERY_SECONDS", 0.02)


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
def serving(users_database: str, redis_url: str) -> Serving:
    def with_mail(port: int, **others: Any) -> AbstractAsyncContextManager[Service]:
        settings = {
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_security": "none",
            "mail_from": "Notes <notes@notes.example>",
            "public_url": SITE,
            **others,
        }
        return running(some_settings(users_database, redis_url, **settings))

    return with_mail


@pytest.fixture
async def office(serving: Serving, post: MailServer) -> AsyncIterator[Service]:
    async with serving(post.port) as service:
        yield service


async def tell(service: Service, number: int = 30) -> list[str]:
    """Send what is due; the results, without waiting for the background."""
    before = _results(service)
    for _ in range(number):
        if not await service.state["mail_sender"].send_next():
            break
    after = _results(service)
    return sorted(key for key, count in after.items() if count > before.get(key, 0))


def _results(service: Service) -> dict[str, float]:
    found = {}
    for metric in service.registry.collect():
        for sample in metric.samples:
            if sample.name == "users_emails_total":
                found[f"{sample.labels['kind']} {sample.labels['result']}"] = sample.value
    return found


async def with_verified_email(service: Service, post: MailServer, username: str) -> Someone:
    """Somebody whose address an e-mail has reached."""
    someone = await join(service.client(), username, email=f"{username}@home.example")
    (email,) = await post.kept(1)
    page, token = link_in(email)
    assert page == f"{SITE}/users/confirm-email"
    answer = await service.client().post("/v1/email-verifications", json={"token": token})
    assert answer.json() == {"email": f"{username}@home.example"}
    post.emails.clear()
    post.to.clear()
    return someone


async def ask(client: httpx.AsyncClient, account: str) -> httpx.Response:
    return await client.post("/v1/password-reset-requests", json={"account": account})


async def audited(client: httpx.AsyncClient, event: str) -> list[tuple[str, str | None]]:
    lines = (await client.get(f"/v1/audit?event={event}", auth=KEY)).json()["events"]
    return [(line["result"], line["account"]) for line in lines]


async def test_a_forgotten_password_is_set_by_a_link_that_works_once_and_ends_all_sessions(
    office: Service, post: MailServer, people: httpx.AsyncClient
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    client = office.client("198.51.100.7")
    assert (await ask(client, "IVY@home.example ")).status_code == 202
    (email,) = await post.kept(1)
    assert post.to == [["ivy@home.example"]]
    assert email["To"] == "ivy@home.example"
    assert email["From"] == "Notes <notes@notes.example>"
    assert email["Auto-Submitted"] == "auto-generated"
    page, token = link_in(email)
    assert page == f"{SITE}/users/reset"
    sent = {"token": token, "password": "another river at dusk"}
    assert (await client.post("/v1/password-resets", json=sent)).status_code == 204
    assert told(await client.post("/v1/password-resets", json=sent)) == (
        403,
        "invalid_reset_link",
    )
    assert told(await ivy("GET", "/v1/account")) == (401, "session_ended")
    login = {"username": "ivy", "password": "another river at dusk"}
    assert (await client.post("/v1/sessions", json=login)).status_code == 201
    assert await audited(client, "reset_requested") == [("ok", "ivy")]
    assert await audited(client, "password_reset") == [
        ("invalid_reset_link", None),
        ("ok", "ivy"),
    ]


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """What this task has the database do."""
    engine = service.state["password_reset"].database.kw["bind"].sync_engine
    task, found = asyncio.current_task(), []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if asyncio.current_task() is task:
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


async def test_whoever_is_asked_for_the_answer_is_the_same_and_made_by_the_same_work(
    office: Service, post: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await with_verified_email(office, post, "ivy")
    await join(office.client(), "unproven")
    found = set()
    names = ("ivy", "ivy@home.example", "nobody", "nobody@home.example", "unproven", "")
    for account in names:
        with statements(office) as done:
            answer = await ask(office.client(), account)
        assert done
        found.add((answer.status_code, answer.content, tuple(done)))
    assert len(found) == 1
    await post.kept(1)
    await until(lambda: sum(_results(office).values()) == len(names) + 2)
    results = await audited(office.client(), "reset_requested")
    assert sorted(results, key=str) == sorted(
        [
            ("ok", "ivy"),
            ("mailed_lately", "ivy"),
            ("no_verified_email", "unproven"),
            *[("unknown_account", None)] * 3,
        ],
        key=str,
    )
    (email,) = await post.kept(1)
    # The mail server of the test logs in this process too.
    ours = "".join(str(vars(line)) for line in caplog.records if line.name != "mail.log")
    assert "e-mail reset_link: sent" in ours
    assert link_in(email)[1] not in ours
    assert "nobody@home" not in ours


async def test_whoever_asks_on_and_on_gives_the_owner_one_email_whose_link_works(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    made = await ivy.client.post(f"/v1/accounts/{ivy.id}/reset-link", auth=KEY)
    for n in range(40):
        assert (await ask(office.client(f"203.0.113.{n}"), "ivy")).status_code == 202
    while await office.state["mail_sender"].send_next():
        pass
    first = (await post.kept(2))[-1]
    office.clock.move(minutes=16)
    assert (await ask(office.client(), "ivy")).status_code == 202
    await post.kept(3)
    # Neither their asking nor the second e-mail took a link away, nor the administrator's.
    client = office.client()
    for token in (link_in(first)[1], made.json()["token"]):
        sent = {"token": token, "password": "short"}
        assert told(await client.post("/v1/password-resets", json=sent)) == (
            422,
            "password_too_short",
        )
    sent = {"token": link_in(first)[1], "password": "another river at dusk"}
    assert (await client.post("/v1/password-resets", json=sent)).status_code == 204
    sent["token"] = made.json()["token"]
    assert told(await client.post("/v1/password-resets", json=sent)) == (
        403,
        "invalid_reset_link",
    )


async def test_one_address_asks_twenty_times_an_hour_and_the_others_as_before(
    office: Service,
) -> None:
    stranger = office.client("203.0.113.1")
    statuses = [(await ask(stranger, "ivy")).status_code for _ in range(22)]
    assert statuses == [202] * 20 + [429] * 2
    assert (await ask(office.client("203.0.113.2"), "ivy")).status_code == 202


async def test_a_link_from_an_email_is_good_for_an_hour_and_a_second_factor_is_asked_as_ever(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    secret = (await ivy("POST", "/v1/account/totp")).json()["secret"]
    code = pyotp.TOTP(secret).at(int(office.clock().timestamp()))
    await ivy("POST", "/v1/account/totp/confirm", json={"code": code})
    await post.kept(1)
    client = office.client()
    await ask(client, "ivy")
    late = link_in((await post.kept(2))[-1])[1]
    office.clock.move(hours=1)
    sent = {"token": late, "password": "another river at dusk"}
    refused = await client.post("/v1/password-resets", json=sent)
    assert told(refused) == (403, "invalid_reset_link")
    await ask(client, "ivy")
    sent["token"] = link_in((await post.kept(3))[-1])[1]
    assert (await client.post("/v1/password-resets", json=sent)).status_code == 204
    login = {"username": "ivy", "password": "another river at dusk"}
    answer = await client.post("/v1/sessions", json=login)
    assert (answer.status_code, set(answer.json())) == (200, {"second_factor"})


async def test_the_email_and_its_recipient_cannot_be_read_in_the_database(
    serving: Serving, postgres: Postgres
) -> None:
    async with serving(1) as service:
        await join(service.client(), "ivy", email="ivy@canary-home.example")
        await ask(service.client(), "canary-typed-name")
        rows = postgres.execute(
            "SELECT kind, facts, encode(sealed, 'escape') FROM letters", database="users_tests"
        )
        assert "confirm_email" in rows
        assert "canary" not in rows


async def test_without_a_mail_server_nothing_is_sent_or_kept_and_that_is_said(
    service: Service, postgres: Postgres
) -> None:
    ivy = await join(service.client(), "ivy", email="ivy@home.example")
    assert (await service.client().get("/v1/mail")).json() == {"is_on": False}
    assert told(await ask(service.client(), "ivy")) == (409, "mail_disabled")
    assert told(await ivy("POST", "/v1/account/email-verification-requests")) == (
        409,
        "mail_disabled",
    )
    invited = {"email": "new@home.example"}
    answer = await service.client().post("/v1/invitations", json=invited, auth=KEY)
    assert told(answer) == (409, "mail_disabled")
    changed = await ivy("PATCH", "/v1/account", json={"email": "new@home.example"})
    assert (changed.json()["email"], changed.json()["verified_email"]) == (
        "new@home.example",
        None,
    )
    assert (
        postgres.execute("SELECT count(*) FROM letters", database="users_tests").strip() == "0"
    )


# What becomes of an e-mail.


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, look_often: None) -> None:
    """Only the test sends: a clock that leaps makes what the background sends due again."""
    monkeypatch.setattr(mail_sender, "_LOOK_EVERY_SECONDS", 3600)


@pytest.mark.usefixtures("alone")
async def test_a_mail_server_that_is_busy_and_then_away_gets_every_email_later_and_once(
    serving: Serving, post: MailServer
) -> None:
    post.answers = ["451 4.3.0 try again later", ""]
    async with serving(1) as service:
        # Nothing listens there.
        await join(service.client(), "ivy", email="ivy@home.example")
        assert await tell(service) in (["confirm_email deferred"], [])
        clock = service.clock.time
    async with serving(post.port) as service:
        service.clock.time = clock
        results = []
        for tries in range(2, 5):
            service.clock.time += pause_after(tries)
            results += await tell(service)
        await post.kept(1)
        for tries in range(5, 9):
            service.clock.time += pause_after(tries)
            results += await tell(service)
        assert len(await post.kept(1)) == 1
        assert link_in(post.emails[0])


async def test_a_try_is_over_before_the_email_is_due_again() -> None:
    assert pause_after(1).total_seconds() > smtp._SECONDS_IN_ALL


async def test_pauses_grow_from_half_a_minute_to_ten() -> None:
    pauses = [pause_after(tries).total_seconds() for tries in (1, 2, 3, 5, 6, 1000)]
    assert pauses == [30, 60, 120, 480, 600, 600]


@pytest.mark.usefixtures("alone")
async def test_an_email_that_came_too_late_is_dropped(
    serving: Serving, post: MailServer
) -> None:
    async with serving(1) as service:
        await join(service.client(), "ivy", email="ivy@home.example")
        clock = service.clock.time
    async with serving(post.port) as service:
        service.clock.time = clock
        service.clock.move(hours=25)
        assert await tell(service) == []
        await service.state["mail_sender"].forget_dead()
        service.clock.move(hours=-1)
        assert await tell(service) == []
    assert post.emails == []


async def test_a_refused_address_is_not_tried_again_and_holds_nobody_up(
    office: Service, post: MailServer
) -> None:
    post.refused.add("ivy@home.example")
    await join(office.client(), "ivy", email="ivy@home.example")
    await join(office.client(), "ada", email="ada@home.example")
    await until(lambda: sum(_results(office).values()) == 2)
    assert post.to == [["ada@home.example"]]
    office.clock.move(minutes=20)
    assert await tell(office) == []
    assert _results(office)["confirm_email undeliverable"] == 1


async def test_a_server_that_says_nothing_holds_the_email_up_and_not_the_service(
    office: Service, post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_SECONDS", 0.3)
    post.is_slow = True
    await join(office.client(), "ivy", email="ivy@home.example")
    await until(lambda: "confirm_email deferred" in _results(office))
    post.is_slow = False
    office.clock.move(minutes=1)
    await post.kept(1)


async def test_replicas_share_the_emails_and_send_each_once(
    office: Service, post: MailServer
) -> None:
    for n in range(8):
        await join(office.client(), f"person{n}", email=f"person{n}@home.example")
    sender = office.state["mail_sender"]

    async def replica() -> None:
        while await sender.send_next():
            pass

    await asyncio.gather(*(replica() for _ in range(4)))
    await post.kept(8)
    assert len({tuple(each) for each in post.to}) == 8
    assert len({email["Message-ID"] for email in post.emails}) == 8


# How the mail server is spoken to.


# aiosmtpd knows no TLS but STARTTLS, and warns of the password.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("implicit", [False, True])
async def test_the_password_goes_over_tls_to_a_server_that_shows_its_name(
    serving: Serving, tmp_path: Path, implicit: bool
) -> None:
    tls, ca = certificate(tmp_path)
    settings = {
        "smtp_security": "tls" if implicit else "starttls",
        "smtp_user": USER,
        "smtp_password": PASSWORD,
        "smtp_ca": ca,
    }
    async with (
        mail_server(tls=tls, implicit=implicit, auth=True) as post,
        serving(post.port, **settings) as service,
    ):
        await join(service.client(), "ivy", email="ivy@home.example")
        await post.kept(1)
        assert post.authenticated == 1


@pytest.mark.parametrize("what", ["unknown", "another name", "no tls", "wrong password"])
async def test_a_server_that_is_not_the_right_one_gets_neither_password_nor_email(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    tls, ca = certificate(tmp_path, "elsewhere" if what == "another name" else "localhost")
    settings = {
        "smtp_security": "starttls",
        "smtp_user": USER,
        "smtp_password": "canary" if what == "wrong password" else PASSWORD,
        "smtp_ca": None if what == "unknown" else ca,
    }
    offered = None if what == "no tls" else tls
    async with (
        mail_server(tls=offered, auth=offered is not None) as post,
        serving(post.port, **settings) as service,
    ):
        await join(service.client(), "ivy", email="ivy@home.example")
        await until(lambda: "confirm_email deferred" in _results(service))
        assert (post.emails, post.authenticated) == ([], 0)
    assert "canary" not in caplog.text
    assert "ivy@home" not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "a@home.example,b@home.example",
        "<a@home.example>",
        "x\u2028Bcc:b@home.example",
        '"a,b"@home.example',
        "é@home.example",
        "a@-",
    ],
)
async def test_an_odd_address_makes_no_second_reader_and_no_header(
    office: Service, post: MailServer, address: str
) -> None:
    sent = {"username": "ivy", "password": "a quiet river at dawn", "email": address}
    if (await office.client().post("/v1/accounts", json=sent)).status_code == 422:
        return
    await until(lambda: bool(post.emails) or "confirm_email undeliverable" in _results(office))
    assert post.to in ([], [[address]])
    assert all(email["Bcc"] is None for email in post.emails)


# Addresses, and who hears of what.


async def test_a_new_address_is_asked_and_the_old_one_told_and_gets_resets_until_it_is_verified(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    changed = await ivy("PATCH", "/v1/account", json={"email": "new@home.example"})
    assert changed.json()["email"] == "new@home.example"
    assert changed.json()["verified_email"] == "ivy@home.example"
    await post.kept(2)
    emails = dict(zip((each[0] for each in post.to), post.emails, strict=True))
    assert emails["ivy@home.example"]["Subject"].startswith("Your email address was changed")
    assert "new@home" not in text_of(emails["ivy@home.example"])
    client = office.client()
    await ask(client, "ivy")
    await post.kept(3)
    assert post.to[-1] == ["ivy@home.example"]
    token = link_in(emails["new@home.example"])[1]
    assert (
        await client.post("/v1/email-verifications", json={"token": token})
    ).status_code == 200
    used = await client.post("/v1/email-verifications", json={"token": token})
    assert told(used) == (403, "invalid_email_link")
    mine = (await ivy("GET", "/v1/account")).json()
    assert mine["email"] == mine["verified_email"] == "new@home.example"
    office.clock.move(minutes=16)
    await ask(client, "ivy@home.example")
    await ask(client, "new@home.example")
    await post.kept(4)
    assert post.to[-1] == ["new@home.example"]


async def test_a_verification_of_an_address_that_was_changed_again_verifies_nothing(
    office: Service, post: MailServer
) -> None:
    ivy = await join(office.client(), "ivy", email="first@home.example")
    token = link_in((await post.kept(1))[0])[1]
    await ivy("PATCH", "/v1/account", json={"email": "second@home.example"})
    refused = await office.client().post("/v1/email-verifications", json={"token": token})
    assert told(refused) == (403, "invalid_email_link")
    await post.kept(2)
    office.clock.move(hours=24)
    token = link_in(post.emails[1])[1]
    refused = await office.client().post("/v1/email-verifications", json={"token": token})
    assert told(refused) == (403, "invalid_email_link")


async def test_an_address_that_is_taken_away_gets_nothing_more(
    office: Service, post: MailServer, original: Callable[..., Any]
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    gone = await ivy("PATCH", "/v1/account", json={"email": None})
    assert (gone.json()["email"], gone.json()["verified_email"]) == (None, None)
    await post.kept(1)
    assert post.to == [["ivy@home.example"]]
    await ask(office.client(), "ivy@home.example")
    assert "reset_link sent" not in await tell(office)
    assert len(post.emails) == 1


@pytest.mark.parametrize(
    "email",
    ["new@home.example", None, "by update-user"],
    ids=["replaced", "removed", "operator"],
)
async def test_a_reset_link_is_worthless_once_its_address_was_given_up(
    office: Service, post: MailServer, email: str | None
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    client = office.client()
    await ask(client, "ivy")
    token = link_in((await post.kept(1))[0])[1]
    if email == "by update-user":
        sent = {"emails": ["other@home.example"]}
        assert (await client.post("/update-user/ivy", json=sent, auth=KEY)).is_success
    else:
        assert (await ivy("PATCH", "/v1/account", json={"email": email})).is_success
    used = {"token": token, "password": "another river at dusk"}
    refused = await client.post("/v1/password-resets", json=used)
    assert told(refused) == (403, "invalid_reset_link")


async def test_a_verification_begun_before_a_reset_verifies_nothing(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    await ivy("PATCH", "/v1/account", json={"email": "thief@elsewhere.example"})
    await post.kept(2)
    emails = dict(zip((each[0] for each in post.to), post.emails, strict=True))
    token = link_in(emails["thief@elsewhere.example"])[1]
    client = office.client()
    await client.delete(f"/v1/accounts/{ivy.id}/sessions", auth=KEY)
    refused = await client.post("/v1/email-verifications", json={"token": token})
    assert told(refused) == (403, "invalid_email_link")


async def test_an_operator_who_changes_the_addresses_verifies_none(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    client = office.client(auth=KEY)
    kept = {"emails": ["other@home.example", "ivy@home.example"]}
    await client.post("/update-user/ivy", json=kept)
    assert (await ivy("GET", "/v1/account")).json()["verified_email"] == "ivy@home.example"
    await client.post("/update-user/ivy", json={"emails": ["other@home.example"]})
    assert (await ivy("GET", "/v1/account")).json()["verified_email"] is None


async def test_five_emails_an_hour_go_to_unverified_addresses(
    office: Service, post: MailServer
) -> None:
    ivy = await join(office.client(), "ivy", email="ivy@home.example")
    for _ in range(3):
        assert (await ivy("POST", "/v1/account/email-verification-requests")).status_code == 202
    for n in range(2):
        sent = {"email": f"victim{n}@home.example"}
        assert (await ivy("PATCH", "/v1/account", json=sent)).status_code == 200
    sent = {"email": "victim@home.example"}
    assert told(await ivy("PATCH", "/v1/account", json=sent)) == (429, "too_many_attempts")
    refused = await ivy("POST", "/v1/account/email-verification-requests")
    assert told(refused) == (429, "too_many_attempts")
    await post.kept(6)


async def test_a_verified_address_is_not_asked_again(office: Service, post: MailServer) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    assert told(await ivy("POST", "/v1/account/email-verification-requests")) == (
        409,
        "email_already_verified",
    )


async def test_two_accounts_of_one_address_get_an_email_each_and_neither_is_the_others(
    office: Service, post: MailServer
) -> None:
    for username in ("ivy", "ivys-second"):
        await join(office.client(), username, email="ivy@home.example")
    for email in await post.kept(2):
        sent = {"token": link_in(email)[1]}
        assert (
            await office.client().post("/v1/email-verifications", json=sent)
        ).status_code == 200
    post.emails.clear()
    await ask(office.client(), "ivy@home.example")
    texts = sorted(text_of(email) for email in await post.kept(2))
    assert "the account ivy.\n" in texts[0].replace("\r", "")
    assert "the account ivys-second.\n" in texts[1].replace("\r", "")


async def test_a_disabled_account_gets_no_link(office: Service, post: MailServer) -> None:
    await join(office.client(), "the-administrator")
    ivy = await with_verified_email(office, post, "ivy")
    client = office.client(auth=KEY)
    disabled = await client.patch(f"/v1/accounts/{ivy.id}", json={"disabled": True})
    assert disabled.status_code == 200
    await ask(client, "ivy")
    await until(lambda: "reset_asked unknown_account" in _results(office))
    assert post.emails == []


async def test_whoever_has_a_verified_address_hears_of_every_change_to_how_they_sign_in(
    office: Service, post: MailServer
) -> None:
    ivy = await with_verified_email(office, post, "ivy")
    new = {"old_password": "a quiet river at dawn", "new_password": "another river at dusk"}
    answer = await ivy("PUT", "/v1/account/password", json=new)
    ivy.token = answer.json()["token"]
    token = {"name": "canary-name", "scopes": ["read"]}
    assert (await ivy("POST", "/v1/api-tokens", json=token)).status_code == 201
    client = office.client(auth=KEY)
    await client.post(f"/v1/accounts/{ivy.id}/reset-link")
    subjects = [email["Subject"] for email in await post.kept(3)]
    assert subjects == [
        "Your password was changed · Notes",
        "An API token was created · Notes",
        "A one-time link to set a new password was created · Notes",
    ]
    first, _, last = (text_of(email) for email in post.emails)
    assert "From: 192.0.2.1" in first
    assert "By:" not in first
    assert "By: api key them" in last
    assert f"{SITE}/account/sessions" in last
    assert all("canary" not in text_of(email) for email in post.emails)


async def test_who_has_verified_no_address_gets_no_notices(
    office: Service, post: MailServer
) -> None:
    ivy = await join(office.client(), "ivy", email="ivy@home.example")
    await post.kept(1)
    token = {"name": "x", "scopes": ["read"]}
    assert (await ivy("POST", "/v1/api-tokens", json=token)).status_code == 201
    assert await tell(office) == []


async def test_an_invitation_goes_by_email_where_an_address_is_given(
    office: Service, post: MailServer
) -> None:
    client = office.client(auth=KEY)
    sent = {"role": "reader", "email": "new@home.example"}
    made = (await client.post("/v1/invitations", json=sent)).json()
    page, code = link_in((await post.kept(1))[0])
    assert (page, code) == (f"{SITE}/users/signup?invited=1", made["code"])
    assert post.to == [["new@home.example"]]
    wrong = await client.post("/v1/invitations", json={**sent, "email": "nowhere"})
    assert told(wrong) == (422, "invalid_field")
    assert len((await client.get("/v1/invitations")).json()["invitations"]) == 1


@pytest.mark.parametrize(
    ("wrong", "told_as"),
    [
        ({"mail_from": None}, "USERS_MAIL_FROM"),
        ({"mail_from": "nobody"}, "it looks like"),
        ({"mail_from": "a@b.example\nBcc: c@d.example"}, "it looks like"),
        ({"public_url": None}, "USERS_PUBLIC_URL"),
        ({"smtp_user": "x"}, "go together"),
        ({"smtp_security": "none", "smtp_user": "x", "smtp_password": "y"}, "in clear"),
    ],
)
def test_half_a_mail_server_is_refused(wrong: dict[str, Any], told_as: str) -> None:
    said = {"smtp_host": "localhost", "mail_from": "a@b.example", "public_url": SITE, **wrong}
    with pytest.raises(ValueError, match=told_as):
        some_settings("postgresql://x/y", "redis://x", **said)
