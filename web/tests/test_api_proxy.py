"""/api/v1: programs with a personal token, and what it may not do."""

import httpx
import pytest
from fake_backends import ANA

BEARER = {"Authorization": "Bearer notes_backup"}


@pytest.fixture
def program(browse, backends) -> httpx.AsyncClient:
    backends.users.scopes["notes_backup"] = ["read", "write"]
    client = browse().client
    client.headers.update(BEARER)
    return client


async def test_a_program_reads_and_writes_with_its_token(program, backends):
    made = await program.post(
        "/api/v1/notes",
        json={"key": "menu", "title": "Menu", "body": "Soup"},
        headers={"Idempotency-Key": "1"},
    )
    assert (made.status_code, made.json()["author"]["name"]) == (201, "Ana")
    found = await program.get("/api/v1/notes", params={"q": "menu"})
    assert [row["key"] for row in found.json()["notes"]] == ["menu"]
    saved = await program.put(
        "/api/v1/notes/menu", json={"title": "Menu", "body": "Tea"}, headers={"If-Match": '"1"'}
    )
    assert saved.json()["version"] == 2


async def test_refusals_of_notes_service_come_through_as_they_are(program, backends):
    backends.notes.put("menu", "Menu")
    stale = await program.put(
        "/api/v1/notes/menu", json={"title": "T", "body": ""}, headers={"If-Match": '"7"'}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    assert stale.headers["Content-Type"] == "application/problem+json"
    assert (await program.get("/api/v1/notes/none")).json()["code"] == "note_not_found"


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer notes_revoked", "Basic bm90ZXM6eA==", "Bearer session-of-ana-1"],
)
async def test_without_a_valid_token_there_is_nothing(browse, backends, authorization):
    browser = browse(ANA)  # the cookie of a signed-in person counts for nothing here
    headers = {"Authorization": authorization} if authorization else {}
    for method, path in (
        ("GET", "/api/v1/notes"),
        ("POST", "/api/v1/notes"),
        ("POST", "/api/v1/connection-token"),
    ):
        answer = await browser.client.request(method, path, headers=headers)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert not [seen for seen in backends.notes.seen if seen.url.path.startswith("/v1/notes")]


async def test_cookies_and_other_headers_of_a_program_go_no_further(program, backends):
    program.cookies.set("notes_session", "secret")
    await program.get("/api/v1/notes", headers={"X-Forwarded-For": "10.0.0.1"})
    seen = backends.notes.seen[-1]
    assert "cookie" not in seen.headers
    assert "x-forwarded-for" not in seen.headers
    assert seen.headers["Authorization"] == "Bearer ana"


async def test_a_connection_token_needs_its_scope(program, backends):
    refused = await program.post("/api/v1/connection-token")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    backends.users.scopes["notes_backup"].append("realtime")
    assert (await program.post("/api/v1/connection-token")).json()["token"] == "ana"


async def test_an_address_that_is_none_of_the_interface_leads_nowhere(program):
    elsewhere = ("/api/v1/accounts", "/api/publish", "/api/v1/tokens")
    upwards = ("/api/v1/notes/../../metrics", "/api/v1/notes/%2e%2e/%2E%2e/metrics")
    for path in elsewhere + upwards:
        request = program.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = await program.send(request)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_while_a_service_is_away_programs_are_told_in_json(program, backends):
    backends.notes.is_away = True
    assert (await program.get("/api/v1/notes")).status_code == 503
    backends.users.is_away = True
    answer = await program.get("/api/v1/notes")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_body_beyond_the_limit_is_refused(program, backends):
    body = b"x" * (3 * 1024 * 1024)
    answer = await program.post("/api/v1/notes", content=body)
    assert answer.status_code == 413
