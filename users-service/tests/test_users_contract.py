"""The interface is what contracts/ says, and the database is what the migrations make.

Examples are always the same ones: what is found once is found by everybody.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)
from sqlalchemy import Connection
from users_running import KEY, PASSWORD, Process, environment, process
from users_service import database, tables
from users_service.__main__ import openapi

pytestmark = pytest.mark.slow

CONTRACT = Path(__file__).parents[2] / "contracts" / "http" / "users.json"
OPERATIONS = schemathesis.openapi.from_path(str(CONTRACT))


def test_the_committed_interface_is_the_one_that_is_served() -> None:
    # If this fails: python -m users_service openapi > contracts/http/users.json
    assert CONTRACT.read_text() == openapi() + "\n"


def test_the_migrations_make_exactly_the_tables(migrated_database: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, tables.Base.metadata))

    async def compare() -> list[Any]:
        engine = database.connect(migrated_database)
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
        await engine.dispose()
        return found

    assert asyncio.run(compare()) == []


@pytest.fixture(scope="module")
def served(
    migrated_database: str, valkey: Any, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    log = tmp_path_factory.mktemp("contract") / "log"
    env = environment(migrated_database, valkey.url, USERS_SIGNUPS_PER_HOUR="10000")
    with process(env, log) as running:
        yield running
    assert "Traceback" not in log.read_text()


# Rules of names and passwords go beyond a schema, and the original took numbers for texts:
# what is accepted is tested rule by rule elsewhere, here only how it is answered.
EXCLUDED = [
    positive_data_acceptance,
    negative_data_rejection,
    allow_header_conformance,  # Starlette names the methods of one route only
]


def always_the_same(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )


@pytest.mark.long
@OPERATIONS.parametrize()
@always_the_same(20)
def test_any_request_that_fits_the_contract_gets_an_answer_that_does(
    case: schemathesis.Case, served: Process
) -> None:
    headers = {"Authorization": httpx.BasicAuth(*KEY)._auth_header}
    case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=EXCLUDED)


class SomebodySignedIn:
    """An administrator, signed in a moment ago: anew whenever an act has ended the session."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self._token = ""

    def headers(self) -> dict[str, str]:
        shown = {"Authorization": f"Bearer {self._token}"}
        if not self._token or self._http.get("/v1/account", headers=shown).is_error:
            shown = {"Authorization": f"Bearer {self._sign_in()}"}
        return shown

    def close(self) -> None:
        self._http.close()

    def _sign_in(self) -> str:
        words = {"username": f"tester-{uuid4().hex}", "password": PASSWORD}
        made = self._http.post("/v1/accounts", json=words).raise_for_status().json()
        wanted = {"role": "admin"}
        key = httpx.BasicAuth(*KEY)
        self._http.patch(f"/v1/accounts/{made['id']}", json=wanted, auth=key)
        signed_in = self._http.post("/v1/sessions", json=words).raise_for_status()
        self._token = signed_in.json()["token"]
        return self._token


@pytest.fixture(scope="module")
def somebody(served: Process) -> Iterator[SomebodySignedIn]:
    somebody = SomebodySignedIn(served.url)
    yield somebody
    somebody.close()


@pytest.mark.long
@OPERATIONS.parametrize()
@always_the_same(6)
def test_any_request_of_somebody_signed_in_gets_a_documented_answer_too(
    case: schemathesis.Case, served: Process, somebody: SomebodySignedIn
) -> None:
    headers = somebody.headers()
    case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=EXCLUDED)
