"""An installation of long ago starts on today's build with all that it has.

It is made at the first commit whose compose file others could install from, and types what
docs/topics/operating.md says about upgrades. The gateway of that commit never started in its
image, so pages were not live then; accounts, notes and sessions are all the same.
"""

import re
import subprocess
from collections.abc import Iterator

import pytest
from compose_file import ROOT
from conditions import eventually
from guest import Guest
from installation import Installation
from live_client import LiveClients

LONG_AGO = "0633c36da52e577157f6c9d26dcc79597e0ed42b"
PASSWORD = "nine red apples"
SETTINGS = """\
# The operator's own
SIGN_UP=open
"""


@pytest.fixture(scope="module")
def old(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    known = ["git", "cat-file", "-e", LONG_AGO]
    if subprocess.run(known, cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip(f"this clone does not hold the commit {LONG_AGO}")
    made = Installation(tmp_path_factory.mktemp("long-ago"), LONG_AGO)
    made.type("./notes", "secrets")
    (made.folder / ".env").write_text(SETTINGS)
    try:
        made.timed("build of long ago", "build")
        made.compose("up", "--wait", "postgres", "valkey", "users-service", "notes-service")
        made.compose("up", "--wait", "--no-deps", "web", "edge")
        yield made
    finally:
        made.remove()


def test_accounts_notes_sessions_settings_and_secrets_are_those_of_before(
    old: Installation,
) -> None:
    secrets = {each.name: each.read_bytes() for each in (old.folder / "secrets").iterdir()}
    with Guest(old.url) as ada, Guest(old.url) as ben:
        token = old.secret("setup_token")
        assert ada.sign_up("ada", PASSWORD, setup_token=token).status_code == 303
        assert ben.sign_up("ben", PASSWORD).status_code == 303
        key = ada.write("Menu", "Soup and *bread*")
        assert ben.send(
            f"/notes/{key}/comments", form=f"/notes/{key}", text="And cake?"
        ).is_redirect

        old.pull()
        old.type("./notes", "secrets")
        old.timed("build of today", "build")
        old.timed("healthy after the upgrade", "up", "--wait")

        # What was there is not made anew.
        for name, value in secrets.items():
            assert (old.folder / "secrets" / name).read_bytes() == value, name
        # Both are still signed in, and strangers may still make an account.
        assert "And cake?" in ada.read(key)
        assert "<em>bread</em>" in ben.read(key)
        with Guest(old.url) as stranger:
            assert stranger.sign_up("cai", PASSWORD).status_code == 303
        with LiveClients(old.url) as clients:
            watcher = clients.watch(f"notes:{key}")
            ben.save(key, "Menu of today", "Soup")
            eventually(lambda: watcher.saw(title="Menu of today"))
        with Guest(old.url) as again:
            assert again.log_in("ben", PASSWORD).status_code == 303
            found = again.http.get("/", params={"q": "menu today"}).text
            assert re.search(rf'href="/notes/{re.escape(key)}"', found)
