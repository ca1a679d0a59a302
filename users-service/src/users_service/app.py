"""Builds the service from its settings: the only module that creates anything."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import argon2
import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from service_kit import asgi
from service_kit.tasks import background
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import answers, database, original, v1
from users_service.disconnects import GATEWAY_SECONDS, Disconnects
from users_service.elsewhere import SECONDS
from users_service.passwords import Passwords
from users_service.settings import Settings
from users_service.state import State, Tools, build

log = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024
_PASSWORD_THREADS: Final = min(4, os.cpu_count() or 1)
_PASSWORDS_WAITING: Final = 64
_REDIS_SECONDS: Final = 1.0
_HOUSEKEEPING_SECONDS: Final = 15 * 60


def argon2id() -> argon2.PasswordHasher:
    """OWASP's first choice in its password storage sheet: 19 MiB, two passes, one lane."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def connect_redis(url: str) -> Redis:
    # No retries: an attempt to sign in waits for it, and there is something to fall back on.
    return Redis.from_url(
        url,
        # With RESP3 redis-py takes a connection that Redis has closed for one with news.
        protocol=2,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def create_app(
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    hasher: argon2.PasswordHasher | None = None,
) -> FastAPI:
    """Tests give a clock that they move, and a `hasher` that costs them nothing."""
    registry = CollectorRegistry()
    engine = database.connect(settings.database_url.get_secret_value())
    redis = connect_redis(settings.redis_url.get_secret_value())
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        # Built top to bottom, torn down bottom to top, whatever fails in between.
        async with AsyncExitStack() as stack:
            stack.push_async_callback(engine.dispose)
            stack.push_async_callback(redis.aclose)
            passwords = Passwords(
                hasher or argon2id(),
                threads=_PASSWORD_THREADS,
                waiting_limit=_PASSWORDS_WAITING,
            )
            stack.callback(passwords.close)
            outside = await stack.enter_async_context(
                httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False)
            )
            tools = Tools(
                database=sessions,
                redis=redis,
                outside=outside,
                passwords=passwords,
                registry=registry,
                now=now,
            )
            state = build(settings, tools)
            await state["keys"].keep_fresh()
            gateway = await stack.enter_async_context(_gateway_client(settings))
            disconnects = _disconnects(gateway, tools)
            if settings.gateway_url:
                telling = background(disconnects.run(), name="disconnects")
                await stack.enter_async_context(telling)
            else:
                log.warning(
                    "USERS_GATEWAY_URL is not set: sockets of ended sessions stay open for up "
                    "to five minutes"
                )
            keeping = _keep_house(state, disconnects)
            await stack.enter_async_context(background(keeping, name="housekeeping"))
            yield state

    async def ready() -> dict[str, bool]:
        return {"database": await _answers(sessions), "redis": await _pongs(redis)}

    app = FastAPI(
        title="users-service",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # Without Redis people still sign in: see `limits`.
    asgi.install(
        app,
        ready=ready,
        registry=registry,
        max_body=MAX_BODY,
        optional=frozenset({"redis"}),
    )
    answers.install(app)
    v1.install(app)
    original.install(app)
    return app


def _disconnects(gateway: httpx.AsyncClient, tools: Tools) -> Disconnects:
    told = Counter(
        "users_session_ends",
        "Ends of sessions that the gateway was told, by result",
        ["result"],
        registry=tools.registry,
    )
    return Disconnects(database=tools.database, gateway=gateway, told=told, now=tools.now)


def _gateway_client(settings: Settings) -> httpx.AsyncClient:
    key = settings.gateway_api_key
    return httpx.AsyncClient(
        base_url=settings.gateway_url or "",
        headers={"X-API-Key": key.get_secret_value().strip()} if key else {},
        timeout=GATEWAY_SECONDS,
        trust_env=False,
    )


async def _keep_house(state: State, disconnects: Disconnects) -> None:
    """Until cancelled. A failure is logged and tried again, never fatal."""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        try:
            await state["keys"].keep_fresh()
            await state["sessions"].forget_dead()
            await state["audit"].forget_old()
            await disconnects.forget_old()
        except (SQLAlchemyError, OSError) as error:
            log.warning("housekeeping failed, again in a while: %s", type(error).__name__)


async def _answers(sessions: async_sessionmaker[AsyncSession]) -> bool:
    try:
        async with sessions() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _pongs(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False
