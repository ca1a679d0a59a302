"""Builds the service from its settings: the only module that creates anything."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypedDict

import argon2
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
from users_service.accounts import Accounts
from users_service.callers import ApiKeys
from users_service.credentials import Credentials
from users_service.domain import SignUpMode
from users_service.keys import Keys
from users_service.limits import Limits
from users_service.passwords import Passwords, common_passwords
from users_service.sessions import Sessions
from users_service.settings import Settings
from users_service.sign_up import Entrance

log = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024
_PASSWORD_THREADS: Final = min(4, os.cpu_count() or 1)
_PASSWORDS_WAITING: Final = 64
_REDIS_SECONDS: Final = 1.0
_HOUSEKEEPING_SECONDS: Final = 15 * 60


class State(TypedDict):
    """What a request can reach, as `request.state`."""

    api_keys: ApiKeys
    accounts: Accounts
    credentials: Credentials
    entrance: Entrance
    keys: Keys
    sessions: Sessions


def argon2id() -> argon2.PasswordHasher:
    """OWASP's first choice in its password storage sheet: 19 MiB, two passes, one lane."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def connect_redis(url: str) -> Redis:
    # No retries: an attempt to sign in waits for it, and there is something to fall back on.
    return Redis.from_url(
        url,
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
            state = _state(settings, sessions, redis, passwords, registry, now)
            await state["keys"].keep_fresh()
            keeping = _keep_house(state["keys"], state["sessions"])
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


def _state(
    settings: Settings,
    sessions: async_sessionmaker[AsyncSession],
    redis: Redis,
    passwords: Passwords,
    registry: CollectorRegistry,
    now: Callable[[], datetime],
) -> State:
    limits = Limits(
        redis,
        wrong_passwords_per_address=settings.wrong_passwords_per_address,
        sign_ups_per_hour=settings.signups_per_hour,
        registry=registry,
    )
    checks = Counter(
        "users_password_checks", "Passwords checked, by result", ["result"], registry=registry
    )
    credentials = Credentials(sessions, passwords, limits, checks)
    keys = Keys(sessions, now=now)
    setup_token = settings.setup_token
    return State(
        api_keys=ApiKeys.parse(settings.api_keys.get_secret_value()),
        accounts=Accounts(database=sessions, passwords=passwords, now=now),
        credentials=credentials,
        entrance=Entrance(
            database=sessions,
            passwords=passwords,
            limits=limits,
            common=common_passwords(),
            mode=SignUpMode(settings.signup),
            setup_token=setup_token.get_secret_value().strip() if setup_token else None,
            now=now,
        ),
        keys=keys,
        sessions=Sessions(
            database=sessions,
            credentials=credentials,
            keys=keys,
            issuer=settings.token_issuer,
            now=now,
        ),
    )


async def _keep_house(keys: Keys, sessions: Sessions) -> None:
    """Until cancelled. A failure is logged and tried again, never fatal."""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        try:
            await keys.keep_fresh()
            await sessions.forget_dead()
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
