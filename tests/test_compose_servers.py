"""The real servers, started with the files and settings that compose.yaml gives them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from compose_file import ROOT, environment
from local_stack import secret_files
from local_stack.ports import free_port
from local_stack.postgres import Postgres
from local_stack.valkey import server_program
from redis.backoff import ConstantBackoff
from redis.retry import Retry


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    secret_files.write(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.mark.parametrize("address", [":80", "notes.example.org"])
def test_the_edge_understands_its_routing_table(address: str, secrets: Path) -> None:
    given = environment("edge", secrets) | {"SITE_ADDRESS": address}
    placeholders = set(re.findall(r"\{\$(\w+)", (ROOT / "edge" / "Caddyfile").read_text()))
    assert set(given) <= placeholders
    routes = _adapted(given)
    servers = routes["apps"]["http"]["servers"].values()
    listening = {each for server in servers for each in server["listen"]}
    assert ("0.0.0.0:443" in listening) == (address != ":80")
    text = json.dumps(routes)
    assert '"source": "a"' in text
    assert '"name": "realtime-gateway"' in text


def test_postgresql_makes_the_roles_with_the_passwords_of_the_secrets(
    servers_dir: Path, secrets: Path
) -> None:
    sql = (ROOT / "compose" / "postgres-init.sql").read_text()
    sql = sql.replace("/run/secrets", str(secrets)).replace("/etc/notes", str(ROOT / "compose"))
    server = Postgres(servers_dir / "compose-postgres", durable=False)
    server.start()
    try:
        server.execute(sql)
        for name in ("notes", "users"):
            url = (secrets / f"{name}_database_url").read_text().strip()
            here = url.replace("@postgres:5432", f"@127.0.0.1:{server.port}")
            assert server.execute(f"\\c '{here}'\nselect current_user").strip() == name
    finally:
        server.stop()


def test_valkey_takes_its_password_from_the_services_secret(
    tmp_path: Path, secrets: Path
) -> None:
    port = free_port()
    script = (ROOT / "compose" / "valkey.sh").read_text()
    script = script.replace("/run/secrets", str(secrets)).replace(
        "/tmp/valkey.conf", f"{tmp_path}/valkey.conf"
    )
    script = script.replace("dir /data", f"dir {tmp_path}\nport {port}")
    folder = str(Path(server_program()).parent)
    process = subprocess.Popen(
        ["sh", "-c", script],
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
    )
    url = (
        (secrets / "redis_url")
        .read_text()
        .strip()
        .replace("@valkey:6379", f"@127.0.0.1:{port}")
    )
    try:
        with redis.from_url(url, retry=Retry(ConstantBackoff(0.1), 100)) as client:
            assert client.ping()
    finally:
        process.terminate()
        process.wait(10)


def _adapted(given: dict[str, str]) -> Any:
    caddy = Path(sys.executable).parent / "caddy"
    done = subprocess.run(
        [caddy, "adapt", "--validate", "--config", ROOT / "edge" / "Caddyfile"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "XDG_DATA_HOME": "/tmp",
            **given,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
