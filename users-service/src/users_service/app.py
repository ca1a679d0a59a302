"""Builds the service from its settings: the only module that creates anything."""

import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Final

import argon2
import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit import asgi
from service_kit.channel_log import redis_options
from service_kit.tasks import background
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import database
from users_service.credentials.passwords import Passwords
from users_service.http import problems, v1
from users_service.jobs.gateway_disconnects import GATEWAY_SECONDS, GatewayDisconnects
from users_service.jobs.housekeeping import keep_house
from users_service.legacy import routes
from users_service.oidc.client import SECONDS
from users_service.settings import Settings
from users_service.wiring import RequestState, Resources, wire

log = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024
_PASSWORD_THREADS: Final = min(4, os.cpu_count() or 1)
_PASSWORDS_WAITING: Final = 64
_REDIS_SECONDS: Final = 3.0
"""A late answer is not an absent Redis: on a busy machine it may take more than a second."""


def argon2id() -> argon2.PasswordHasher:
    """OWASP's first choice in its password storage sheet: 19 MiB, two passes, one lane."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def connect_redis(url: str) -> Redis:
    """Return a client that gives up after three seconds and never retries by itself."""
    # No retries: an attempt to sign in waits for it, and there is something to fall back on.
    return Redis.from_url(url, **redis_options(_REDIS_SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that runs: what its requests can reach, and whether it can serve them."""

    state: RequestState
    ready: Callable[[], Awaitable[dict[str, bool]]]


@asynccontextmanager
async def running_service(
    settings: Settings,
    registry: CollectorRegistry,
    *,
    now: Callable[[], datetime],
    hasher: argon2.PasswordHasher | None = None,
) -> AsyncIterator[RunningService]:
    """Everything behind the routes, built top to bottom and torn down bottom to top."""
    async with AsyncExitStack() as stack:
        engine = database.connect(settings.database_url.get_secret_value())
        stack.push_async_callback(engine.dispose)
        redis = connect_redis(settings.redis_url.get_secret_value())
        stack.push_async_callback(redis.aclose)
        passwords = Passwords(
            hasher or argon2id(), threads=_PASSWORD_THREADS, waiting_limit=_PASSWORDS_WAITING
        )
        stack.callback(passwords.close)
        outside = httpx.AsyncClient(
            timeout=SECONDS, follow_redirects=False, trust_env=False, verify=_trusted()
        )
        resources = Resources(
            database=async_sessionmaker(engine, expire_on_commit=False),
            redis=redis,
            outside=await stack.enter_async_context(outside),
            passwords=passwords,
            registry=registry,
            now=now,
        )
        state = wire(settings, resources)
        await state["signing_keys"].keep_fresh()
        gateway = await stack.enter_async_context(_gateway_client(settings))
        disconnects = _disconnects(gateway, resources)
        if settings.gateway_url:
            disconnecting = background(disconnects.run(), name="disconnects")
            await stack.enter_async_context(disconnecting)
        else:
            log.warning(
                "USERS_GATEWAY_URL is not set: sockets of ended sessions stay open for up "
                "to five minutes"
            )
        revoking = background(state["revocations"].run(), name="revocations")
        await stack.enter_async_context(revoking)
        if settings.smtp_host:
            sending = background(state["mail_sender"].run(), name="mailing")
            await stack.enter_async_context(sending)
        keeping = _keep_house(state, disconnects)
        await stack.enter_async_context(background(keeping, name="housekeeping"))
        yield RunningService(state=state, ready=partial(_ready, resources))


def create_app(
    settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> FastAPI:
    """Return the application; it connects when its lifespan begins, not before.

    `now` is the clock of everything behind the routes.
    """
    registry = CollectorRegistry()
    running: RunningService | None = None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[RequestState]:
        nonlocal running
        async with running_service(settings, registry, now=now) as running:
            yield running.state

    async def ready() -> dict[str, bool]:
        return await running.ready() if running else {"database": False, "redis": False}

    return routed(registry, ready=ready, lifespan=lifespan)


def routed(
    registry: CollectorRegistry,
    *,
    ready: Callable[[], Awaitable[dict[str, bool]]],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[RequestState]] | None = None,
) -> FastAPI:
    """Return the application with its routes, which reach only what `request.state` brings."""
    app = FastAPI(
        title="users-service",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # Without Redis people still sign in: see `rate_limits`.
    asgi.install(
        app,
        ready=ready,
        registry=registry,
        max_body=MAX_BODY,
        optional=frozenset({"redis"}),
    )
    problems.install(app)
    v1.install(app)
    routes.install(app)
    return app


async def _ready(resources: Resources) -> dict[str, bool]:
    return {
        "database": await _answers(resources.database),
        "redis": await _pongs(resources.redis),
    }


@cache
def _trusted() -> ssl.SSLContext:
    """Return the machine's certificate authorities, which are read once."""
    return httpx.create_ssl_context(trust_env=False)


def _disconnects(gateway: httpx.AsyncClient, resources: Resources) -> GatewayDisconnects:
    delivered = Counter(
        "users_session_ends",
        "Ends of sessions that the gateway was told, by result",
        ["result"],
        registry=resources.registry,
    )
    return GatewayDisconnects(
        database=resources.database, gateway=gateway, delivered=delivered, now=resources.now
    )


def _gateway_client(settings: Settings) -> httpx.AsyncClient:
    key = settings.gateway_api_key
    return httpx.AsyncClient(
        base_url=settings.gateway_url or "",
        headers={"X-API-Key": key.get_secret_value().strip()} if key else {},
        timeout=GATEWAY_SECONDS,
        trust_env=False,
        verify=_trusted(),
    )


async def _keep_house(state: RequestState, disconnects: GatewayDisconnects) -> None:
    """Check the providers once, then do the chores until cancelled."""
    await state["flows"].check_providers()
    await keep_house(
        (
            state["signing_keys"].keep_fresh,
            state["sessions"].forget_dead,
            state["audit"].forget_old,
            state["mail_sender"].forget_dead,
            disconnects.forget_old,
        )
    )


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
