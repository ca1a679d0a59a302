"""Gateways for tests: each a real process on a real Valkey."""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.valkey import Valkey


@pytest.fixture
def start_gateway(tmp_path: Path, redis_url: str) -> Iterator[StartGateway]:
    """`start_gateway(options, **environ)`; all are stopped at the end of the test."""
    started: list[GatewayProcess] = []

    def start(
        options: dict[str, Any] | None = None,
        redis: str = redis_url,
        arguments: Sequence[str] = (),
        program: Sequence[str] = (),
        **environ: str,
    ) -> GatewayProcess:
        gateway = GatewayProcess(
            tmp_path, options or insecure(), redis, arguments, program, **environ
        )
        started.append(gateway)
        return gateway

    yield start
    for gateway in started:
        gateway.kill()


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Path
) -> Iterator[GatewayProcess]:
    """One gateway for all tests of a module, that lets everybody do everything. It has a Valkey
    of its own, which nobody flushes: take names from `channel`."""
    valkey = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    valkey.start()
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), insecure(), valkey.url)
    yield gateway.wait_ready()
    gateway.kill()
    valkey.stop()


@pytest.fixture
def channel() -> str:
    """A name that no other test uses."""
    return f"c-{secrets.token_hex(4)}"
