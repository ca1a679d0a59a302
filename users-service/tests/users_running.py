"""The service under test: in this process with a clock of its own, or as a process."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import argon2
import httpx
from fastapi import FastAPI
from forked_process import ForkedProcess
from local_stack.ports import free_port
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from users_service.app import routed, running_service
from users_service.settings import Settings

KEY = ("them", "a-key-for-tests-only")
PASSWORD = "a quiet river at dawn"
ENCRYPTION_KEY = "c2VhbHMgaW4gdGVzdHMgb25seSwgb2YgMzIgYnl0ZXM"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


def some_settings(database_url: str, redis_url: str, **others: Any) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        api_keys=SecretStr("web:another-key," + ":".join(KEY)),
        encryption_key=SecretStr(ENCRYPTION_KEY),
        **{"signup": "open", **others},
    )


@dataclass
class Service:
    """A running application; each client is a machine of its own."""

    app: FastAPI
    state: dict[str, Any]
    clock: Clock
    registry: CollectorRegistry
    ready: Callable[[], Awaitable[dict[str, bool]]]
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, address: str = "192.0.2.1", **options: Any) -> httpx.AsyncClient:
        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            scope["state"] = dict(self.state)
            await self.app(scope, receive, send)

        transport = httpx.ASGITransport(app=with_state, client=(address, 50_000))
        client = httpx.AsyncClient(
            transport=transport, base_url="http://users", timeout=30, **options
        )
        self.clients.append(client)
        return client


@asynccontextmanager
async def running(
    settings: Settings, *, hasher: argon2.PasswordHasher = CHEAP
) -> AsyncIterator[Service]:
    clock, registry = Clock(), CollectorRegistry()
    async with running_service(settings, registry, now=clock, hasher=hasher) as there:
        service = Service(_routes(), dict(there.state), clock, registry, there.ready)
        try:
            yield service
        finally:
            for client in service.clients:
                await client.aclose()


@cache
def _routes() -> FastAPI:
    """The same for all tests: they know only the state that a request brings along."""

    async def unasked() -> dict[str, bool]:
        raise AssertionError("ask Service.ready")

    return routed(CollectorRegistry(), ready=unasked)


def environment(database_url: str, redis_url: str, **others: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "USERS_DATABASE_URL": database_url,
        "USERS_REDIS_URL": redis_url,
        "USERS_API_KEYS": ":".join(KEY),
        "USERS_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "USERS_SIGNUP": "open",
        **others,
    }


@dataclass
class Process:
    url: str
    process: ForkedProcess
    log: Path


@contextmanager
def process(env: dict[str, str], log: Path) -> Iterator[Process]:
    """`python -m users_service` on a free port, stopped as an operator would."""
    port = free_port()
    started = ForkedProcess("users_service", env={**env, "USERS_PORT": str(port)}, log=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, started, log)
        yield Process(url, started, log)
    finally:
        started.terminate()
        started.wait(timeout=15)


def _wait_until_ready(url: str, started: ForkedProcess, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if started.poll() is not None:
            raise AssertionError(f"ended with {started.poll()}: {log.read_text()}")
        try:
            if httpx.get(f"{url}/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"not ready: {log.read_text()}")
