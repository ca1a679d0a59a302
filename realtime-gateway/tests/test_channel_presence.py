"""Who is in a channel: asked by clients and by the server, told to members, over all nodes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from gateway_process import KEEP, GatewayProcess, insecure, two_nodes
from raw_client import RawClient

pytestmark = pytest.mark.slow

SECRET = "a secret of at least thirty-two bytes"
SEEN = {"presence": True, "join_leave": True, "allow_subscribe_for_client": True}


@pytest.fixture(scope="module")
def nodes(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Any
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two nodes on one Valkey, whose presence lives for two seconds."""
    options = insecure(
        insecure=False,
        token={"hmac_secret_key": SECRET},
        presence_update_interval="500ms",
    )
    options["engine"] = {"redis": {"presence_ttl": "2s"}}
    options["channel"]["namespaces"] = [
        {"name": "room", **SEEN, "allow_presence_for_subscriber": True},
        {"name": "told", **SEEN, **KEEP, "force_push_join_leave": True},
        {"name": "open", **SEEN, "allow_presence_for_client": True},
        {"name": "off", "allow_subscribe_for_client": True, "allow_presence_for_client": True},
    ]
    with two_nodes(tmp_path_factory.mktemp("nodes"), servers_dir, options) as both:
        yield both


Nodes = tuple[GatewayProcess, GatewayProcess]


def token(user: str, **claims: Any) -> str:
    return jwt.encode({"sub": user, **claims}, SECRET, algorithm="HS256")


def users(node: GatewayProcess, channel: str) -> list[str]:
    found = node.api("presence", channel=channel)["result"]["presence"]
    return sorted(info["user"] for info in found.values())


async def becomes(node: GatewayProcess, channel: str, expected: list[str]) -> None:
    async with asyncio.timeout(30):
        while await asyncio.to_thread(users, node, channel) != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_client_sees_itself_and_those_on_other_nodes(
    nodes: Nodes, channel: str
) -> None:
    room = f"room:{channel}"
    async with RawClient(nodes[0].ws_url) as ann, RawClient(nodes[1].ws_url) as bob:
        ann_id = (await ann.connect(token=token("ann", info={"name": "Ann"})))["client"]
        await ann.subscribe(room)
        assert (await ann.ask("presence", channel=room))["presence"]["presence"] == {
            ann_id: {"user": "ann", "client": ann_id, "conn_info": {"name": "Ann"}}
        }
        await bob.connect(token=token("bob"))
        await bob.subscribe(room)
        stats = (await bob.ask("presence_stats", channel=room))["presence_stats"]
        assert stats == {"num_clients": 2, "num_users": 2}
        assert users(nodes[0], room) == ["ann", "bob"]
        counted = nodes[1].api("presence_stats", channel=room)["result"]
        assert counted == {"num_clients": 2, "num_users": 2}
        await bob.ask("unsubscribe", channel=room)
        await becomes(nodes[0], room, ["ann"])
    await becomes(nodes[1], room, [])


async def test_an_entry_outlives_its_expiry_while_the_client_is_there(
    nodes: Nodes, channel: str
) -> None:
    room = f"room:{channel}"
    async with RawClient(nodes[0].ws_url) as ann:
        await ann.connect(token=token("ann"))
        await ann.subscribe(room)
        for _ in range(8):
            await asyncio.sleep(0.5)
            assert users(nodes[1], room) == ["ann"]


async def test_the_entries_of_a_node_that_was_killed_expire(
    nodes: Nodes, channel: str, start_gateway: Any, redis_url: str
) -> None:
    options = insecure(presence_update_interval="500ms")
    options["engine"] = {"redis": {"presence_ttl": "2s"}}
    options["channel"]["without_namespace"] = {"presence": True}
    victim, witness = start_gateway(options).wait_ready(), start_gateway(options).wait_ready()
    async with RawClient(victim.ws_url) as ann:
        await ann.connect()
        await ann.subscribe(channel)
        await becomes(witness, channel, [""])
        victim.kill()
        await becomes(witness, channel, [])


async def test_members_are_told_who_comes_and_goes(nodes: Nodes, channel: str) -> None:
    room = f"told:{channel}"
    async with RawClient(nodes[0].ws_url) as ann:
        ann_id = (await ann.connect(token=token("ann")))["client"]
        await ann.subscribe(room)
        push = (await ann.receive())["push"]
        assert push == {"channel": room, "join": {"info": {"user": "ann", "client": ann_id}}}
        async with RawClient(nodes[1].ws_url) as bob:
            await bob.connect(token=token("bob"))
            await bob.subscribe(room)
            assert (await ann.receive())["push"]["join"]["info"]["user"] == "bob"
        assert (await ann.receive())["push"]["leave"]["info"]["user"] == "bob"


@pytest.mark.parametrize(
    ("namespace", "wishes", "is_told"),
    [("open", {"join_leave": True}, True), ("open", {}, False),
     ("off", {"join_leave": True}, False)],
)  # fmt: skip
async def test_who_did_not_ask_is_not_told(
    nodes: Nodes, channel: str, namespace: str, wishes: dict[str, bool], is_told: bool
) -> None:
    room = f"{namespace}:{channel}"
    async with RawClient(nodes[0].ws_url) as ann:
        await ann.connect(token=token("ann"))
        await ann.subscribe(room, **wishes)
        if is_told:
            assert "join" in (await ann.receive())["push"]
        assert await ann.is_silent()


@pytest.mark.parametrize(
    ("namespace", "subscribes", "error"),
    [("room", False, 103), ("room", True, 0), ("told", True, 103), ("open", False, 0),
     ("off", False, 108), ("nowhere", False, 102)],
)  # fmt: skip
async def test_who_may_see_presence(
    nodes: Nodes, channel: str, namespace: str, subscribes: bool, error: int
) -> None:
    room = f"{namespace}:{channel}"
    async with RawClient(nodes[0].ws_url) as ann:
        await ann.connect(token=token("ann"))
        if subscribes:
            await ann.subscribe(room)
        for method in ("presence", "presence_stats"):
            reply = await ann.ask(method, channel=room)
            assert reply.get("error", {}).get("code", 0) == error
