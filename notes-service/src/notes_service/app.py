"""Builds the service from its settings: the only module that creates anything."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

import httpx
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError
from service_kit import asgi
from service_kit.channel_log import ChannelLog, HistoryOptions, redis_options
from service_kit.tasks import background
from service_kit.tokens import Jwks, Revocations, TokenVerifier

from notes_service import routes
from notes_service.domain.errors import Unavailable
from notes_service.jobs import housekeeping
from notes_service.jobs.comment_rendering import CommentRendering
from notes_service.jobs.rederivation import Rederivation
from notes_service.jobs.relay import Relay
from notes_service.jobs.thinning import Thinner
from notes_service.metrics import Metrics
from notes_service.representations import json_schema_of_problem
from notes_service.routes.bearer import BearerAuth
from notes_service.settings import Settings
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.use_cases.comments import Comments
from notes_service.use_cases.finding import Finding
from notes_service.use_cases.idempotency import Idempotency
from notes_service.use_cases.looked import Looked
from notes_service.use_cases.notes import Notes
from notes_service.use_cases.quota import Quota
from notes_service.use_cases.versions import Versions

# A body of 256 KiB may be six times as long in JSON, every character escaped.
MAX_REQUEST_BYTES: Final = 2 * 1024 * 1024
AUDIENCE: Final = "notes"
_PUBLISH_SECONDS: Final = 5.0
_REVOCATION_SECONDS: Final = 0.5


class State(TypedDict):
    """What a request can reach, as `request.state`."""

    notes: Notes
    finding: Finding
    looked: Looked
    comments: Comments
    versions: Versions
    bearer_auth: BearerAuth


def create_app(settings: Settings) -> FastAPI:
    """Return the application; it connects when its lifespan begins, not before."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    database = Database(
        settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )
    redis, revoked = _redis(settings), _redis_of_revocations(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        # Torn down bottom to top, whatever fails in between.
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            stack.push_async_callback(redis.aclose)
            stack.push_async_callback(revoked.aclose)
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=3.0))
            renderer = Renderer()
            stack.push_async_callback(renderer.close)
            relay = _relay(settings, redis, metrics)
            await stack.enter_async_context(background(relay.run(), name="relay"))
            quota = Quota(database, _now, settings.daily_mib * 2**20)
            thinner = Thinner(database, settings.versions_keep_days)
            keeping = housekeeping.run(database, metrics, quota, thinner, now=_now)
            await stack.enter_async_context(background(keeping, name="housekeeping"))
            rederivation = Rederivation(database, renderer)
            await stack.enter_async_context(background(rederivation.run(), name="rederivation"))
            comment_rendering = CommentRendering(database, renderer)
            await stack.enter_async_context(
                background(comment_rendering.run(), name="comment rendering")
            )
            idempotency = Idempotency(database, _now)
            notes = Notes(
                database,
                idempotency,
                renderer,
                rederivation.by_current_rules,
                quota,
                metrics,
                relay.wake,
                _now,
            )
            yield {
                "notes": notes,
                "versions": Versions(database, notes, _now),
                "finding": Finding(database),
                "looked": Looked(database, _now),
                "comments": Comments(
                    database, idempotency, renderer, quota, metrics, relay.wake, _now
                ),
                "bearer_auth": _bearer_auth(
                    settings, client, Revocations(revoked, metrics.unread)
                ),
            }

    async def ready() -> dict[str, bool]:
        return {"postgresql": await _has(database), "redis": await _has_redis(redis)}

    app = FastAPI(title="notes-service", version="1", lifespan=lifespan, docs_url=None,
                  redoc_url=None, openapi_url=None, redirect_slashes=False)  # fmt: skip
    routes.install(app)
    asgi.install(
        app,
        ready=ready,
        registry=registry,
        max_body=MAX_REQUEST_BYTES,
        # Saves succeed without it; what they announce waits in the outbox.
        optional=frozenset({"redis"}),
    )
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The interface in OpenAPI, as committed in contracts/http/notes.json."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    document["components"]["schemas"]["ProblemOut"] = _problem_schema()
    document["components"]["securitySchemes"] = {
        "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    document["security"] = [{"accessToken": []}, {}]
    return document


def _problem_schema() -> dict[str, Any]:
    schema = json_schema_of_problem()
    schema.pop("$defs", None)  # they are components of their own already
    return schema


def _now() -> datetime:
    return datetime.now(UTC)


def _redis(settings: Settings) -> Redis:
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=4,
        # The relay itself tries again, from the first event that is not confirmed.
        **(redis_options(_PUBLISH_SECONDS) | {"socket_connect_timeout": 2.0}),
    )


def _redis_of_revocations(settings: Settings) -> Redis:
    """Every request waits for it, so it has to be quick, or is left out."""
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        **redis_options(_REVOCATION_SECONDS),
        max_connections=64,
        timeout=_REVOCATION_SECONDS,
    )
    return Redis.from_pool(pool)


def _relay(settings: Settings, redis: Redis, metrics: Metrics) -> Relay:
    return Relay(
        settings.database_url.get_secret_value(),
        ChannelLog(redis, prefix=settings.channel_prefix),
        history=HistoryOptions(settings.history_size, settings.history_ttl_seconds),
        metrics=metrics,
    )


def _bearer_auth(
    settings: Settings, client: httpx.AsyncClient, revocations: Revocations
) -> BearerAuth:
    jwks = Jwks(str(settings.jwks_url), client)
    verifier = TokenVerifier(jwks, issuer=settings.token_issuer, audience=AUDIENCE)
    return BearerAuth(verifier, revocations, is_reading_public=settings.public_read)


async def _has(database: Database) -> bool:
    try:
        await database.ping()
    except Unavailable:
        return False
    return True


async def _has_redis(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (RedisError, OSError, TimeoutError):
        return False
