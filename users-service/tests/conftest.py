"""A database with the tables in it, and the service on top, for each test as good as new."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from local_stack.postgres import Postgres
from users_running import KEY, Service, running, some_settings
from users_service import database
from users_service.migrations import migrate

_TABLES = (
    "letters", "ceremonies", "passkeys", "recovery_codes", "totp", "session_ends",
    "audit_log", "retired_usernames", "reset_links", "api_tokens", "sessions",
    "invitations", "setup", "identities", "accounts", "signing_keys",
)  # fmt: skip


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    url = postgres.create_database("users_tests")

    async def make() -> None:
        engine = database.connect(url)
        await migrate(engine)
        await engine.dispose()

    asyncio.run(make())
    return url


@pytest.fixture
async def users_database(migrated_database: str) -> str:
    """A database with the tables and nothing in them. Emptying is quicker than making one."""
    deleted = (f"DELETE FROM {table};" for table in _TABLES)  # noqa: S608 - our own names
    connection = await asyncpg.connect(migrated_database)
    await connection.execute("".join(("SET users.sweeps_audit_log = 'on';", *deleted)))
    await connection.close()
    return migrated_database


@pytest.fixture
async def service(users_database: str, redis_url: str) -> AsyncIterator[Service]:
    async with running(some_settings(users_database, redis_url)) as service:
        yield service


@pytest.fixture
def people(service: Service) -> httpx.AsyncClient:
    """A browser's place: no API key."""
    return service.client()


@pytest.fixture
def original(service: Service) -> httpx.AsyncClient:
    """A program written for the original, with its API key."""
    return service.client(auth=KEY)
