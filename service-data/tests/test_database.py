"""What is said of PostgreSQL being away, and which database an URL names."""

import asyncpg
import pytest
from service_data.database import driver_url, is_away
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class SaidError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize("sqlstate", ["57P03", "57P01", "53300", "08006", "40001", "55P03"])
def test_some_codes_say_not_now(sqlstate: str) -> None:
    assert is_away(DBAPIError("", {}, SaidError(sqlstate)))


@pytest.mark.parametrize(
    "error",
    [
        InterfaceError("", {}, SaidError(None)),
        InternalError("", {}, SaidError(None)),
        DBAPIError("", {}, SaidError("42P01"), connection_invalidated=True),
        asyncpg.CannotConnectNowError(),
        asyncpg.InterfaceError("closed"),
        ConnectionRefusedError(),
        TimeoutError(),
        PoolTimeout(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_connection_is_away(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        DBAPIError("", {}, SaidError("42P01")),
        DBAPIError("", {}, SaidError(None)),
        IntegrityError("", {}, SaidError("23505")),
        asyncpg.UndefinedTableError(),
        ValueError(),
    ],
    ids=repr,
)
def test_a_fault_of_ours_is_not(error: Exception) -> None:
    assert not is_away(error)


def test_the_driver_s_url_keeps_password_and_sslmode() -> None:
    assert driver_url("postgresql://ana:p%40ss@db:5433/notes?sslmode=require") == (
        "postgresql+asyncpg://ana:p%40ss@db:5433/notes?ssl=require"
    )
