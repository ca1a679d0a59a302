"""Nothing is missed, nothing comes twice, nothing out of order: or the client is told."""

import asyncio

import pytest
from gateway_process import GatewayProcess
from raw_client import RawClient


async def test_a_client_that_comes_back_gets_what_it_missed(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        place = await client.subscribe(channel)
    for number in range(1, 6):
        gateway.publish(channel, number)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        reply = await client.subscribe(
            channel, recover=True, offset=place["offset"], epoch=place["epoch"]
        )
        gateway.publish(channel, 6)
        assert (await client.publication())["offset"] == 6
    assert (reply["was_recovering"], reply["recovered"]) == (True, True)
    assert reply["offset"] == place["offset"]
    assert [(pub["data"], pub["offset"]) for pub in reply["publications"]] == [
        (number, number) for number in range(1, 6)
    ]


async def test_recovery_without_a_loss_brings_no_publications(
    gateway: GatewayProcess, channel: str
) -> None:
    gateway.publish(channel, 1)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        place = await client.subscribe(channel)
        await client.ask("unsubscribe", channel=channel)
        again = await client.subscribe(
            channel, recover=True, offset=place["offset"], epoch=place["epoch"]
        )
    assert again["recovered"] is True
    assert "publications" not in again
    assert again["offset"] == 1


@pytest.mark.parametrize("offset", [0, 1, 3])
async def test_an_empty_epoch_fits_any(
    gateway: GatewayProcess, channel: str, offset: int
) -> None:
    for number in (1, 2, 3):
        gateway.publish(channel, number)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        reply = await client.subscribe(channel, recover=True, offset=offset)
    got = [pub["offset"] for pub in reply.get("publications", [])]
    assert got == list(range(offset + 1, 4))


@pytest.mark.parametrize(
    ("offset", "epoch"), [(1, "other"), (99, None), (0, "other"), (2**63, None)]
)
async def test_what_cannot_be_recovered_is_said(
    gateway: GatewayProcess, channel: str, offset: int, epoch: str | None
) -> None:
    gateway.publish(channel, 1)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        place = await client.subscribe(channel)
        await client.ask("unsubscribe", channel=channel)
        where = {"offset": offset, "epoch": epoch or place["epoch"]}
        refused = await client.ask("subscribe", channel=channel, recover=True, flag=2, **where)
        assert refused["error"] == {"code": 112, "message": "unrecoverable position"}
        reply = await client.subscribe(channel, recover=True, **where)
    assert reply["was_recovering"] is True
    assert "recovered" not in reply
    assert "publications" not in reply
    assert (reply["offset"], reply["epoch"]) == (1, place["epoch"])


async def test_more_than_the_history_keeps_is_not_recovered(
    gateway: GatewayProcess, channel: str
) -> None:
    first = gateway.publish(channel, 0)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for number in range(300):
            await client.ask("publish", channel=channel, data=number)
        just = await client.subscribe(channel, recover=True, offset=1, epoch=first["epoch"])
        assert len(just["publications"]) == 300
        await client.ask("unsubscribe", channel=channel)
        reply = await client.subscribe(channel, recover=True, offset=0, epoch=first["epoch"])
    assert "recovered" not in reply


async def test_more_than_the_buffer_holds_is_not_recovered(
    gateway: GatewayProcess, channel: str
) -> None:
    start = gateway.publish(channel, "x" * 100_000)
    for _ in range(8):
        gateway.publish(channel, "x" * 100_000)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        reply = await client.subscribe(channel, recover=True, offset=1, epoch=start["epoch"])
        assert "recovered" not in reply
        gateway.publish(channel, "small")
        assert (await client.publication())["data"] == "small"


async def test_no_gap_and_no_repeat_between_history_and_live(
    gateway: GatewayProcess, channel: str
) -> None:
    """Thirty clients join, one after the other, a channel that is being written to."""
    start = gateway.publish(channel, 1)

    async def write() -> None:
        async with RawClient(gateway.ws_url) as writer:
            await writer.connect()
            for number in range(2, 250):
                await writer.ask("publish", channel=channel, data=number)

    async def follow(pause: float) -> list[int]:
        await asyncio.sleep(pause)
        async with RawClient(gateway.ws_url) as client:
            await client.connect()
            reply = await client.subscribe(
                channel, recover=True, offset=0, epoch=start["epoch"]
            )
            seen = [pub["data"] for pub in reply.get("publications", [])]
            while seen[-1] < 249:
                seen.append((await client.publication())["data"])
            return seen

    _, *logs = await asyncio.gather(write(), *(follow(0.01 * n) for n in range(30)))
    assert all(log == list(range(1, 250)) for log in logs)


async def test_a_position_ahead_of_this_node_is_looked_up_and_not_refused(
    gateway: GatewayProcess, channel: str
) -> None:
    """A page's state may be newer than what pub/sub has brought here so far."""
    async with RawClient(gateway.ws_url) as watcher, RawClient(gateway.ws_url) as client:
        await watcher.connect()
        await client.connect()
        await watcher.subscribe(channel)
        for _ in range(50):
            top = await asyncio.to_thread(gateway.publish, channel, "x")
            reply = await client.ask("subscribe", channel=channel, recover=True, flag=2, **top)
            assert reply["subscribe"]["recovered"] is True
            await client.ask("unsubscribe", channel=channel)
