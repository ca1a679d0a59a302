"""What the README shows works as it stands there."""

import functools
import http.server
import json
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_pages import launch
from gateway_process import GatewayProcess, StartGateway
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
README = (ROOT / "realtime-gateway" / "README.md").read_text()
SDK = ROOT / "web" / "node_modules" / "centrifuge" / "dist" / "centrifuge.js"


@pytest.fixture
def alone(start_gateway: StartGateway) -> GatewayProcess:
    """With the README's configuration, and what it says to switch on."""
    [text] = re.findall(r"echo '(\{.*?\})' > gateway.json", README, re.DOTALL)
    options = json.loads(text)
    options["http_api"]["key"] = "api-key"  # what the tests' helper sends
    [more] = re.findall(r'switch on `("uni_sse".*?)`, then', README, re.DOTALL)
    return start_gateway(options | json.loads("{" + more + "}")).wait_ready()


@pytest.fixture
def folder(tmp_path: Path, alone: GatewayProcess) -> Iterator[str]:
    [page] = re.findall(r"```html\n(.*?)```", README, re.DOTALL)
    (tmp_path / "page.html").write_text(page.replace(":8000/", f":{alone.port}/"))
    shutil.copy(SDK, tmp_path)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.browser
def test_the_sample_page_shows_what_is_published(alone: GatewayProcess, folder: str) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(f"{folder}/page.html")
        page.wait_for_function("client.state === 'connected' && news.state === 'subscribed'")
        alone.publish("news", {"text": "hello"})
        page.get_by_role("listitem").get_by_text("hello").wait_for()
        browser.close()


def test_the_curl_line_listens(alone: GatewayProcess) -> None:
    [line] = re.findall(r"^(curl -N .*)$", README, re.MULTILINE)
    words = shlex.split(line.replace(":8000/", f":{alone.port}/"))
    curl = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert curl.stdout is not None
    assert '"subs":{"news":' in curl.stdout.readline()
    alone.publish("news", {"text": "hello"})
    assert curl.stdout.readline() == "\n"
    assert '"data":{"text":"hello"}' in curl.stdout.readline()
    alone.stop()
    curl.stdout.read()
    curl.wait(timeout=10)
    curl.stdout.close()
