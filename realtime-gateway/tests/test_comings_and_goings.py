"""Joins and leaves are heard as they happened: nobody hears of what was before it came."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from gateway_process import insecure
from in_process import Client, node, until
from realtime_gateway.app import Gateway

OPTIONS = insecure()
OPTIONS["channel"]["without_namespace"] = {"join_leave": True, "force_push_join_leave": True}


@pytest.fixture
async def nodes(tmp_path: Path, redis_url: str) -> AsyncIterator[tuple[Gateway, Gateway]]:
    async with AsyncExitStack() as stack:
        opened = []
        for name in ("one", "two"):
            (folder := tmp_path / name).mkdir()
            opened.append(await stack.enter_async_context(node(folder, redis_url, OPTIONS)))
        yield opened[0], opened[1]


def told(client: Client) -> list[tuple[str, str]]:
    """What it was pushed: the change, and whose."""
    pushes = [each["push"] for each in client.heard() if "push" in each]
    return [
        (change, push[change]["info"]["client"])
        for push in pushes
        for change in ("join", "leave")
        if change in push
    ]


def own(client: Client) -> str:
    found: str = client.connection.session.client
    return found


async def come(gateway: Gateway, channel: str) -> Client:
    client = Client(gateway)
    client.say({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": channel}})
    await until(lambda: len(client.heard()) > 1)
    return client


async def test_whoever_comes_hears_nothing_of_those_who_came_and_went_before(
    nodes: tuple[Gateway, Gateway], channel: str
) -> None:
    gateway, _ = nodes
    witness = await come(gateway, channel)
    before = Client(gateway)
    before.say(
        {"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": channel}},
        {"id": 3, "unsubscribe": {"channel": channel}},
        {"id": 4, "subscribe": {"channel": channel}},
    )  # fmt: skip
    await until(lambda: len(before.heard()) >= 4)
    gone = own(before)
    before.go()
    after = Client(gateway)
    after.say({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": channel}})
    last = await come(gateway, channel)
    last.go()
    changes: list[Any] = [("join", own(after)), ("join", own(last)), ("leave", own(last))]
    passed = [(change, gone) for change in ("join", "leave", "join", "leave")]
    await until(lambda: told(witness) == [("join", own(witness)), *passed, *changes])
    await gateway.presence.write()
    assert told(after) == changes
    assert [next(iter(each)) for each in after.heard()[:3]] == ["id", "id", "push"]


async def test_each_change_is_told_once_on_every_node(
    nodes: tuple[Gateway, Gateway], channel: str
) -> None:
    here = await come(nodes[0], channel)
    await nodes[0].presence.write()
    there = await come(nodes[1], channel)
    await until(lambda: told(here) == [("join", own(here)), ("join", own(there))])
    assert told(there) == [("join", own(there))]
    for gateway in nodes:
        other = await come(gateway, channel)
        other.go()
        both = [("join", own(other)), ("leave", own(other))]
        await until(lambda both=both: told(here)[-2:] == told(there)[-2:] == both)
    assert (len(told(here)), len(told(there))) == (6, 5)
