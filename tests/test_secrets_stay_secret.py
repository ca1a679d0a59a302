"""T26: no secret gets into a log, a metric, a key in Redis, a command line or a database.

The whole system, tracing all that it can, is led through every way in and through its errors,
with a secret of its own for each. Afterwards each of them is looked for.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import redis
from issuer import CLIENT, SECRET, Issuer
from loop_server import on_a_loop
from mail_server import PASSWORD, USER, MailServer, certificate, mail_server
from secret_walk import Walk
from wired_stack import WiredStack

pytestmark = pytest.mark.slow

OPERATORS = (
    "users_api_key", "web_users_key", "users_encryption_key", "gateway_api_key", "web_secret",
)  # fmt: skip
ALL_THERE_IS = {"NOTES_DEBUG": "*", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}


@asynccontextmanager
async def provider(issuer: Issuer) -> AsyncIterator[Issuer]:
    server = await asyncio.start_server(issuer.answer, "127.0.0.1", issuer.port)
    yield issuer
    server.close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with on_a_loop(provider(Issuer(subject="subject-of-a-canary", username="carla"))) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def post_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MailServer, str]]:
    """A mail server that wants TLS and a password; and what makes its certificate believed."""
    tls, believed = certificate(tmp_path_factory.mktemp("mail"))
    with on_a_loop(mail_server(tls=tls, auth=True)) as server:
        yield server, believed


@pytest.fixture(scope="module")
def watched(
    servers_dir: Path, issuer: Issuer, post_office: tuple[MailServer, str]
) -> Iterator[WiredStack]:
    stack = WiredStack(servers_dir / "watched", durable=False, settings=ALL_THERE_IS)
    provider = {"name": "work", "title": "Work", "issuer": issuer.url}
    provider |= {"client_id": CLIENT, "client_secret": SECRET}
    stack.services["users-service"].env |= {
        "USERS_PROVIDERS": json.dumps([provider]),
        "USERS_SMTP_HOST": "localhost",
        "USERS_SMTP_PORT": str(post_office[0].port),
        "USERS_SMTP_CA": post_office[1],
        "USERS_SMTP_USER": USER,
        "USERS_SMTP_PASSWORD": PASSWORD,
        "USERS_MAIL_FROM": "notes@example.org",
    }
    stack.edge.env |= {"EDGE_LOG_LEVEL": "DEBUG", "EDGE_LOG_FORMAT": "json"}
    with stack, stack.people:
        yield stack


@pytest.fixture(scope="module")
def walk(
    watched: WiredStack, issuer: Issuer, post_office: tuple[MailServer, str]
) -> Iterator[Walk]:
    """Done once; each test looks for its traces in another place."""
    walk = Walk(watched)
    walk.sign_up_and_in()
    walk.texts()
    walk.sockets()
    walk.tokens_of_programs()
    walk.second_factor()
    walk.emails(post_office[0])
    walk.reset()
    walk.provider(issuer)
    walk.mistakes()
    walk.breakdowns()
    for name in OPERATORS:
        value = str(getattr(watched.environment, name)).rpartition(":")[2]
        walk.canaries.keep(f"the operator's {name}", value)
    for name in ("notes_database", "users_database", "redis"):
        password = urlsplit(getattr(watched.environment, name)).password
        walk.canaries.keep(f"the password of {name}", str(password))
    yield walk
    walk.http.close()


def test_no_secret_gets_into_any_log(walk: Walk) -> None:
    logs = {path: path.read_text("utf-8", "replace") for path in _logs(walk.stack)}
    services = {"users-service", "notes-service", "realtime-gateway", "web", "edge", "answers"}
    assert services | {"postgres", "valkey"} >= {path.stem for path in logs} >= services
    assert any("Traceback" in text for text in logs.values())  # the breakdowns were ones
    found = walk.canaries.found_in((path.name, text) for path, text in logs.items())
    assert list(found) == []


def _logs(stack: WiredStack) -> list[Path]:
    return [path for path in stack.data_dir.rglob("*.log*") if path.is_file()]


def test_no_secret_gets_into_a_metric(walk: Walk) -> None:
    texts = []
    for name, service in walk.stack.services.items():
        answer = httpx.get(f"{service.url}/metrics", trust_env=False, timeout=30)
        texts.append((name, answer.raise_for_status().text))
    assert list(walk.canaries.found_in(texts)) == []


def test_no_secret_is_the_name_of_a_key_in_redis(walk: Walk) -> None:
    with redis.from_url(walk.stack.valkey.url) as client:
        names = [name.decode("utf-8", "replace") for name in client.scan_iter(count=1000)]
    assert names
    assert list(walk.canaries.found_in(("a key", name) for name in names)) == []


def test_no_secret_stands_on_a_command_line_or_in_an_environment(walk: Walk) -> None:
    """What the operator gives a part may be in its environment, which nobody else may read."""
    tops = [psutil.Process(part.pid) for part in walk.stack.parts.values()]
    processes = [each for top in tops for each in (top, *top.children(recursive=True))]
    lines = [(process.name(), " ".join(process.cmdline())) for process in processes]
    assert list(walk.canaries.found_in(lines)) == []
    given = ("the operator's", "the password of", "the client's secret", "the mail server's")
    found = walk.canaries.found_in(
        (process.name(), "\n".join(process.environ().values())) for process in processes
    )
    assert [each for each in found if not each.startswith(given)] == []


# Kept because they are what is kept: texts by notes-service, the address by users-service.
KEPT = ("a title", "a body", "a comment", "the e-mail address")


@pytest.mark.parametrize("database", ["users", "notes"])
def test_no_secret_lies_in_a_database_in_clear(walk: Walk, database: str) -> None:
    server = walk.stack.postgres
    login = urlsplit(server.url)
    done = subprocess.run(
        [server.programs / "pg_dump", "-h127.0.0.1", f"-p{server.port}", "--inserts", database],
        env={"PGUSER": login.username or "", "PGPASSWORD": login.password or ""},
        capture_output=True,
        timeout=60,
        check=True,
    )
    dump = done.stdout.decode()
    assert "INSERT INTO" in dump
    found = set(walk.canaries.found_in([(database, dump)]))
    assert found - {f"{name} in {database}" for name in KEPT} == set()
