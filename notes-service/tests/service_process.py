"""The real service in a process of its own, which can be killed."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from forked_process import ForkedProcess
from local_stack.ports import free_port


class ServiceProcess:
    """`python -m notes_service` with these settings, on a port of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        quiet = {"NOTES_PORT": str(self.port), "LOG_LEVEL": "ERROR"}
        self._environment = {**os.environ, **environment, **quiet}

    async def start(self) -> None:
        self._process = ForkedProcess("notes_service", env=self._environment)
        async with http_client(self.url) as client:
            for _ in range(2000):
                try:
                    if (await client.get("/health")).status_code == 200:
                        return
                except httpx.TransportError:
                    assert self._process.poll() is None, "the service ended"
                await asyncio.sleep(0.02)
        raise AssertionError("the service does not answer")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """As an operator stops it; returns the exit code."""
        self._process.terminate()
        return self._process.wait(20)


def http_client(url: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """For plain HTTP: reading the machine's certificates would be most of a client's cost."""
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30, verify=False)  # noqa: S501


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(environment)
    await service.start()
    try:
        yield service
    finally:
        service.kill()
