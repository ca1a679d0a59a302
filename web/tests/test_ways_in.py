"""Two-step sign-in and API tokens, as their person meets them."""

import json

import pytest
from fake_backends import ADA, ANA

RIGHT = {"username": "ana", "password": "correct horse"}


@pytest.mark.parametrize("code", ["123456", "aaaa-bbbb"])
async def test_a_second_step_asks_for_a_code_and_leads_on(browse, backends, code):
    backends.users.totp.add("ana")
    browser = browse()
    login = await browser.get("/notes/add")
    step = await browser.submit(login.form("login-form"), **RIGHT)
    assert "One more step" in step.text
    assert not browser.client.cookies.get("notes_session")
    wrong = await browser.submit(step.form("second-step-form"), code="000000")
    assert (wrong.status, 'id="code-error"' in wrong.text) == (403, True)
    page = await browser.submit(wrong.form("second-step-form"), code=f" {code} ")
    assert (page.path, "Welcome, Ana" in page.text) == ("/notes/add", True)


async def test_a_second_step_that_took_too_long_begins_again(browse, backends):
    backends.users.totp.add("ana")
    browser = browse()
    step = await browser.submit((await browser.get("/users/login")).form("login-form"), **RIGHT)
    page = await browser.submit(step.form("second-step-form"), step="old", code="123456")
    assert "took too long" in page.text
    assert "login-form" in page.forms


async def test_what_was_typed_survives_both_steps(browse, backends):
    backends.users.totp.add("ana")
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    backends.users.sessions.clear()
    login = await browser.submit(form, title="Menu", body="Soup\nBread", choice="save")
    step = await browser.submit(login.form("login-form"), **RIGHT)
    resumed = await browser.submit(step.form("second-step-form"), code="123456")
    assert resumed.form("resume-form").fields["body"] == "Soup\nBread"


async def test_an_app_is_set_up_and_the_recovery_codes_are_shown_once(browse, backends):
    browser = browse(ANA)
    page = await browser.submit((await browser.get("/account/two-step")).form("begin-form"))
    assert 'src="data:image/svg+xml;base64,' in page.text
    wrong = await browser.submit(page.form("enrolment-form"), code="000000")
    assert (wrong.status, "JBSWY3DPEHPK3PXP" in wrong.text) == (422, True)
    done = await browser.submit(wrong.form("enrolment-form"), code="123456")
    assert "aaaa-bbbb" in done.text
    again = await browser.get("/account/two-step")
    assert "aaaa-bbbb" not in again.text
    assert "2 recovery codes are left" in again.text
    assert "eeee-ffff" in (await browser.submit(again.form("codes-form"))).text
    for wrong, said in (("", "Add a code"), ("000000", "That code is wrong")):
        page = await browser.submit(again.form("remove-form"), code=wrong)
        assert (page.status, said in page.text, 'id="code-error"' in page.text) == (
            403,
            True,
            True,
        )
    await browser.submit(page.form("remove-form"), code="cccc-dddd")
    assert backends.users.totp == set()


async def test_a_proof_asks_for_the_second_step_where_there_is_one(browse, backends):
    backends.users.totp.add("ana")
    backends.users.stale = True
    browser = browse(ANA)
    form = (await browser.get("/account/tokens")).form("token-form")
    typed = {"name": "backup", "scope_write": "yes", "expires": "7"}
    asked = await browser.submit(form, **typed)
    proof = {"confirm_password": "correct horse"}
    for code, said in (("", "Add a code"), ("000000", "That code is wrong")):
        asked = await browser.submit(asked.form("confirm-form"), **proof, confirm_code=code)
        assert (said in asked.text, 'id="confirm_code-error"' in asked.text) == (True, True)
        assert backends.users.stale
    await browser.submit(asked.form("confirm-form"), **proof, confirm_code=" 123456 ")
    assert backends.users.api_tokens["token-0"]["scopes"] == ["write"]


async def test_a_code_is_never_kept_in_a_page_while_another_proof_is_asked_for(
    browse, backends
):
    backends.users.totp.add("ana")
    browser = browse(ANA)
    form = (await browser.get("/account/two-step")).form("remove-form")
    backends.users.stale = True
    asked = await browser.submit(form, code="123456")
    assert "123456" not in asked.text
    proof = {"confirm_password": "correct horse", "confirm_code": "123456"}
    page = await browser.submit(asked.form("confirm-form"), **proof)
    assert (page.path, "Add a code" in page.text) == ("/account/two-step/remove", True)
    await browser.submit(page.form("remove-form"), code="aaaa-bbbb")
    assert backends.users.totp == set()


async def test_a_password_is_changed_with_a_code_where_the_session_is_old(browse, backends):
    backends.users.totp.add("ana")
    backends.users.stale = True
    browser = browse(ANA)
    page = await browser.get("/account/password")
    typed = {"old_password": "correct horse", "password": "a new horse"}
    for code, said in (("", "Add a code"), ("000000", "That code is wrong")):
        page = await browser.submit(page.form("password-form"), **typed, code=code)
        assert (said in page.text, 'id="code-error"' in page.text) == (True, True)
    await browser.submit(page.form("password-form"), **typed, code="123456")
    assert backends.users.passwords["ana"] == "a new horse"


async def test_a_picture_that_we_did_not_sign_is_not_shown_again(browse):
    browser = browse(ANA)
    page = await browser.submit((await browser.get("/account/two-step")).form("begin-form"))
    wrong = await browser.submit(page.form("enrolment-form"), code="000000", kept="e30.x")
    assert (wrong.status, "<img" in wrong.text) == (403, False)


async def test_setting_up_goes_on_after_the_proof(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account/two-step")).form("begin-form")
    backends.users.stale = True
    asked = await browser.submit(form)
    page = await browser.submit(asked.form("confirm-form"), confirm_password="correct horse")
    assert "enrolment-form" in page.forms


async def test_an_administrator_turns_the_second_step_of_somebody_off(browse, backends):
    backends.users.totp.add("ana")
    browser = browse(ADA)
    form = (await browser.get("/admin/accounts/ana-id")).form("totp-form")
    assert (await browser.submit(form)).status == 200
    again = await browser.submit(form)
    assert (again.status, "not on for this account" in again.text) == (409, True)


async def test_an_api_token_is_made_shown_once_and_revoked(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account/tokens")).form("token-form")
    typed = {"name": "backup", "scope_read": "yes", "scope_realtime": "yes", "expires": "never"}
    page = await browser.submit(form, **typed)
    assert 'value="notes_abc-token-0"' in page.text
    assert backends.users.api_tokens["token-0"]["scopes"] == ["read", "realtime"]
    page = await browser.get("/account/tokens")
    assert "notes_abc-token-0" not in page.text
    assert "never expires" in page.text
    await browser.submit(page.form("/revoke"))
    assert backends.users.api_tokens == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " ", "scope_read": "yes", "expires": "90"}, "Give it a name"),
        ({"name": "backup", "expires": "90"}, "Choose what it may do"),
        ({"name": "backup", "scope_read": "yes", "expires": "soon"}, "Choose when it expires"),
    ],
)
async def test_a_token_without_name_scope_or_end_is_not_made(browse, backends, typed, said):
    browser = browse(ANA)
    form = (await browser.get("/account/tokens")).form("token-form")
    page = await browser.submit(form, **typed)
    assert (page.status, said in page.text) == (422, True)
    assert backends.users.api_tokens == {}


async def test_what_was_chosen_survives_the_proof(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account/tokens")).form("token-form")
    backends.users.stale = True
    typed = {"name": "backup", "scope_write": "yes", "expires": "7"}
    asked = await browser.submit(form, **typed)
    await browser.submit(asked.form("confirm-form"), confirm_password="correct horse")
    assert backends.users.api_tokens["token-0"]["scopes"] == ["write"]


async def test_where_the_site_has_no_passkeys_nothing_offers_them(browse, backends):
    backends.users.ways = {"passkeys": False, "providers": []}
    assert "passkey-form" not in (await browse().get("/users/login")).text
    assert "add-passkey-form" not in (await browse(ANA).get("/account/passkeys")).text


@pytest.mark.parametrize("credential", ["", "[]", "no json", json.dumps({"id": "forged"})])
async def test_a_passkey_that_is_none_does_not_get_in(browse, credential):
    browser = browse()
    form = (await browser.get("/users/login")).form("passkey-form")
    page = await browser.submit(form, flow="prove", credential=credential)
    assert (page.status, "was not accepted" in page.text) == (403, True)
    assert not browser.client.cookies.get("notes_session")
