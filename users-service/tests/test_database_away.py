"""While PostgreSQL starts or stops, the answer is "not now", whoever says it and however."""

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from service_kit import asgi
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from users_service.http import problems


class SaidError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


async def asked(error: Exception) -> httpx.Response:
    app = FastAPI()

    async def ready() -> dict[str, bool]:
        return {}

    @app.post("/v1/tokens")
    async def token() -> None:
        raise error

    asgi.install(app, ready=ready, registry=CollectorRegistry(), max_body=1)
    problems.install(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://users") as client:
        return await client.post("/v1/tokens")


@pytest.mark.parametrize("sqlstate", ["57P03", "57P01", "53300", "08006", "40001"])
async def test_what_postgresql_says_by_a_code_alone_is_not_now(sqlstate: str) -> None:
    answer = await asked(DBAPIError("", {}, SaidError(sqlstate)))
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("lost", [OperationalError, InternalError])
async def test_a_lost_connection_is_not_now(lost: type[DBAPIError]) -> None:
    answer = await asked(lost("", {}, SaidError(None)))
    assert answer.status_code == 503


@pytest.mark.parametrize("sqlstate", ["42P01", "22001", None])
async def test_a_fault_of_ours_is_not_called_the_database_s(sqlstate: str | None) -> None:
    answer = await asked(DBAPIError("", {}, SaidError(sqlstate)))
    assert answer.status_code == 500
