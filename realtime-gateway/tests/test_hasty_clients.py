"""Promise 4: one client's haste costs that client, and nobody else a turn of the event loop.

All of what these clients ask for is allowed; there is only much of it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from centrifuge.protocol import client_pb2 as published
from gateway_process import insecure
from in_process import Client, node, until
from realtime_gateway.app import Gateway
from realtime_gateway.protocol.codes import TOO_FAST
from realtime_gateway.protocol.protobuf import delimited
from realtime_gateway.transports.unidirectional import UniWebSocket
from websockets.frames import Frame, Opcode

SECRET = "a secret of at least thirty-two bytes"
SEND = b'{"send":{}}'
TURN = 16


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    async with node(tmp_path, redis_url) as gateway:
        yield gateway


@pytest.fixture
async def patient(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    """Sends nobody away."""
    async with node(tmp_path, redis_url, insecure(command_rate_limit=0)) as gateway:
        yield gateway


def frames(count: int, message: bytes = SEND, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, message).serialize(mask=True) * count


def binary(count: int) -> bytes:
    command = published.Command()
    command.send.SetInParent()
    return delimited(command.SerializeToString()) * count


def churn(count: int) -> bytes:
    each = [{"id": 2, "subscribe": {"channel": "plain:a"}},
            {"id": 3, "unsubscribe": {"channel": "plain:a"}}]  # fmt: skip
    return b"\n".join(json.dumps(command).encode() for command in each * count)


def fragments(count: int) -> bytes:
    begin = Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True)
    return begin + Frame(Opcode.CONT, b" ", fin=False).serialize(mask=True) * count


@pytest.mark.parametrize(
    "bytes_at_once",
    [
        Frame(Opcode.TEXT, b"\n".join([SEND] * 5000)).serialize(mask=True),
        frames(5000),
        Frame(Opcode.TEXT, churn(100)).serialize(mask=True) * 10,
        Frame(Opcode.TEXT, churn(140)).serialize(mask=True) * 2,
        Frame(Opcode.TEXT, b"\n".join([b"{}"] * 20_000)).serialize(mask=True),
        fragments(20_000),
        frames(200, b'{"send":{"data":"%s"}}' % (b"x" * 60_000)),
    ],
    ids=["one-message", "a-frame-each", "churn", "little-churn", "pongs", "fragments", "large"],
)
async def test_who_asks_for_too_much_is_sent_away_and_not_heard_any_more(
    gateway: Gateway, bytes_at_once: bytes
) -> None:
    client = Client(gateway)
    await client.answer("connect")
    for start in range(0, len(bytes_at_once), 65_536):
        client.connection.data_received(bytes_at_once[start : start + 65_536])
        await until(lambda: client.wire.is_reading_now or client.closed())
    await until(client.closed)
    handled = gateway.stats.commands
    # A pong that nobody asked for ends the connection by itself.
    assert client.closed() == (3501 if b"{}\n{}" in bytes_at_once else TOO_FAST.code)
    client.connection.data_received(bytes_at_once)
    await asyncio.sleep(0.05)
    assert gateway.stats.commands == handled
    for _ in range(100):
        client.connection.data_received(b"x" * 60_000)
    assert client.wire.was_aborted, "and does not hold the line for ever"


async def test_protobuf_is_no_way_around(gateway: Gateway) -> None:
    client = Client(gateway, protobuf=True)
    hello = published.Command(id=1)
    hello.connect.SetInParent()
    client.bring(delimited(hello.SerializeToString()), Opcode.BINARY)
    client.bring(binary(5000), Opcode.BINARY)
    await until(client.closed)
    assert client.closed() == TOO_FAST.code


async def test_nor_is_an_empty_message_of_protobuf(gateway: Gateway) -> None:
    client = Client(gateway, protobuf=True)
    client.bring(b"\0" * 60_000, Opcode.BINARY)
    await until(client.closed)
    assert client.closed() == TOO_FAST.code


async def test_nor_is_a_unidirectional_connection(gateway: Gateway) -> None:
    client = Client(gateway)
    listening = UniWebSocket(gateway.node, gateway.clients, gateway.node.rules, "{}")
    client.connection = listening  # type: ignore[assignment]
    listening.attach(client.wire, buffer_limit=1_000_000)
    listening.data_received(frames(5000))
    await until(client.closed)
    assert client.closed() == TOO_FAST.code


@pytest.mark.parametrize("is_one_message", [True, False])
async def test_in_a_turn_only_so_much_is_done_and_the_next_ones_go_on_with_it(
    patient: Gateway, is_one_message: bool
) -> None:
    client = Client(patient)
    await client.answer("connect")
    before = patient.stats.commands
    asked = [{"id": 2 + n, "ping": {}} for n in range(1000)]
    parts = [json.dumps(each).encode() for each in asked]
    if is_one_message:
        client.bring(b"\n".join(parts))
    else:
        client.connection.data_received(b"".join(frames(1, part) for part in parts))
    assert not client.wire.is_reading_now
    most = 0
    while patient.stats.commands < before + 1000:
        before_turn = patient.stats.commands
        await asyncio.sleep(0)
        most = max(most, patient.stats.commands - before_turn)
    assert most <= 4096 // 20, "a turn's bytes at most"
    assert not is_one_message or most == TURN
    await until(lambda: client.wire.is_reading_now)
    assert [each["id"] for each in client.heard()[1:]] == list(range(2, 1002))


async def test_a_client_with_all_its_channels_at_once_is_not_too_fast(gateway: Gateway) -> None:
    client = Client(gateway)
    await client.answer("connect")
    for number, method in enumerate(("subscribe", "unsubscribe", "subscribe")):
        first = 2 + 1000 * number
        commands = [{"id": first + n, method: {"channel": f"plain:c{n}"}} for n in range(128)]
        client.say(*commands)
        await until(lambda last=first + 127: client.heard()[-1].get("id") == last)
        assert not any("error" in reply for reply in client.heard())
    assert client.closed() == 0


@pytest.mark.parametrize("filler", [0, 300, 1_000], ids=["short", "550 bytes", "long"])
async def test_all_channels_that_a_client_may_have_fit_into_its_first_message_with_their_tokens(
    tmp_path: Path, redis_url: str, filler: int
) -> None:
    options = insecure(insecure=False, token={"hmac_secret_key": SECRET})
    async with node(tmp_path, redis_url, options) as gateway:
        client = Client(gateway)
        await client.answer("connect", token=jwt.encode({"sub": "u"}, SECRET))
        limit = gateway.options.client.channel_limit
        asked = []
        for number in range(limit):
            channel = f"{'x' * 200}-{number}"
            claims = {"sub": "u", "channel": channel, "info": "i" * filler}
            token = jwt.encode(claims, SECRET)
            asked.append({"id": number + 2, "subscribe": {"channel": channel, "token": token}})
        client.say(*asked)
        await until(lambda: len(client.heard()) > limit or client.closed())
        assert client.closed() == 0
        assert all("subscribe" in each for each in client.heard()[1:])
        client.go()
