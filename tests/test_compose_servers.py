"""The real servers, started with the files and settings that compose.yaml gives them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from compose_file import ROOT, environment
from local_stack import secret_files
from local_stack.errors import Failed
from local_stack.ports import free_port
from local_stack.postgres import Postgres
from local_stack.valkey import server_program
from redis.backoff import ConstantBackoff
from redis.retry import Retry

pytestmark = pytest.mark.slow


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


@pytest.fixture
def database_server(servers_dir: Path, secrets: Path) -> Iterator[Postgres]:
    """Its administrator's password is the one in the secrets."""
    server = Postgres(servers_dir / f"compose-postgres-{secrets.parent.name}", durable=False)
    server.start()
    password = urlsplit(server.url).password
    assert password
    rewrite(secrets / "postgres_password", password)
    yield server
    server.stop()


def rewrite(secret: Path, text: str) -> None:
    secret.chmod(0o600)
    secret.write_text(text)


def initialise(server: Postgres, secrets: Path) -> None:
    sql = (ROOT / "compose" / "postgres-init.sql").read_text()
    sql = sql.replace("/run/secrets", str(secrets)).replace("/etc/notes", str(ROOT / "compose"))
    server.execute(sql)


def test_postgresql_makes_the_roles_with_the_passwords_of_the_secrets_and_renews_them(
    database_server: Postgres, secrets: Path
) -> None:
    for _ in range(2):
        initialise(database_server, secrets)
        for name in ("notes", "users"):
            url = (secrets / f"{name}_database_url").read_text().strip()
            here = url.replace("@postgres:5432", f"@127.0.0.1:{database_server.port}")
            asked = f"\\c '{here}'\nselect current_user"
            assert database_server.execute(asked).strip() == name
            rewrite(secrets / f"{name}_database_url", re.sub("://.*@", f"://{name}:new@", url))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://notes@postgres:5432/notes",
        "postgresql://postgres:5432/notes",
        "postgresql://notes:@postgres:5432/notes",
        "postgresql://other:secret@postgres:5432/notes",
        "postgresql://notes:per%20cent@postgres:5432/notes",
        "postgresql://notes:'quoted'@postgres:5432/notes",
    ],
)
def test_postgresql_refuses_a_database_url_whose_password_it_and_the_service_read_differently(
    database_server: Postgres, secrets: Path, url: str
) -> None:
    rewrite(secrets / "notes_database_url", url)
    with pytest.raises(Failed, match="the secret notes_database_url is not"):
        initialise(database_server, secrets)


def valkey_command(
    tmp_path: Path, secrets: Path, port: int
) -> tuple[list[str], dict[str, str]]:
    script = (ROOT / "compose" / "valkey.sh").read_text()
    script = script.replace("/run/secrets", str(secrets))
    script = script.replace("/tmp/valkey.conf", f"{tmp_path}/valkey.conf")
    script = script.replace("dir /data", f"dir {tmp_path}\nport {port}")
    script = script.replace("valkey-cli ", f"valkey-cli -p {port} ")
    folder = str(Path(server_program()).parent)
    return ["sh", "-c", script, "valkey.sh"], {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("user", ["", "default"])
def test_valkey_takes_its_password_from_the_services_secret(
    tmp_path: Path, secrets: Path, user: str
) -> None:
    port = free_port()
    url = (secrets / "redis_url").read_text().strip().replace("//:", f"//{user}:")
    rewrite(secrets / "redis_url", url)
    command, env = valkey_command(tmp_path, secrets, port)
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    here = url.replace("@valkey:6379", f"@127.0.0.1:{port}")
    try:
        with redis.from_url(here, retry=Retry(ConstantBackoff(0.1), 100)) as client:
            assert client.ping()
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize(
    "url",
    [
        "redis://valkey:6379/0",
        "redis://valkey",
        "redis://:@valkey:6379/0",
        "redis://default@valkey:6379/0",
        "redis://:per%20cent@valkey:6379/0",
        "redis://:two words@valkey:6379/0",
        "a-password-alone",
        "",
    ],
)
def test_valkey_does_not_start_without_a_password_that_its_clients_read_as_well(
    tmp_path: Path, secrets: Path, url: str
) -> None:
    rewrite(secrets / "redis_url", url)
    command, env = valkey_command(tmp_path, secrets, free_port())
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot start: the secret redis_url is not of the form" in done.stderr
    assert "cent" not in done.stderr


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
