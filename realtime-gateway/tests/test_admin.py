"""The status page: off by default, for who knows the password, and nobody else's to use."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from browser_pages import launch
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.valkey import Valkey
from playwright.sync_api import Browser, sync_playwright
from realtime_gateway.config import passwords

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
HASH = passwords.hashed(PASSWORD)
ASKED = {"X-Admin": "1"}


def options(**admin: Any) -> dict[str, Any]:
    found = insecure() | {"admin": {"enabled": True, **admin}}
    found["channel"]["without_namespace"] |= {"presence": True}
    return found


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, valkey: Valkey
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("admin")
    gateway = GatewayProcess(folder, options(password_hash=HASH), valkey.url)
    yield gateway.wait_ready()
    gateway.kill()


def client(gateway: GatewayProcess, password: str | None = PASSWORD) -> httpx.Client:
    auth = None if password is None else ("anybody", password)
    return httpx.Client(base_url=gateway.http_url, auth=auth)


PATHS = ["", "/admin.css", "/admin.js", "/state"]


@pytest.mark.parametrize("path", PATHS)
def test_without_the_password_there_is_nothing_to_see(
    watched: GatewayProcess, path: str
) -> None:
    for password in (None, "wrong", ""):
        with client(watched, password) as stranger:
            answer = stranger.get(f"/admin{path}")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
            assert (
                stranger.post("/admin/api/publish", json={}, headers=ASKED).status_code == 401
            )


@pytest.mark.parametrize("path", PATHS)
def test_everything_comes_from_here_and_stays_here(watched: GatewayProcess, path: str) -> None:
    with client(watched) as operator:
        answer = operator.get(f"/admin{path}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


def test_a_foreign_page_cannot_publish_with_the_operators_password(
    watched: GatewayProcess,
) -> None:
    with client(watched) as operator:
        body = {"channel": "a", "data": 1}
        assert operator.post("/admin/api/publish", json=body).status_code == 403
        assert operator.post("/admin/api/publish", json=body, headers=ASKED).status_code == 200
        assert operator.post("/admin/api/disconnect", json={}, headers=ASKED).status_code == 403
        assert operator.options("/admin/api/publish").status_code == 405


def test_a_plain_password_works_too_and_another_place(start_gateway: StartGateway) -> None:
    own = options(password="plain", handler_prefix="/status")
    gateway = start_gateway(own).wait_ready()
    found = httpx.get(f"{gateway.http_url}/status", auth=("x", "plain"))
    assert 'src="/status/admin.js"' in found.text
    assert httpx.get(f"{gateway.http_url}/admin").status_code == 404


def test_it_is_off_by_default(gateway: GatewayProcess) -> None:
    assert httpx.get(f"{gateway.http_url}/admin").status_code == 404


def test_a_password_becomes_a_hash_on_the_command_line() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "realtime_gateway.config.passwords"],
        input="häslich\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert passwords.matches("häslich", made.stdout.strip())
    assert not passwords.matches("other", made.stdout.strip())


@pytest.mark.parametrize(
    "text",
    ["", "x", "$scrypt$ln=60,r=8,p=1$AAAA$AAAA", HASH + "!"],
    ids=["empty", "a letter", "too costly", "one character more"],
)
def test_what_is_no_hash_is_refused(text: str) -> None:
    assert not passwords.is_hash(text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.mark.browser
def test_an_operator_sees_publishes_and_looks(
    watched: GatewayProcess, browser: Browser
) -> None:
    page = browser.new_page(http_credentials={"username": "me", "password": PASSWORD})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto(f"{watched.http_url}/admin")
    page.locator("figcaption", has_text="Connections").wait_for()
    page.locator("#publish input").fill("shown")
    page.locator("#publish textarea").fill('{"text": "hello there"}')
    page.get_by_role("button", name="Publish").click()
    page.get_by_text('"offset": 1').wait_for()
    page.locator("#look input").fill("shown")
    page.get_by_role("button", name="History").click()
    page.locator("#answer").get_by_text("hello there").wait_for()
    page.locator("#token textarea").fill("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.x")
    page.get_by_role("button", name="Decode").click()
    page.get_by_text('"sub": "ann"').wait_for()
    assert [each for each in wrong if "401" not in each] == []
    page.close()
