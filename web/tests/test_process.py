"""The service as a process: how it starts, refuses to start, and stops."""

import os
import shutil
import signal
import subprocess
import sys
import time

import httpx
import pytest
from browsing import FILES, web_settings
from local_stack.ports import free_port

SETTINGS = {
    "WEB_PUBLIC_URL": "http://localhost:3000",
    "WEB_NOTES_URL": "http://127.0.0.1:9",
    "WEB_USERS_URL": "http://127.0.0.1:9",
    "WEB_USERS_API_KEY": "web:secret",
    "WEB_GATEWAY_URL": "http://127.0.0.1:9",
    "WEB_GATEWAY_API_KEY": "key",
    "WEB_SECRET": "thirty-two characters of secrecy",
}


def start(settings, **options):
    env = {"PATH": os.environ["PATH"], **settings}
    command = [sys.executable, "-m", "notes_web"]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("missing", ["WEB_SECRET", "WEB_NOTES_URL"])
@pytest.mark.slow
def test_a_missing_setting_is_named_on_one_line(missing):
    given = {name: value for name, value in SETTINGS.items() if name != missing}
    process = start(given)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert missing in said


@pytest.mark.slow
def test_it_answers_while_nothing_is_behind_it_and_stops_cleanly():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    away = {"WEB_PUBLIC_URL": url, "WEB_PATIENCE_SECONDS": "0"}
    process = start(SETTINGS | away | {"WEB_PORT": str(port)})
    try:
        ready = until_answered(f"{url}/ready")
        assert ready.json()["status"] == "ready"
        assert httpx.get(f"{url}/").status_code == 503
        assert "http_requests_total" in httpx.get(f"{url}/metrics").text
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "secrecy" not in said


async def test_pages_work_where_the_islands_were_not_built(tmp_path, serve):
    for folder in ("templates", "assets"):
        shutil.copytree(FILES / folder, tmp_path / folder)
    client = await serve(web_settings(files_dir=tmp_path), "http://notes.test")
    page = await client.get("/")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert 'href="/assets/site.css"' in page.text
    assert (await client.get("/assets/styles/tokens.css")).status_code == 200


@pytest.mark.skipif(not (FILES / "dist").is_dir(), reason="the islands are not built")
async def test_built_files_never_have_to_be_asked_for_again(browse):
    client = browse().client
    page = await client.get("/")
    script = page.text.split('type="module" src="')[1].split('"')[0]
    assert script.startswith("/assets/home-")
    answer = await client.get(script)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/javascript")


def until_answered(url: str) -> httpx.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
