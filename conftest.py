"""The real servers that tests stand on: one PostgreSQL and one Valkey for the whole run.

They live in a temporary directory, on free ports, skip fsync, and die with the test run,
however it ends. Each test gets an empty database and an empty Valkey. Where several tests run
at a time each worker has servers of its own. What servers said while a test failed is kept.
"""

import gc
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import httpx
import hypothesis
import kept_logs
import pytest
from local_stack import ports
from local_stack.bootstrap import Environment
from local_stack.frontend_build import FrontendBuild
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey

ROOT = Path(__file__).parent

pytest_plugins = ["quick_set"]


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        number = int(config.workerinput["workerid"].removeprefix("gw"))
        os.environ |= ports.part(number, config.workerinput["workercount"])
    # How long an example takes says something about the machine, nothing about the code.
    hypothesis.settings.register_profile("notes", deadline=None)
    hypothesis.settings.load_profile("notes")
    gc.disable()
    # asyncio takes the place of Python's own handler for every test and fixture, and names all
    # that the task holds in a message that nobody reads: a quarter of what such a test costs.
    signal.signal(signal.SIGINT, _interrupt)
    # To read the machine's certificates is nine tenths of what an HTTP client costs.
    httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    kept_logs.begin(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        kept_logs.keep(item, report)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side, tests are handed out by name: of several with one name, one would run.

    Schemathesis gives every operation of an interface the same name.
    """
    names: Counter[str] = Counter()
    for item in items:
        name = item.nodeid
        names[name] += 1
        if names[name] > 1:
            item._id = replace(item._id, params=str(names[name]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A page in a browser needs its scripts, also where pytest itself was typed."""
    # Modules and tests stay: what looks for garbage passes them over from here on.
    gc.freeze()
    gc.enable()
    if any(item.get_closest_marker("browser") for item in session.items):
        FrontendBuild(Environment(ROOT)).ensure()


@pytest.fixture(scope="session")
def servers_dir(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    # Not pytest's own folder: only root may enter that, and PostgreSQL may have to be nobody.
    path = Path(tempfile.mkdtemp(prefix="notes-tests-"))
    path.chmod(0o711)
    kept_logs.look_into(request.config, path, tmp_path_factory.getbasetemp())
    # At the very end: a failure on the way there is still told with its logs.
    request.config.add_cleanup(partial(shutil.rmtree, path, ignore_errors=True))
    return path


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
