"""A database with the tables in it, and the service on top, for each test anew."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from local_stack.postgres import Postgres
from users_running import KEY, Service, running, some_settings
from users_service import database
from users_service.migrations import migrate


@pytest.fixture(scope="session")
def users_template(postgres: Postgres) -> str:
    """The name of a database that has been migrated once, to be copied."""
    url = postgres.create_database("users_template")

    async def make() -> None:
        engine = database.connect(url)
        await migrate(engine)
        await engine.dispose()

    asyncio.run(make())
    return "users_template"


@pytest.fixture
def users_database(postgres: Postgres, users_template: str) -> Iterator[str]:
    url = postgres.create_database(template=users_template)
    yield url
    postgres.drop_database(url)


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
