"""The service in this process, on a real PostgreSQL and a real Valkey, for each test anew."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from local_stack.postgres import Postgres
from note_api import Api
from note_tokens import Issuer
from notes_service import schema
from notes_service.app import create_app
from notes_service.jobs import backlog
from notes_service.settings import Settings
from notes_service.store.database import Database
from service_data.database import driver_url


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def migrated_url(postgres: Postgres) -> str:
    url = postgres.create_database()
    asyncio.run(schema.upgrade(driver_url(url)))
    return url


@pytest.fixture
async def notes_url(migrated_url: str) -> str:
    """A database with the schema and nothing in it: emptied, which is faster than made."""
    connection = await asyncpg.connect(migrated_url)
    await connection.execute(
        "TRUNCATE notes, note_versions, looked, comments, comment_versions,"
        " deleted_comments, outbox, idempotency_keys, written"
    )
    await connection.close()
    return migrated_url


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
def no_backlog_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier rules made is left to the test: the service looks once, as it starts."""
    monkeypatch.setattr(backlog, "LOOK_EVERY_SECONDS", 3600.0)


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
