"""What the server wants of a user's connections happens on every node."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from gateway_process import GatewayProcess, insecure, two_nodes
from raw_client import RawClient

pytestmark = pytest.mark.slow

SECRET = "a secret of at least thirty-two bytes"


def token(user: str, **claims: Any) -> str:
    return jwt.encode({"sub": user, **claims}, SECRET, algorithm="HS256")


@pytest.fixture(scope="module")
def nodes(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Path
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two nodes on one Valkey."""
    options = insecure(token={"hmac_secret_key": SECRET})
    with two_nodes(tmp_path_factory.mktemp("nodes"), servers_dir, options) as both:
        yield both


@pytest.fixture
def user() -> str:
    return f"u-{secrets.token_hex(4)}"


class People:
    """Clients on any node, gone at the end."""

    def __init__(self) -> None:
        self._open: list[RawClient] = []

    async def connect(self, node: GatewayProcess, user: str, **claims: Any) -> RawClient:
        client = await RawClient(node.ws_url).__aenter__()
        self._open.append(client)
        await client.connect(token=token(user, **claims))
        return client

    async def leave(self) -> None:
        for client in self._open:
            await client.socket.close()


@pytest.fixture
async def people() -> AsyncIterator[People]:
    found = People()
    yield found
    await found.leave()


Nodes = tuple[GatewayProcess, GatewayProcess]


async def test_sign_out_ends_that_sessions_sockets_on_every_node(
    nodes: Nodes, people: People, user: str
) -> None:
    ends = [await people.connect(node, user, sid="s1") for node in nodes]
    stays = [await people.connect(node, user, sid="s2") for node in nodes]
    other = await people.connect(nodes[1], f"{user}-other", sid="s1")
    nodes[0].api("disconnect", user=user, session="s1")
    for client in ends:
        assert await client.closed() == (3503, "force disconnect")
    for client in [*stays, other]:
        assert (await client.ask("presence", channel="plain:x"))["error"]["code"] == 108


async def test_all_of_a_users_sockets_end_with_the_code_that_is_given(
    nodes: Nodes, people: People, user: str
) -> None:
    clients = [await people.connect(node, user) for node in nodes]
    nodes[1].api("disconnect", user=user, disconnect={"code": 3014, "reason": "renew"})
    for client in clients:
        assert await client.closed() == (3014, "renew")


async def test_a_whitelisted_client_stays(nodes: Nodes, people: People, user: str) -> None:
    async with RawClient(nodes[0].ws_url) as stays:
        client_id = (await stays.connect(token=token(user)))["client"]
        goes = await people.connect(nodes[1], user)
        nodes[1].api("disconnect", user=user, whitelist=[client_id])
        assert (await goes.closed())[0] == 3503
        assert (await stays.ask("unsubscribe", channel="x"))["unsubscribe"] == {}


async def test_a_user_is_put_into_a_channel_and_out_of_it_on_every_node(
    nodes: Nodes, people: People, user: str, channel: str
) -> None:
    clients = [await people.connect(node, user) for node in nodes]
    nodes[0].api("subscribe", user=user, channel=channel, data={"why": "invited"})
    for client in clients:
        push = (await client.receive())["push"]
        assert push["channel"] == channel
        assert push["subscribe"]["data"] == {"why": "invited"}
        assert push["subscribe"]["recoverable"] is True
    nodes[1].publish(channel, 1)
    for client in clients:
        assert (await client.publication())["data"] == 1
    nodes[1].api("unsubscribe", user=user, channel=channel)
    for client in clients:
        assert (await client.receive())["push"]["unsubscribe"]["code"] == 2000
    nodes[0].publish(channel, 2)
    for client in clients:
        assert await client.is_silent()


async def test_a_refresh_extends_or_ends_the_users_connections(
    nodes: Nodes, people: People, user: str
) -> None:
    clients = [await people.connect(node, user) for node in nodes]
    nodes[0].api("refresh", user=user, expire_at=time.time() + 60.5)
    for client in clients:
        refresh = (await client.receive())["push"]["refresh"]
        assert refresh["expires"]
        assert 30 < refresh["ttl"] <= 60
    nodes[0].api("refresh", user=user, expired=True)
    for client in clients:
        assert (await client.closed())[0] == 3005


async def test_every_node_knows_of_all_nodes(
    nodes: Nodes,
) -> None:
    async def names(node: GatewayProcess) -> set[str]:
        return {each["uid"] for each in node.api("info")["result"]["nodes"]}

    async with asyncio.timeout(30):
        while len(found := await names(nodes[0])) < 2 or await names(nodes[1]) != found:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_channels_of_all_nodes_are_counted(
    nodes: Nodes, people: People, user: str, channel: str
) -> None:
    for node in nodes:
        client = await people.connect(node, user)
        await client.subscribe(channel)
    other = await people.connect(nodes[0], user)
    await other.subscribe(f"{channel}-other")
    async with asyncio.timeout(30):
        while len(nodes[0].api("info")["result"]["nodes"]) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    found = nodes[0].api("channels", pattern=f"{channel}*")["result"]["channels"]
    assert found == {channel: {"num_clients": 2}, f"{channel}-other": {"num_clients": 1}}
    assert channel in nodes[1].api("channels")["result"]["channels"]


async def test_removed_history_is_forgotten_on_every_node(
    nodes: Nodes, people: People, user: str, channel: str
) -> None:
    client = await people.connect(nodes[1], user)
    await client.subscribe(channel)
    place = nodes[0].publish(channel, "secret")
    await client.publication()
    nodes[0].api("history_remove", channel=channel)
    assert nodes[0].api("history", channel=channel, limit=10)["result"]["publications"] == []
    async with asyncio.timeout(30):
        # Nodes hear each other in order: what counts the channel has forgotten its history.
        while channel not in nodes[0].api("channels")["result"]["channels"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    other = await people.connect(nodes[1], user)
    since = {"recover": True, "offset": 0, "epoch": place["epoch"]}
    assert "recovered" not in await other.subscribe(channel, **since)
    assert nodes[0].publish(channel, "next")["offset"] == place["offset"] + 1
    assert (await client.publication())["data"] == "next"


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("disconnect", {}, 107),
        ("disconnect", {"user": ""}, 107),
        ("disconnect", {"user": "u", "code": 200}, 107),
        ("disconnect", {"user": "u", "whitelist": "c"}, 107),
        ("subscribe", {"user": "u"}, 107),
        ("subscribe", {"user": "u", "channel": "nowhere:x"}, 102),
        ("unsubscribe", {"user": "u", "channel": "nowhere:x"}, 102),
        ("refresh", {"user": "u", "expire_at": "soon"}, 107),
        ("history_remove", {"channel": "plain:x"}, 108),
        ("presence", {"channel": "plain:x"}, 108),
    ],
)
def test_a_control_command_that_makes_no_sense_is_refused(
    nodes: Nodes, method: str, parameters: dict[str, Any], code: int
) -> None:
    assert nodes[0].api(method, **parameters)["error"]["code"] == code
