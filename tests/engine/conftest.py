"""Tests on a real Docker Engine; run by `./notes test --engine`, left out where none answers.

One installation serves the whole session; every test leaves it up and healthy.
"""

from collections.abc import Iterator
from pathlib import Path

import docker_engine
import pytest
from guest import Guest
from installation import Installation

ADMIN, PASSWORD = "ada", "nine red apples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        # The first one waits for five images.
        item.add_marker(pytest.mark.timeout(1800))
        item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def engine() -> None:
    if why := docker_engine.missing():
        pytest.skip(f"no Docker Engine answers: {why}")


@pytest.fixture(scope="session")
def installation(
    engine: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """What the README says, typed: secrets, build, up."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    made.type("./notes", "secrets")
    try:
        made.timed("build", "build")
        made.timed("healthy", "up", "--wait")
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def _administrator(installation: Installation) -> None:
    with Guest(installation.url) as ada:
        made = ada.sign_up(ADMIN, PASSWORD, setup_token=installation.secret("setup_token"))
        assert made.status_code == 303, made.text


@pytest.fixture
def ada(installation: Installation, _administrator: None) -> Iterator[Guest]:
    """The first administrator, signed in."""
    with Guest(installation.url) as ada:
        assert ada.log_in(ADMIN, PASSWORD).status_code == 303
        yield ada
