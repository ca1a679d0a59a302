"""The service in this process, on a real PostgreSQL and a real Valkey, for each test anew."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from local_stack.postgres import Postgres
from note_api import Api
from note_tokens import Issuer
from notes_service import schema
from notes_service.app import create_app
from notes_service.settings import Settings
from notes_service.store.database import Database, driver_url

TEMPLATE = "notes_service_template"


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def notes_template(postgres: Postgres) -> str:
    url = postgres.create_database(TEMPLATE)
    asyncio.run(schema.upgrade(driver_url(url)))
    return TEMPLATE


@pytest.fixture
def notes_url(postgres: Postgres, notes_template: str) -> Iterator[str]:
    url = postgres.create_database(template=notes_template)
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def database(notes_url: str) -> AsyncIterator[Database]:
    database = Database(notes_url, pool_size=20)
    yield database
    await database.close()


@pytest.fixture
def settings(notes_url: str, redis_url: str, issuer: Issuer) -> Settings:
    return Settings.model_validate(
        {"database_url": notes_url, "redis_url": redis_url, "jwks_url": issuer.url}
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def api(app: FastAPI, issuer: Issuer) -> AsyncIterator[Api]:
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope, receive, send):  # type: ignore[no-untyped-def]
            # httpx's transport runs no lifespan, so what it yields is put in by hand.
            scope["state"] = dict(state)
            await app(scope, receive, send)

        transport = httpx.ASGITransport(with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://notes") as client:
            yield Api(client, issuer)
