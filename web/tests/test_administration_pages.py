"""Administration: accounts, invitations, the audit log; for administrators and nobody else."""

import json
from pathlib import Path

import pytest
from fake_backends import ADA, ANA, BEN
from notes_web.pages.admin import audit_text

PAGES = ["/admin", "/admin/accounts/ana-id", "/admin/invitations", "/admin/audit"]


@pytest.mark.parametrize("path", PAGES)
async def test_administration_is_for_administrators(browse, path):
    assert (await browse(ADA).get(path)).status == 200
    assert (await browse(ANA).get(path)).status == 403
    assert (await browse().get(path)).path == f"/users/login?next={path}"


async def test_only_administrators_are_led_there(browse):
    assert 'href="/admin"' in (await browse(ADA).get("/")).text
    assert 'href="/admin"' not in (await browse(ANA).get("/")).text


async def test_accounts_are_searched_and_filtered(browse, backends):
    browser = browse(ADA)
    page = await browser.get("/admin")
    assert page.text.count('<li class="entry"') == 4
    assert (await browser.get("/admin?q=an")).text.count('<li class="entry"') == 1
    assert 'data-account-id="eva-id"' in (await browser.get("/admin?show=reader")).text
    backends.users.disabled.add("ben")
    assert (await browser.get("/admin?show=disabled")).text.count('<li class="entry"') == 1
    assert "No accounts found" in (await browser.get("/admin?q=zoe")).text


async def test_many_accounts_are_paged_and_the_search_goes_along(browse, backends):
    for number in range(60):
        person = {"id": f"id{number}", "username": f"u{number}", "name": f"User {number}"}
        backends.users.people[f"u{number}"] = person | {"roles": ["editor"]}
    browser = browse(ADA)
    page = await browser.get("/admin?q=user")
    assert page.text.count('<li class="entry"') == 50
    assert page.links["older"] == "/admin?q=user&cursor=50"
    assert (await browser.get(page.links["older"])).text.count('<li class="entry"') == 10


async def test_a_role_is_changed_and_ends_the_persons_sessions(browse, backends):
    browser, anas = browse(ADA), browse(ANA)
    form = (await browser.get("/admin/accounts/ana-id")).form("role-form")
    page = await browser.submit(form, role="reader")
    assert (page.path, backends.users.people["ana"]["roles"]) == (
        "/admin/accounts/ana-id",
        ["reader"],
    )
    assert (await anas.get("/account")).path.startswith("/users/login")


async def test_an_account_is_disabled_and_enabled(browse, backends):
    browser, anas = browse(ADA), browse(ANA)
    page = await browser.get("/admin/accounts/ana-id")
    page = await browser.submit(page.form("disable-form"))
    assert backends.users.disabled == {"ana"}
    assert (await anas.get("/account")).path.startswith("/users/login")
    page = await browser.submit(page.form("enable-form"))
    assert backends.users.disabled == set()
    assert "disable-form" in page.forms


async def test_the_last_administrator_stays_one(browse):
    browser = browse(ADA)
    form = (await browser.get("/admin/accounts/ada-id")).form("disable-form")
    page = await browser.submit(form)
    assert (page.status, "last administrator" in page.text) == (409, True)


async def test_an_act_waits_for_the_proof_and_goes_on(browse, backends):
    browser = browse(ADA)
    form = (await browser.get("/admin/accounts/ana-id")).form("role-form")
    backends.users.stale = True
    asked = await browser.submit(form, role="admin")
    await browser.submit(asked.form("confirm-form"), confirm_password="correct horse")
    assert backends.users.people["ana"]["roles"] == ["editor", "admin"]


async def test_a_one_time_link_is_shown_once_and_its_code_is_in_no_request(browse, backends):
    browser = browse(ADA)
    page = await browser.get("/admin/accounts/ana-id")
    page = await browser.submit(page.form("reset-link-form"))
    assert 'value="http://notes.test/users/reset#token=reset-code"' in page.text
    assert "reset-code" not in (await browser.get("/admin/accounts/ana-id")).text


async def test_every_session_of_a_person_is_ended(browse, backends):
    for _ in range(3):
        browse(BEN)
    browser = browse(ADA)
    page = await browser.get("/admin/accounts/ben-id")
    await browser.submit(page.form("end-sessions-form"))
    assert {each["username"] for each in backends.users.sessions.values()} == {"ada"}


async def test_an_invitation_is_made_shown_once_and_taken_back(browse, backends):
    browser = browse(ADA)
    page = await browser.get("/admin/invitations")
    page = await browser.submit(page.form("invite-form"), role="reader")
    assert "http://notes.test/users/signup?invited=1#invite=invitation-code" in page.text
    page = await browser.get("/admin/invitations")
    assert "invitation-code" not in page.text
    page = await browser.submit(page.form("/revoke"))
    assert (page.path, backends.users.invited) == ("/admin/invitations", {})


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
async def test_an_invitation_lets_in_whatever_the_mode(browse, backends, mode):
    backends.users.mode = {"mode": mode, "first_account": False, "setup_token": False}
    browser = browse()
    form = (await browser.get("/users/signup?invited=1")).form("signup-form")
    page = await browser.submit(
        form, username="cleo", invite="invitation-code", password="correct horse"
    )
    assert page.path == "/"


async def test_the_audit_log_is_filtered_by_event_and_account(browse, backends):
    users = backends.users
    users.write("signed_in", ANA, by="password")
    users.write("signed_in", BEN, "wrong_credentials")
    users.write("roles_changed", ANA, **{"from": ["editor"], "to": ["editor", "admin"]})
    users.write("something_new", ANA)
    browser = browse(ADA)
    page = await browser.get("/admin/audit")
    for words in ("Signed in", "wrong name or password", "to administrator", "Something new"):
        assert words in page.text
    assert (await browser.get("/admin/audit?event=signed_in")).text.count("data-event=") == 2
    assert (await browser.get("/admin/audit?account=ben")).text.count("data-event=") == 1
    assert "No entries" in (await browser.get("/admin/audit?account=nobody")).text
    assert (await browser.get("/admin/audit?event=%27&cursor=x")).status == 200


REFUSED = [
    ("signed_in", "wrong_credentials", "Sign-in refused"),
    ("signed_in", "wrong_code", "Sign-in refused"),
    ("signed_in", "second_step_asked", "Sign-in started"),
    ("reauthenticated", "wrong_credentials", "Identity not confirmed"),
    ("password_changed", "wrong_credentials", "Password not changed"),
    ("password_reset", "invalid_reset_link", "Password reset refused"),
    ("reset_requested", "no_verified_email", "Password reset e-mail not sent"),
    ("email_verified", "invalid_email_link", "E-mail address not confirmed"),
    ("totp_added", "wrong_code", "Two-step sign-in not turned on"),
    ("totp_removed", "wrong_code", "Two-step sign-in not turned off"),
    ("identity_linked", "identity_taken", "Provider not linked"),
    ("api_key_checked", "unauthenticated", "API key refused"),
    ("account_deleted", "something_new", "Refused: Account deleted"),
]


@pytest.mark.parametrize(("event", "result", "words"), REFUSED)
async def test_what_was_refused_does_not_read_as_if_it_was_done(
    browse, backends, event, result, words
):
    backends.users.write(event, ANA, result)
    page = await browse(ADA).get("/admin/audit")
    assert f'<p class="entry-title">{words} <span' in page.text
    assert result not in page.text.replace(f'data-result="{result}"', "")


FACTS = [
    ({"by": "password, totp"}, "by password and code of the app"),
    ({"by": "password, recovery code"}, "by password and recovery code"),
    ({"fields": ["emails", "given_name"]}, "e-mail address, given name"),
    ({"roles": ["editor", "admin"], "invited": True}, "as administrator · invited"),
    ({"roles": ["editor"], "invited": False}, "as editor"),
    ({"from": ["editor", "admin"], "to": ["reader"]}, "from administrator · to reader"),
    ({"sessions": 1}, "1 session"),
    ({"provider": "https://id.example", "check": "auth_time"}, "at https://id.example"),
    ({"api_token": "0199c2a4-5f1e-7cc0-8a53-0f1f6f5f0f00", "scopes": ["read"]}, "may read"),
    (
        {"invitation": "0199c2a4-5f1e-7cc0-8a53-0f1f6f5f0f00", "role": "admin"},
        "as administrator",
    ),
    ({"new_fact": True, "other_fact": None, "a_list": [1, 2]}, "new fact · a list: 1, 2"),
]


@pytest.mark.parametrize(("facts", "words"), FACTS, ids=[words for _, words in FACTS])
async def test_facts_are_told_in_words(browse, backends, facts, words):
    backends.users.write("account_changed", ANA, **facts)
    page = await browse(ADA).get("/admin/audit")
    assert f"192.0.2.7 · {words}" in page.text
    entry = page.text.partition('id="audit"')[2].partition("</ol>")[0]
    for ours in ("True", "False", "None", "[", "_", "0199c2a4"):
        assert ours not in entry.replace("account_changed", "")


async def test_the_audit_log_is_paged_and_its_filter_goes_along(browse, backends):
    for _ in range(60):
        backends.users.write("signed_in", ANA)
    browser = browse(ADA)
    page = await browser.get("/admin/audit?account=ana")
    assert page.links["older"] == "/admin/audit?account=ana&cursor=50"
    assert (await browser.get(page.links["older"])).text.count("data-event=") == 10


def test_every_event_of_the_contract_can_be_filtered_and_has_words():
    contract = Path(__file__).parents[2] / "contracts" / "http" / "users.json"
    event = json.loads(contract.read_text())["components"]["schemas"]["AuditEventType"]
    assert sorted(audit_text.EVENTS) == sorted(event["enum"])
