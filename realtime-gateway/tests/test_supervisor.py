"""What a node does by itself: what dies of it shows at once, and is started again."""

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import pytest
from gateway_process import GatewayProcess, StartGateway
from raw_client import RawClient
from realtime_gateway.engine.bus import Bus
from realtime_gateway.engine.shards import ShardedBus
from realtime_gateway.engine.topology import Owners, Topology
from realtime_gateway.node import supervisor
from realtime_gateway.node.supervisor import Supervisor

PLANTED = """
import asyncio, sys
from realtime_gateway.{module} import {kind}
from realtime_gateway.__main__ import main
whole, starts = {kind}.run, []
async def planted(self):
    starts.append(self)
    if len(starts) > 2:
        return await whole(self)
    if len(starts) == 1:
        work = asyncio.ensure_future(whole(self))
        await asyncio.wait([work], timeout=3)
        work.cancel()
        await asyncio.wait([work])
    raise RuntimeError("planted")
{kind}.run = planted
sys.exit(main())
"""


async def checks(gateway: GatewayProcess) -> dict[str, bool]:
    answer = await asyncio.to_thread(httpx.get, f"{gateway.http_url}/ready")
    found: dict[str, bool] = answer.json()["checks"]
    return found


@pytest.mark.parametrize(
    ("task", "module", "kind"),
    [
        ("bus", "engine.bus", "Bus"),
        ("control", "engine.control", "Control"),
        ("clients", "node.clients", "Clients"),
    ],
)
async def test_a_task_that_dies_shows_at_once_and_is_started_again(
    start_gateway: StartGateway, task: str, module: str, kind: str
) -> None:
    program = ("-c", PLANTED.format(module=module, kind=kind))
    gateway = start_gateway(program=program)
    await asyncio.to_thread(gateway.wait_ready)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        await asyncio.to_thread(gateway.publish, "a", 1)
        await asyncio.to_thread(gateway.wait_until, 503)
        shown = await checks(gateway)
        assert shown[f"task_{task}"] is False
        await asyncio.to_thread(gateway.publish, "a", 2)
        await asyncio.to_thread(gateway.wait_ready)
        shown = await checks(gateway)
        assert f"task_{task}" not in shown
        await asyncio.to_thread(gateway.publish, "a", 3)
        assert [(await client.publication())["data"] for _ in range(3)] == [1, 2, 3]
    assert gateway.metric("node_task_failures_total", task=task) == 2
    assert f"task {task} has failed" in gateway.log
    assert "RuntimeError: planted" in gateway.log
    lost_before = gateway.log.count("pub/sub was lost")
    assert gateway.stop() == 0
    assert gateway.log.count("pub/sub was lost") == lost_before == 0, "nobody lost it"


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - asked for in tests alone
            await asyncio.sleep(0.01)


async def test_a_task_that_ends_or_waits_for_something_cancelled_has_failed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.0,))
    monkeypatch.setattr(supervisor, "STEADY", 0.3)
    failures: Counter[str] = Counter()
    ours = Supervisor(failures)

    async def ends() -> None:
        if failures["ends"] > 1:
            await asyncio.Event().wait()

    async def waits() -> None:
        gone = asyncio.get_running_loop().create_future()
        if not failures["waits"]:
            gone.cancel()
        await gone

    async with ours.running({"ends": ends, "waits": waits}):
        await until(lambda: failures == {"ends": 2, "waits": 1})
        assert ours.failing == ["ends", "waits"]
        await until(lambda: not ours.failing)
        assert failures == {"ends": 2, "waits": 1}


class OneOwner(Topology):
    """All slots belong to a server that is not there."""

    def __init__(self) -> None:
        super().__init__([])

    async def owners(self, known: object = ()) -> Owners:
        return Owners(["redis://127.0.0.1:1"] * 16_384)


async def test_a_dead_shard_is_the_death_of_the_whole_bus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def dies(_: Bus) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Bus, "run", dies)
    bus = ShardedBus(
        OneOwner(),
        message=lambda _, __: None,
        flushed=lambda: None,
        interrupted=lambda _: None,
        resumed=lambda _: None,
    )
    with pytest.raises(RuntimeError, match="planted"):
        async with asyncio.timeout(30):
            await bus.run()
