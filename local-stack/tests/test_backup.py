"""The backup of docs/topics/operating.md can be restored into a fresh installation."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from local_stack import demo
from local_stack.postgres import Postgres
from local_stack.stack import Stack

pytestmark = pytest.mark.long


def test_a_backup_restores_every_note_and_account_into_a_fresh_installation(
    servers_dir: Path, tmp_path: Path
) -> None:
    with Stack(servers_dir / "before", durable=False) as before:
        ana = demo.load(before)[0]
        notes = _notes(before)
        for name in ("notes", "users"):
            dump = _run(before.postgres, "pg_dump", "-Fc", name)
            (tmp_path / name).write_bytes(dump)

    # "The same ./secrets": without this key the signing keys and second factors stay sealed.
    key = Path("secrets") / "users_encryption_key"
    (servers_dir / "after" / "secrets").mkdir(mode=0o700, parents=True)
    shutil.copy(servers_dir / "before" / key, servers_dir / "after" / key)
    after = Stack(servers_dir / "after", durable=False)
    after.start()
    for service in after.services.values():
        service.stop()
    for name in ("notes", "users"):
        options = ["--clean", "--if-exists", "--exit-on-error", "-d", name]
        _run(after.postgres, "pg_restore", *options, str(tmp_path / name))
    for service in after.services.values():
        service.start()
    try:
        assert _notes(after) == notes
        assert _signs_in(after, ana)
    finally:
        after.stop()


def _run(server: Postgres, program: str, *arguments: str) -> bytes:
    login = urlsplit(server.url)
    done = subprocess.run(
        [server.programs / program, "-h", "127.0.0.1", "-p", str(server.port), *arguments],
        env={"PGUSER": login.username or "", "PGPASSWORD": login.password or ""},
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _notes(stack: Stack) -> object:
    with urlopen(
        f"{stack.services['notes-service'].url}/v1/notes?limit=100", timeout=10
    ) as answer:
        return json.load(answer)


def _signs_in(stack: Stack, account: demo.Account) -> bool:
    body = json.dumps({"username": account.username, "password": account.password}).encode()
    request = Request(
        f"{stack.services['users-service'].url}/v1/sessions",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        return bool(answer.status == 201)
