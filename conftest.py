"""The real servers that tests stand on: one PostgreSQL and one Valkey for the whole run.

They live in a temporary directory, on free ports, skip fsync, and die with the test run,
however it ends. Each test gets an empty database and an empty Valkey.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey

import web  # noqa: F401 - first of all, or pytest takes the folder web/ for this package


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    # Not pytest's own folder: only root may enter that, and PostgreSQL may have to be nobody.
    path = Path(tempfile.mkdtemp(prefix="notes-tests-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(servers_dir: Path) -> Iterator[Postgres]:
    server = Postgres(servers_dir / "postgres", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(servers_dir: Path) -> Iterator[Valkey]:
    server = Valkey(servers_dir / "valkey", persist=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    valkey.flush()
    return valkey.url
