"""A server that answers and takes no writes: the node says so, and leaves it when it can."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from in_process import node
from realtime_gateway.app import Gateway
from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError


@pytest.fixture
async def others(redis_url: str) -> set[str]:
    """Connections that other tests have left open."""
    async with Redis.from_url(redis_url) as operator:
        return {each["id"] for each in await operator.client_list()}


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str, others: set[str]) -> AsyncIterator[Gateway]:
    async with node(tmp_path, redis_url) as gateway:
        yield gateway


async def publish(gateway: Gateway) -> Any:
    options = gateway.node.rules.channels.options("a")
    assert options is not None
    return await gateway.node.publish("a", options, b'{"data":1}')


async def test_a_demoted_master_makes_a_node_unready_and_its_connections_are_left(
    gateway: Gateway, redis_url: str, others: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    await publish(gateway)
    async with Redis.from_url(redis_url) as operator:
        try:
            await operator.execute_command("REPLICAOF", "127.0.0.1", "1")
            before = {each["id"] for each in await operator.client_list(_type="normal")}
            assert (await gateway.readiness.checks())["redis"] is False
            assert "ReadOnlyError: You can't write against a read only replica" in caplog.text
            with pytest.raises(ReadOnlyError):
                await publish(gateway)
            kept = {each["id"] for each in await operator.client_list(_type="normal")}
        finally:
            await operator.execute_command("REPLICAOF", "NO", "ONE")
        # One that idles in the pool is left when it is told, too.
        assert before - others - kept, "who was told has left"
        assert (await gateway.readiness.checks())["redis"] is True
        await publish(gateway)


async def test_a_right_that_is_missing_is_named_by_redis_own_error(
    gateway: Gateway, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Redis.from_url(redis_url) as operator:
        try:
            await operator.execute_command("ACL", "SETUSER", "default", "-eval", "-set")
            assert (await gateway.readiness.checks())["redis"] is False
            assert "NoPermissionError" in caplog.text
        finally:
            await operator.execute_command("ACL", "SETUSER", "default", "+@all")
        assert (await gateway.readiness.checks())["redis"] is True
