"""Several workers on one port: one gateway to its clients, its balancer and its operator."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from prometheus_client import Counter, Gauge, generate_latest
from raw_client import RawClient
from realtime_gateway import workers
from realtime_gateway.config.options import ClientOptions, Options
from realtime_gateway.worker_metrics import SharedRegistry, WorkerSlot
from realtime_gateway.workers import _Parent, share
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

CLIENTS = 12


def workers_of(gateway: GatewayProcess) -> list[psutil.Process]:
    return psutil.Process(gateway.process.pid).children()


@contextlib.asynccontextmanager
async def clients(gateway: GatewayProcess) -> AsyncIterator[list[RawClient]]:
    async with contextlib.AsyncExitStack() as stack:
        connected = []
        for _ in range(CLIENTS):
            client = await stack.enter_async_context(RawClient(gateway.ws_url))
            await client.connect()
            await client.subscribe("a")
            connected.append(client)
        yield connected


async def until_metric(gateway: GatewayProcess, name: str, value: float) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if gateway.metric(name) == value:
                    return
            await asyncio.sleep(0.1)


async def test_a_publication_to_any_worker_reaches_the_clients_of_all(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(arguments=["--workers", "2"]).wait_ready(60)
    async with clients(gateway) as connected:
        for number in range(5):
            gateway.publish("a", number)
        for client in connected:
            assert [(await client.publication())["data"] for _ in range(5)] == [*range(5)]
        await until_metric(gateway, "client_connections_inflight", CLIENTS)
        await until_metric(gateway, "node_messages_sent_count_total", CLIENTS * 5)
        served = {len(each.net_connections()) for each in workers_of(gateway)}
        assert len(workers_of(gateway)) == 2
        assert min(served) > 2, "the kernel shares connections out"


async def test_a_killed_worker_is_started_again_and_its_counts_are_kept(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(arguments=["--workers", "2"]).wait_ready(60)
    async with clients(gateway):
        await until_metric(gateway, "client_connections_accepted_total", CLIENTS)
        await asyncio.sleep(1.5)  # what a worker counts in its last second dies with it
        before = workers_of(gateway)
        before[0].kill()
        async with asyncio.timeout(60):
            while len(set(workers_of(gateway)) - set(before)) != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        gateway.wait_ready()
        await until_metric(gateway, "client_connections_accepted_total", CLIENTS)
    assert "ended with -9" in gateway.log


SLOW = """
import pathlib, sys, time
time.sleep(2)
pathlib.Path(sys.argv[-1].partition(":")[2], "begun").touch()
time.sleep(60)
"""


@pytest.mark.slow
async def test_a_worker_that_starts_slowly_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.02)
    parent = _Parent([sys.executable, "-c", SLOW], 1, tmp_path, Options())
    parent._hung = 0.1
    running = asyncio.create_task(parent.run())
    async with asyncio.timeout(60):
        while not (tmp_path / "begun").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    parent._stop.set()
    assert await running == 0


async def test_sigterm_to_the_parent_drains_every_worker_and_exits_with_zero(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(arguments=["--workers", "2"]).wait_ready(60)
    async with clients(gateway) as connected:
        ends = asyncio.gather(*(each.closed() for each in connected))
        code = await asyncio.to_thread(gateway.stop)
        assert set(await ends) == {(3001, "shutdown")}
    assert code == 0


async def test_workers_whose_parent_was_killed_drain_and_end(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(arguments=["--workers", "2"]).wait_ready(60)
    left = workers_of(gateway)
    async with clients(gateway) as connected:
        ends = asyncio.gather(*(each.closed() for each in connected))
        os.kill(gateway.process.pid, signal.SIGKILL)
        assert set(await ends) == {(3001, "shutdown")}
    _, alive = psutil.wait_procs(left, timeout=15)
    assert alive == []


@pytest.mark.parametrize(("limit", "parts"), [(0, [0, 0, 0]), (3, [1, 1, 1]), (10, [4, 3, 3])])
def test_workers_together_never_pass_a_limit(limit: int, parts: list[int]) -> None:
    client = ClientOptions(connection_limit=limit, connection_rate_limit=limit)
    shared = [
        share(Options(client=client), WorkerSlot(number, Path()), 3).client
        for number in (1, 2, 3)
    ]
    assert [each.connection_limit for each in shared] == parts
    assert [each.connection_rate_limit for each in shared] == parts


async def test_connections_beyond_the_limit_of_all_workers_are_refused(
    start_gateway: StartGateway,
) -> None:
    options = insecure(connection_limit=4)
    gateway = start_gateway(options, arguments=["--workers", "2"]).wait_ready(60)
    refused: list[int] = []
    async with contextlib.AsyncExitStack() as connected, asyncio.timeout(60):
        admitted = 0
        # Until both have their share, and for a while after: one may still be starting.
        while admitted < 4 or len(refused) < 40:
            try:
                await connected.enter_async_context(connect(gateway.ws_url))
                admitted += 1
            except InvalidStatus as error:
                refused.append(error.response.status_code)
        assert admitted == 4
    assert set(refused) == {503}


def test_a_limit_that_not_every_worker_gets_a_part_of_is_refused(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(insecure(connection_limit=1), arguments=["--workers", "2"])
    assert gateway.process.wait(30) == 2
    assert "client.connection_limit must be 0 or at least the number" in gateway.log


def test_counts_are_summed_and_a_lag_is_that_of_the_worst(tmp_path: Path) -> None:
    registries = [SharedRegistry(WorkerSlot(number, tmp_path)) for number in range(2)]
    for number, registry in enumerate(registries):
        Counter("done", "Done", ["how"], registry=registry).labels("well").inc(number + 1)
        Gauge("clients", "Clients", registry=registry).set(10 * (number + 1))
        Gauge("lag_seconds", "Lag", registry=registry).set(0.25 * (number + 1))
        registry.worker_metrics.write(is_ready=number == 1)
    shown = generate_latest(registries[0]).decode()
    assert 'done_total{how="well"} 3.0' in shown
    assert "\nclients 30.0" in shown
    assert "\nlag_seconds 0.5" in shown
    assert registries[0].worker_metrics.another_is_ready()
    assert not registries[1].worker_metrics.another_is_ready()
    SharedRegistry(WorkerSlot(1, tmp_path)).worker_metrics.write(is_ready=True)
    shown = generate_latest(registries[0]).decode()
    assert 'done_total{how="well"} 3.0' in shown, "counters never fall"
    assert "\nclients 10.0" in shown, "who was connected is gone"


@pytest.mark.slow
def test_a_loop_that_stands_still_ends_the_process_with_its_stack() -> None:
    program = (
        "import asyncio, time\n"
        "from realtime_gateway.server import watchdog\n"
        "from service_kit.tasks import background\n"
        "async def main():\n"
        "    async with background(watchdog(1), name='watchdog'):\n"
        "        await asyncio.sleep(1.5)\n"
        "        print('alive', flush=True)\n"
        "        time.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)
    assert ended.returncode == 1
    assert ended.stdout == b"alive\n"
    assert b"in main" in ended.stderr
