"""Headers and cookies of every answer: the rules see what is missing, and https adds its own.

That every answer of the whole run keeps to the rules is looked at after each test, by the
edge's own log: see conftest.py.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import conditions
import httpx
import pytest
from answer_log import AnswerLog
from answer_rules import REQUIRED, cookie_faults, header_faults
from local_stack import services
from local_stack.caddy import Caddy
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.services import REPOSITORY, Service, StackEnvironment
from plain_visitor import visitor
from wired_stack import WiredStack

GOOD = {
    "Content-Security-Policy": ["default-src 'none'; base-uri 'none'; frame-ancestors 'none'"],
    "X-Content-Type-Options": ["nosniff"],
    "Referrer-Policy": ["same-origin"],
    "Cross-Origin-Opener-Policy": ["same-origin"],
    "Cross-Origin-Resource-Policy": ["same-origin"],
    "Cache-Control": ["no-store"],
}


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_a_header_that_is_missing_is_noticed(missing: str) -> None:
    given = {name: value for name, value in GOOD.items() if name.lower() != missing}
    assert header_faults(200, GOOD) == []
    assert header_faults(200, given) == [f"{missing} is None"]


@pytest.mark.parametrize(
    "more",
    [
        {"Server": ["uvicorn"]},
        {"Access-Control-Allow-Origin": ["*"]},
        {"Cache-Control": ["no-store, public"]},
        {"Content-Security-Policy": ["default-src 'none'; script-src 'unsafe-inline'"]},
        {"Content-Type": ["text/html; charset=utf-8"]},
        {"Content-Type": ["text/html"]},
    ],
)
def test_a_header_that_says_too_much_is_noticed(more: dict[str, list[str]]) -> None:
    assert header_faults(200, GOOD | more) != []


@pytest.mark.parametrize(
    "said",
    [
        "notes_session=x; Path=/; SameSite=lax",
        "notes_session=x; Path=/; HttpOnly",
        "notes_session=x; Path=/; HttpOnly; SameSite=none",
        "notes_session=x; Path=/notes; HttpOnly; SameSite=lax",
        "notes_session=x; Path=/; HttpOnly; SameSite=lax; Domain=example.org",
    ],
)
def test_a_cookie_without_its_flags_is_noticed(said: str) -> None:
    assert cookie_faults(said) != []
    right = "notes_session=x; Path=/; HttpOnly; SameSite=lax"
    assert cookie_faults(right) == []
    assert cookie_faults(right, https=True) != []


def test_the_edges_log_holds_every_answer_and_a_wrong_one_is_noticed(
    stack: WiredStack, tmp_path: Path
) -> None:
    stack.answers.new_faults()
    before = stack.answers.seen
    with visitor(stack) as http:
        for path in ("/", "/no/such/page", "/health", "/metrics"):
            http.get(path)
    assert stack.answers.new_faults() == []
    assert stack.answers.seen == before + 4

    line = {
        "request": {"method": "GET", "uri": "/"},
        "status": 200,
        "resp_headers": GOOD | {"Referrer-Policy": ["unsafe-url"]},
    }
    log = AnswerLog(tmp_path / "answers.log")
    log.path.write_text(json.dumps(line) + "\n")
    assert log.new_faults() == ["GET / 200: referrer-policy is 'unsafe-url'"]


@pytest.fixture
def https_site(stack: WiredStack, tmp_path: Path) -> Iterator[httpx.Client]:
    """The same edge and the same web at an https address, with a certificate of its own."""
    port, web_port = free_port(), free_port()
    public = f"https://localhost:{port}"
    environment: StackEnvironment = replace(
        stack.environment, public_url=public, web_port=web_port
    )
    log = Log("web", tmp_path / "web.log")
    web = Service("web", ["notes_web"], port=web_port, env=services.web(environment), log=log)
    # The list of authorities and port 80 are the machine's: both are left alone.
    mine = tmp_path / "Caddyfile"
    options = f"admin off\n\tskip_install_trust\n\thttp_port {free_port()}"
    table = (REPOSITORY / "edge" / "Caddyfile").read_text()
    mine.write_text(table.replace("admin off", options, 1))
    edge = Caddy(tmp_path / "edge", port=port, web=web_port, gateways=[free_port()])
    edge.env |= {"SITE_ADDRESS": public, "PUBLIC_URL": public, "EDGE_BIND": "127.0.0.1"}
    command = edge.process._command
    command[command.index("--config") + 1] = str(mine)
    authority = tmp_path / "edge" / "data" / "caddy" / "pki" / "authorities" / "local"
    web.start()
    try:
        edge.process.start()
        _wait_for(authority / "root.crt")
        context = ssl.create_default_context(cafile=authority / "root.crt")
        with httpx.Client(base_url=public, trust_env=False, verify=context) as http:
            yield http
    finally:
        edge.stop()
        web.stop()


def _wait_for(path: Path) -> None:
    conditions.eventually(path.exists, within=20)


def test_over_https_every_answer_and_every_cookie_is_bound_to_https(
    https_site: httpx.Client,
) -> None:
    first = conditions.eventually(lambda: _answer(https_site, "/users/login"), within=20)
    answers = [first, *map(https_site.get, ("/", "/health", "/metrics", "/no/such/page"))]
    answers.append(https_site.post("/users/login", data={"username": "x"}))
    for answer in answers:
        headers = {name: [value] for name, value in answer.headers.items()}
        assert header_faults(answer.status_code, headers, https=True) == []
    said = [each for answer in answers for each in answer.headers.get_list("set-cookie")]
    assert said
    assert [fault for each in said for fault in cookie_faults(each, https=True)] == []


def test_the_edge_speaks_tls_1_2_and_newer_only(https_site: httpx.Client) -> None:
    conditions.eventually(lambda: _answer(https_site, "/health"), within=20)
    table = (REPOSITORY / "edge" / "Caddyfile").read_text()
    assert "tls1.0" not in table
    assert "tls1.1" not in table
    stream = https_site.get("/health").extensions["network_stream"]
    assert stream.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")


def _answer(http: httpx.Client, path: str) -> httpx.Response | None:
    try:
        return http.get(path)
    except httpx.TransportError:
        return None
