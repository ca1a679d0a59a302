"""Your account: profile, password, sessions, a copy, the end; and proving who you are."""

import json

import pytest
from fake_backends import ADA, ANA, BEN, problem

PAGES = [
    "/account",
    "/account/password",
    "/account/sessions",
    "/account/delete",
    "/account/two-step",
    "/account/passkeys",
    "/account/tokens",
]


@pytest.mark.parametrize("path", PAGES)
async def test_an_account_page_needs_an_account(browse, path):
    page = await browse().get(path)
    assert page.path == f"/users/login?next={path}"


async def test_the_name_in_the_header_leads_to_the_account(browse):
    page = await browse(ANA).get("/")
    assert '<a class="who" href="/account"' in page.text


async def test_name_and_address_are_changed(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("profile-form")
    page = await browser.submit(form, name="Ana María", email="ana@example.org")
    assert (page.path, "Saved." in page.text) == ("/account", True)
    assert page.form("profile-form").fields["email"] == "ana@example.org"
    assert "Ana María" in (await browser.get("/")).text


async def test_what_stays_as_it_is_is_not_sent(browse, backends):
    browser = browse(ANA)
    backends.users.stale = True
    form = (await browser.get("/account")).form("profile-form")
    assert (await browser.submit(form, name="Anna")).path == "/account"
    await browser.submit(form, name="Anna", email="")
    assert backends.users.people["ana"]["name"] == "Anna"


async def test_an_address_that_is_none_is_told_at_its_field(browse):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("profile-form")
    page = await browser.submit(form, email="nowhere")
    assert page.status == 422
    assert 'id="email-error"' in page.text
    assert page.form("profile-form").fields["email"] == "nowhere"


async def test_promise_after_proving_who_one_is_the_form_goes_on_and_nothing_is_lost(
    browse, backends
):
    browser = browse(ANA)
    backends.users.stale = True
    form = (await browser.get("/account")).form("profile-form")
    asked = await browser.submit(form, name="Ana\nof the sea", email="ana@example.org")
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)
    wrong = await browser.submit(asked.form("confirm-form"), confirm_password="wrong horse")
    assert "not your password" in wrong.text
    assert "wrong horse" not in wrong.text
    done = await browser.submit(wrong.form("confirm-form"), confirm_password="correct horse")
    assert (done.path, "Saved." in done.text) == ("/account", True)
    assert backends.users.emails["ana"] == "ana@example.org"
    assert backends.users.people["ana"]["name"] == "Ana\nof the sea"


async def test_a_proof_goes_on_within_this_site_only(browse, backends):
    browser = browse(ANA)
    backends.users.stale = True
    form = (await browser.get("/account")).form("export-form")
    asked = (await browser.submit(form)).form("confirm-form")
    proof = {"confirm_password": "correct horse"}
    data = asked.fields | proof | {"confirm_action": "//evil.example"}
    sent = await browser.client.post(asked.action, data=data, headers=browser.headers)
    assert (sent.status_code, sent.headers["Location"]) == (307, "/")


async def test_too_many_proofs_say_how_long_to_wait(browse, backends):
    browser = browse(ANA)
    backends.users.stale = True
    form = (await browser.get("/account")).form("export-form")
    asked = await browser.submit(form)

    async def refuse(_):
        answer = problem(429, "too_many_attempts")
        answer.headers["Retry-After"] = "42"
        return answer

    backends.users.reauthenticate = refuse
    page = await browser.submit(asked.form("confirm-form"), confirm_password="x")
    assert "in 42 seconds" in page.text


async def test_an_address_that_got_its_emails_says_how_long_to_wait(browse, backends):
    backends.users.full.add("ana@example.org")
    browser = browse(ANA)
    form = (await browser.get("/account")).form("profile-form")
    page = await browser.submit(form, email="ana@example.org")
    assert (page.status, 'id="email-error"' in page.text) == (429, True)
    assert (
        "cannot send more e-mails to that address for now. Try again in 20 hours." in page.text
    )
    assert page.form("profile-form").fields["email"] == "ana@example.org"


async def test_a_copy_of_the_account_is_a_download(browse):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("export-form")
    sent = await browser.client.post(form.action, data=form.fields, headers=browser.headers)
    assert sent.headers["Content-Disposition"].startswith("attachment;")
    assert json.loads(sent.text)["account"]["username"] == "ana"


async def test_a_changed_password_ends_the_other_sessions_and_keeps_this_browser(
    browse, backends
):
    browser, elsewhere = browse(ANA), browse(ANA)
    form = (await browser.get("/account/password")).form("password-form")
    page = await browser.submit(form, old_password="correct horse", password="a new horse")
    assert (page.path, "is changed" in page.text) == ("/account", True)
    assert backends.users.passwords["ana"] == "a new horse"
    assert (await elsewhere.get("/account")).path.startswith("/users/login")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "a new horse", "old_password"), ("correct horse", "short", "password")],
)
async def test_a_refused_password_is_told_at_its_field_and_never_given_back(
    browse, old, new, field
):
    browser = browse(ANA)
    form = (await browser.get("/account/password")).form("password-form")
    page = await browser.submit(form, old_password=old, password=new)
    assert page.status == 422
    assert f'id="{field}-error"' in page.text
    assert f'"{old}"' not in page.text
    assert f'"{new}"' not in page.text


async def test_sessions_are_listed_and_one_can_be_ended(browse, backends):
    browser, other = browse(ANA), browse(ANA)
    browse(BEN)
    page = await browser.get("/account/sessions")
    assert page.text.count('<li class="entry"') == 2
    assert page.text.index("This device") < page.text.rindex('<li class="entry"')
    end = next(form for form in page.forms.values() if form.action.endswith("/end"))
    assert "ended" in (await browser.submit(end)).text
    assert (await other.get("/account")).path.startswith("/users/login")
    assert "ended" in (await browser.submit(end)).text  # it is over either way


async def test_all_other_sessions_are_ended_at_once(browse, backends):
    browser = browse(ANA)
    for _ in range(3):
        browse(ANA)
    bens = backends.users.sign_in(BEN)
    form = (await browser.get("/account/sessions")).form("end-others")
    assert "3 other sessions were ended" in (await browser.submit(form)).text
    assert len(backends.users.sessions) == 2
    assert bens in backends.users.sessions


async def test_nobody_ends_the_session_of_somebody_else(browse, backends):
    browser, bens = browse(ANA), backends.users.sign_in(BEN)
    csrf = (await browser.get("/account/sessions")).form("logout").fields["csrf"]
    path = f"/account/sessions/{bens}/end"
    await browser.client.post(path, data={"csrf": csrf}, headers=browser.headers)
    assert bens in backends.users.sessions


async def test_deleting_says_what_happens_and_needs_the_name_typed(browse, backends):
    browser = browse(ANA)
    page = await browser.get("/account/delete")
    assert "Your notes and comments stay" in page.text
    again = await browser.submit(page.form("delete-account-form"), username="anna")
    assert (again.status, 'id="username-error"' in again.text) == (422, True)
    assert "ana" in backends.users.people
    sent = await browser.client.post(
        "/account/delete",
        data=page.form("delete-account-form").fields | {"username": "ana"},
        headers=browser.headers,
    )
    assert sent.headers["Clear-Site-Data"] == '"storage"'
    assert "ana" not in backends.users.people
    assert "Your account is deleted" in (await browser.get("/")).text


async def test_deleting_goes_on_after_the_proof(browse, backends):
    browser = browse(ANA)
    backends.users.stale = True
    form = (await browser.get("/account/delete")).form("delete-account-form")
    asked = await browser.submit(form, username="ana")
    await browser.submit(asked.form("confirm-form"), confirm_password="correct horse")
    assert "ana" not in backends.users.people


async def test_the_last_administrator_is_told_why_they_stay(browse):
    browser = browse(ADA)
    form = (await browser.get("/account/delete")).form("delete-account-form")
    page = await browser.submit(form, username="ada")
    assert (page.status, "last administrator" in page.text) == (409, True)


async def test_a_one_time_code_sets_a_new_password(browse, backends):
    backends.users.resets["code"] = "ana"
    browser = browse()
    form = (await browser.get("/users/reset")).form("reset-form")
    weak = await browser.submit(form, token="code", password="short")
    assert 'id="password-error"' in weak.text
    page = await browser.submit(form, token="code", password="a new horse")
    assert (page.path, "is set" in page.text) == ("/users/login", True)
    used = await browser.submit(form, token="code", password="a new horse")
    assert (used.status, "no longer valid" in used.text) == (403, True)


async def test_while_users_service_is_away_the_account_pages_say_so(browse, backends):
    browser = browse(ANA)
    await browser.get("/account")
    backends.users.is_away = True
    page = await browser.get("/account")
    assert (page.status, "Temporarily unavailable" in page.text) == (503, True)
