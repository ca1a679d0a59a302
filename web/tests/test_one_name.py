"""The site has one name: who asks by another is told it, and gets nothing else."""

import pytest
from browsing import PUBLIC_URL, web_settings
from fake_backends import ANA
from notes_web.origins import is_asked_for, origin_of
from pydantic import ValidationError

OTHERS = [
    "evil.example", "notes.test:3000", "notes.test.evil.example", "evil@notes.test",
    "192.168.1.5", "127.0.0.1", "localhost", "[::1]", "notes.test.", "",
    "notes.test, evil.example", "NOTES.TEST:81", "a b", "\u00e9.test",
]  # fmt: skip
ASKED = [
    ("GET", "/"), ("HEAD", "/"), ("GET", "/notes/menu?a=b"), ("GET", "/live/home"),
    ("GET", "/none"), ("GET", "/users/login"), ("GET", "/live/reach"), ("POST", "/notes/add"),
    ("POST", "/users/login"), ("GET", "/api/v1/notes"), ("PUT", "/api/v1/notes/menu"),
    ("POST", "/live/token"), ("GET", "/admin/"), ("OPTIONS", "/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ASKED)
async def test_whatever_is_asked_by_another_name_is_misdirected(browse, backends, method, path):
    backends.notes.put("menu", "Secret soup")
    browser = browse(ANA)
    for host in OTHERS:
        headers = {"Host": host.encode()}
        answer = await browser.client.request(method, path, headers=headers)
        assert answer.status_code == 421, host
        assert "Secret soup" not in answer.text
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # Not even whose session it is was asked.
    assert backends.users.seen == []


async def test_the_page_names_the_right_address_and_for_operators_the_setting(browse):
    answer = await browse().client.get("/notes/menu?a=b", headers={"Host": "192.168.1.5:3000"})
    assert f'href="{PUBLIC_URL}/notes/menu?a=b"' in answer.text
    assert "PUBLIC_URL" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/notes", "/live/home"])
async def test_programs_are_told_in_their_form(browse, path):
    answer = await browse().client.get(path, headers={"Host": "evil.example"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["url"]) == ("misdirected_request", PUBLIC_URL)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_checks_of_health_are_answered_by_any_name(browse, path):
    answer = await browse().client.get(path, headers={"Host": "10.0.0.7:8002"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["notes.test", "NOTES.test", "notes.test:80"])
async def test_the_name_is_the_same_however_it_is_written(browse, host):
    answer = await browse().client.get("/users/login", headers={"Host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://notes.test", "http://notes.test:81", "notes.test"],
)
async def test_a_form_from_another_origin_is_refused_though_its_host_is_ours(browse, origin):
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    browser.headers = {"Origin": origin}
    assert (await browser.submit(form, title="Menu", body="")).status == 403


@pytest.mark.parametrize("path", ["/admin/", "/notes/menu/", "/users/login/", "/api/v1/notes/"])
async def test_no_address_is_made_of_what_a_request_says_of_itself(browse, path):
    answer = await browse(ANA).client.get(path)
    assert "Location" not in answer.headers


def test_two_host_headers_name_nothing():
    site = origin_of("http://notes.test")
    assert site
    assert is_asked_for(site, ["notes.test"])
    assert not is_asked_for(site, ["notes.test", "notes.test"])
    assert not is_asked_for(site, [])


@pytest.mark.parametrize("url", ["notes.test", "ftp://notes.test", "http://notes.test/sub", ""])
def test_a_public_url_that_is_no_origin_stops_the_start(url):
    with pytest.raises(ValidationError, match="public_url"):
        web_settings(public_url=url)
