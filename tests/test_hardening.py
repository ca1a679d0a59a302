"""What a stranger meets: headers on every answer, nothing behind the edge, clean logs."""

import re
import secrets
import socket
from contextlib import suppress

import httpx
import pytest
from answer_rules import header_faults
from people import Person
from plain_visitor import form_token, visitor
from wired_stack import WiredStack


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/users/login", 200),
        ("GET", "/no/such/page", 404),
        ("GET", "/notes/no-such-note", 404),
        ("GET", "/notes/view?key=x", 301),
        ("GET", "/notes/add", 303),
        ("DELETE", "/", 403),
        ("POST", "/users/logout", 403),
        ("GET", "/live/home", 200),
        ("GET", "/assets/none-00000000.js", 404),
        ("GET", "/assets/..%2f..%2fpyproject.toml", 404),
        ("TRACE", "/", 405),
        ("GET", "/health", 200),
        ("GET", "/metrics", 404),
        ("GET", "/api/v1/notes", 401),
        ("GET", "/connection/websocket", 426),
    ],
)
def test_every_answer_carries_the_security_headers(
    stack: WiredStack, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, stack.url + path, trust_env=False, timeout=30)
    if method != "TRACE":
        assert answer.status_code == status
    headers = {name: [value] for name, value in answer.headers.items()}
    assert header_faults(answer.status_code, headers) == []


@pytest.mark.parametrize(
    "path",
    [
        "/metrics", "/ready", "/api/publish", "/api/info", "/v1/notes", "/v1/sessions",
        "/docs", "/openapi.json", "/.well-known/jwks.json", "/.git/config", "/list",
        "/connection/../api/info", "/connection/%2e%2e/api/info", "/connection//../metrics",
    ],
)  # fmt: skip
def test_promise_the_edge_shows_nothing_of_the_services_behind_it(
    stack: WiredStack, path: str
) -> None:
    with httpx.Client(trust_env=False, timeout=30) as http:
        request = http.build_request("GET", stack.url)
        request.url = request.url.copy_with(raw_path=path.encode())
        assert http.send(request).status_code in (400, 404)


def test_an_address_after_logging_in_is_never_another_sites(
    stack: WiredStack, ben: Person
) -> None:
    for target in (
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
    ):
        with visitor(stack) as http:
            token = form_token(http.get("/users/login", params={"next": target}).text)
            form = {"username": ben.username, "password": ben.password, "next": target}
            answer = http.post("/users/login", data=form | {"csrf": token})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"


def test_promise_sign_out_ends_that_persons_session(stack: WiredStack, ben: Person) -> None:
    with visitor(stack, ben.session) as http:
        page = http.get("/").text
        assert "Log out" in page
        http.post("/users/logout", data={"csrf": form_token(page)})
        http.cookies.clear()
        http.cookies.set("notes_session", ben.session)  # somebody kept a copy
        assert "Log out" not in http.get("/").text
        assert http.get("/notes/add").status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    stack: WiredStack, ben: Person
) -> None:
    with visitor(stack) as http:
        token = form_token(http.get("/users/login").text)
        form = {"username": ben.username, "password": ben.password, "csrf": token}
        answer = http.post("/users/login", data=form)
    cookies = [c for c in answer.headers.get_list("set-cookie") if "notes_session=" in c]
    assert len(cookies) == 1
    assert all(said in cookies[0] for said in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert len(cookies[0].split("=", 1)[1].split(";")[0]) >= 22  # 128 bits


def test_no_password_token_or_cookie_gets_into_any_log(stack: WiredStack, ben: Person) -> None:
    """The quiet stack traces everything it can, so this is the most that is ever logged."""
    wrong = f"canary-{secrets.token_hex(8)}"
    with visitor(stack) as http:
        token = form_token(http.get("/users/login").text)
        for password in (wrong, ben.password):
            form = {"username": ben.username, "password": password, "csrf": token}
            made = http.post("/users/login", data=form)
        session = made.cookies["notes_session"]
        page = http.get("/").text
        live_token = http.post("/live/token", data={"csrf": form_token(page)}).json()["token"]
        http.get("/users/login", params={"password": "in-the-query-" + wrong})
    ben.create("Menu", "Soup")

    # Of a token the signature alone: the rest says only who and when.
    canaries = [wrong, ben.password, ben.session, session, ben.token.rpartition(".")[2]]
    canaries += [live_token.rpartition(".")[2], stack.environment.gateway_api_key]
    canaries += [
        stack.environment.users_api_key.partition(":")[2],
        stack.environment.web_secret,
    ]
    logs = {path: path.read_text("utf-8", "replace") for path in stack.data_dir.rglob("*.log*")}
    services = {"users-service", "notes-service", "realtime-gateway", "web"}
    assert services <= {path.stem for path in logs}
    found = [
        (str(path), canary)
        for path, text in logs.items()
        for canary in canaries
        if canary in text
    ]
    assert found == []


def _raw(stack: WiredStack, request: bytes) -> bytes:
    """All that comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", stack.edge.port), timeout=30) as connection:
        connection.sendall(request)
        with suppress(TimeoutError), connection.makefile("rb") as answers:
            return answers.read()
    return b""


SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Content-Length: +4\r\n\r\nabcd",
    ],
)
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused_or_ends_its_connection(
    stack: WiredStack, framing: bytes
) -> None:
    """Nothing is smuggled behind it: there is one answer, and nothing of a service's inside."""
    head = b"POST /users/login HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n"
    answers = _raw(stack, head % stack.edge.port + framing)
    assert answers.count(b"HTTP/1.1 ") <= 1
    assert re.match(rb"HTTP/1\.1 (400|403|501)", answers)
    assert b"http_requests_total" not in answers


def test_nobody_gets_more_guesses_by_naming_other_addresses(
    stack: WiredStack, ben: Person
) -> None:
    statuses = []
    for attempt in range(11):
        lies = {
            "X-Forwarded-For": f"203.0.113.{attempt}",
            "Forwarded": f"for=203.0.113.{attempt}",
            "X-Real-IP": f"203.0.113.{attempt}",
        }
        with visitor(stack) as http:
            form = {"username": ben.username, "password": "not this one"}
            form["csrf"] = form_token(http.get("/users/login").text)
            answer = http.post("/users/login", data=form, headers=lies)
        statuses.append(answer.status_code)
    assert statuses == [401] * 10 + [429]
    # From elsewhere the owner still gets in.
    words = {"username": ben.username, "password": ben.password}
    key = httpx.BasicAuth(*stack.environment.users_api_key.split(":", 1))
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    made = httpx.post(
        f"{ben.users_url}/v1/sessions", json=words, auth=key, headers=elsewhere, trust_env=False
    )
    assert made.status_code == 201
