"""Forgotten passwords and confirmed addresses, without a script, the same for everybody."""

import pytest
from fake_backends import ADA, ANA


@pytest.fixture
def users(backends):
    backends.users.are_sent = True
    return backends.users


async def test_who_forgot_finds_the_way_from_the_login_and_hears_the_same_for_any_name(
    browse, users
):
    browser = browse()
    assert 'href="/users/forgot"' in (await browser.get("/users/login")).text
    form = (await browser.get("/users/forgot")).form("forgot-form")
    pages = [await browser.submit(form, account=name) for name in ("ana", "nobody@x.example")]
    assert [page.status for page in pages] == [200, 200]
    assert "Check your e-mail" in pages[0].text
    assert pages[0].text == pages[1].text
    assert "nobody@x" not in pages[1].text
    assert users.asked == ["ana", "nobody@x.example"]


async def test_without_a_name_and_after_too_many_the_form_says_so(browse, users):
    browser = browse()
    form = (await browser.get("/users/forgot")).form("forgot-form")
    empty = await browser.submit(form, account=" ")
    assert (empty.status, "Type your user name" in empty.text) == (422, True)
    users.asked = ["x"] * 20
    late = await browser.submit(form, account="ana")
    assert (late.status, "Too many attempts" in late.text) == (429, True)
    assert late.form("forgot-form").fields["account"] == "ana"


async def test_where_no_emails_are_sent_the_page_says_who_can_help(browse, backends):
    page = await browse().get("/users/forgot")
    assert "Ask an administrator" in page.text
    assert "forgot-form" not in page.forms
    form = (await browse(ANA).get("/account")).forms
    assert "verify-email-form" not in form


async def test_the_emails_code_confirms_the_address_once_signed_in_or_not(browse, users):
    users.emails["ana"] = "ana@home.example"
    for person, path in ((None, "/"), (ANA, "/account")):
        users.proofs["the-code"] = ("ana", "ana@home.example")
        browser = browse(person)
        form = (await browser.get("/users/confirm-email")).form("confirm-form")
        done = await browser.submit(form, token=" the-code ")
        assert (done.path, "E-mails go to ana@home.example." in done.text) == (path, True)
        again = await browser.submit(form, token="the-code")
        assert (again.status, 'id="token-error"' in again.text) == (403, True)


async def test_an_address_shows_whether_it_is_confirmed_and_another_email_can_be_had(
    browse, users
):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("profile-form")
    saved = await browser.submit(form, email="new@home.example")
    assert "e-mail that we sent to new@home.example" in saved.text
    assert "Not confirmed yet" in saved.text
    again = await browser.submit(saved.form("verify-email-form"))
    assert "We have sent another e-mail." in again.text
    assert users.sent_again == ["new@home.example"]
    users.proven["ana"] = "old@home.example"
    assert "Until then, e-mails go to" in (await browser.get("/account")).text
    users.proven["ana"] = "new@home.example"
    page = await browser.get("/account")
    assert "Confirmed." in page.text
    assert "verify-email-form" not in page.forms


async def test_an_invitation_can_go_by_email_where_emails_are_sent(browse, users):
    browser = browse(ADA)
    form = (await browser.get("/admin/invitations")).form("invite-form")
    page = await browser.submit(form, role="reader", email="new@home.example")
    assert users.invited_by_email == ["new@home.example"]
    assert "#invite=invitation-code" in page.text
    wrong = await browser.submit(form, role="reader", email="nowhere")
    assert (wrong.status, 'id="email-error"' in wrong.text) == (422, True)
    users.are_sent = False
    page = await browser.get("/admin/invitations")
    assert "email" not in page.form("invite-form").fields


async def test_a_passkey_is_renamed_without_a_script(browse, backends):
    backends.users.passkeys["one"] = {
        "id": "one", "name": "Old", "is_backed_up": False,
        "created_at": "2026-03-01T12:00:00Z", "last_used_at": None,
    }  # fmt: skip
    browser = browse(ANA)
    form = (await browser.get("/account/passkeys")).form("/one/name")
    page = await browser.submit(form, name=" My <phone> ")
    assert backends.users.passkeys["one"]["name"] == "My <phone>"
    assert "My &lt;phone&gt;" in page.text
    empty = await browser.submit(form, name=" ")
    assert (empty.status, "needs a name" in empty.text) == (422, True)
    backends.users.passkeys.clear()
    assert (await browser.submit(form, name="x")).path == "/account/passkeys"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/notes/nothing-here", "There is no note at this address"),
        ("/admin/accounts/nobody", "There is no such account"),
        ("/admin/nothing", "There is no such administration page"),
        ("/account/nothing", "There is no such account page"),
        ("/nothing", "There is no page at this address"),
    ],
)
async def test_what_is_not_there_is_told_by_what_it_would_have_been(browse, path, told):
    page = await browse(ADA).get(path)
    assert page.status == 404
    assert told in page.text


async def test_an_email_that_cannot_be_asked_for_says_so(browse, users):
    browser = browse()
    form = (await browser.get("/users/forgot")).form("forgot-form")
    users.are_sent = False
    off = await browser.submit(form, account="ana")
    assert (off.status, "Ask an administrator" in off.text) == (409, True)
