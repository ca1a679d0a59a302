"""The protobuf encoding: the schema's numbers, the bytes, and the official SDKs."""

import asyncio
import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from centrifuge import (
    Client,
    ClientEventHandler,
    PublicationContext,
    SubscribedContext,
    SubscriptionEventHandler,
)
from centrifuge.protocol import client_pb2 as published
from cuttable import relay
from gateway_process import GatewayProcess, StartGateway, insecure
from hypothesis import given
from hypothesis import strategies as st
from in_process import Client as InProcess
from in_process import node
from raw_client import RawClient
from realtime_gateway.protocol import wire
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.protocol.protobuf import Messages, Unsayable, delimited, split
from realtime_gateway.protocol.schema import message_classes
from service_kit.channel_log import is_fragment
from websockets.asyncio.client import connect
from websockets.frames import Opcode

SCRIPT = Path(__file__).parent / "sdk" / "protobuf.mjs"
NODE_MODULES = Path(__file__).parents[2] / "web" / "node_modules"
NEWER = {("Publication", "epoch"), ("SubscribeRequest", "type")}
"""Fields that the Python SDK's copy of the schema is too old for."""


def test_every_field_has_the_published_name_number_and_type() -> None:
    source = files("realtime_gateway.protocol").joinpath("client.proto").read_text()
    for name, made in message_classes(source).items():
        theirs = published.DESCRIPTOR.message_types_by_name[name].fields_by_name
        for field in made.DESCRIPTOR.fields:
            if (name, field.name) not in NEWER:
                known = theirs[field.name]
                assert (known.number, known.type) == (field.number, field.type), field.name
                assert known.is_repeated == field.is_repeated, field.name


def test_a_reply_says_in_protobuf_what_it_says_in_json() -> None:
    place = b'"recoverable":true,"epoch":"e","offset":3,"positioned":true'
    message = b'{"id":7,"subscribe":{%s,"publications":[%s]}}' % (
        place, b'{"data":{"a":[1,null]},"tags":{"k":"v"},"info":{"user":"u"},"offset":3}'
    )  # fmt: skip
    [body] = split(Messages().reply(message))
    found = published.Reply.FromString(body)
    assert (found.id, found.subscribe.epoch, found.subscribe.offset) == (7, "e", 3)
    [publication] = found.subscribe.publications
    assert json.loads(publication.data) == {"a": [1, None]}
    assert dict(publication.tags) == {"k": "v"}
    assert publication.info.user == "u"


def test_a_reply_without_content_still_says_which_it_is() -> None:
    [body] = split(Messages().reply(b'{"id":1,"unsubscribe":{}}'))
    assert published.Reply.FromString(body).HasField("unsubscribe")


@given(st.lists(st.binary(max_size=300)))
def test_what_was_delimited_is_split_the_same(parts: list[bytes]) -> None:
    assert split(b"".join(map(delimited, parts))) == parts


@pytest.mark.parametrize("data", [b"\x05ab", b"\xff" * 9, b"\x80", b"\xff\xff\xff\xff\x7f"])
def test_a_message_that_is_cut_short_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        split(data)


async def test_the_encoding_is_chosen_by_subprotocol_or_address(
    gateway: GatewayProcess, channel: str
) -> None:
    first = published.Command(id=1)
    first.connect.SetInParent()
    second = published.Command(id=2)
    second.subscribe.channel = channel
    both = delimited(first.SerializeToString()) + delimited(second.SerializeToString())
    for address, options in (
        (gateway.ws_url, {"subprotocols": ["centrifuge-protobuf"]}),
        (f"{gateway.ws_url}?format=protobuf", {}),
        (f"{gateway.ws_url}?cf_protocol=protobuf", {}),
    ):
        async with connect(address, **options) as ws:
            await ws.send(both)
            replies: list[Any] = []
            while len(replies) < 2:
                frame = await ws.recv()
                assert isinstance(frame, bytes)
                replies += map(published.Reply.FromString, split(frame))
            connected, subscribed = replies
            assert connected.connect.client
            assert subscribed.subscribe.epoch


async def test_each_encoding_gets_its_own_bytes_of_the_same_publication(
    gateway: GatewayProcess, channel: str
) -> None:
    command = published.Command(id=1)
    command.connect.SetInParent()
    wish = published.Command(id=2)
    wish.subscribe.channel = channel
    both = delimited(command.SerializeToString()) + delimited(wish.SerializeToString())
    async with (
        RawClient(gateway.ws_url) as plain,
        connect(f"{gateway.ws_url}?format=protobuf") as other,
    ):
        await plain.connect()
        await plain.subscribe(channel)
        await other.send(both)
        await other.recv()  # both replies: the node follows the channel by now
        place = gateway.publish(channel, {"n": 1}, tags={"k": "v"})
        assert (await plain.publication())["data"] == {"n": 1}
        frame = await other.recv()
        assert isinstance(frame, bytes)
        [push] = [published.Reply.FromString(each).push for each in split(frame)]
        assert (push.channel, push.pub.offset, push.pub.data) == (channel, 1, b'{"n":1}')
        assert dict(push.pub.tags) == {"k": "v"}
        assert place["offset"] == 1


async def test_the_python_sdk_speaks_it(gateway: GatewayProcess, channel: str) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()

    class Subscriber(SubscriptionEventHandler):
        async def on_publication(self, ctx: PublicationContext) -> None:
            await heard.put(json.loads(ctx.pub.data))

        async def on_subscribed(self, ctx: SubscribedContext) -> None:
            await heard.put(ctx.recovered)

    async with relay(gateway.ws_url) as cut:
        client = Client(
            cut.url, events=ClientEventHandler(),
            use_protobuf=True, min_reconnect_delay=0.3, max_reconnect_delay=0.4,
        )  # fmt: skip
        subscription = client.new_subscription(channel, events=Subscriber())
        await client.connect()
        await subscription.subscribe()
        async with asyncio.timeout(30):
            assert await heard.get() is False
            await subscription.publish(b'{"n":1}')
            assert await heard.get() == {"n": 1}
            page = await subscription.history(limit=5)
            assert [json.loads(each.data) for each in page.publications] == [{"n": 1}]
            cut.cut()
            gateway.publish(channel, {"n": 2})
            assert await heard.get() is True
            assert await heard.get() == {"n": 2}
        await client.disconnect()
        await asyncio.sleep(0.2)


async def test_the_javascript_sdk_speaks_it(start_gateway: StartGateway, channel: str) -> None:
    gateway = start_gateway(insecure(ping_interval="1s", pong_timeout="900ms")).wait_ready()
    node = shutil.which("node")
    assert node is not None, "Node is needed to run the official SDK"
    process = await asyncio.create_subprocess_exec(
        node, "--experimental-websocket", "--no-warnings", str(SCRIPT), str(NODE_MODULES),
        gateway.ws_url, channel, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    stdout, stdin = process.stdout, process.stdin

    async def event() -> dict[str, Any]:
        async with asyncio.timeout(30):
            found: dict[str, Any] = json.loads(await stdout.readline())
        return found

    try:
        assert await event() == {"event": "connected", "transport": "websocket"}
        assert await event() == {"event": "subscribed", "recovered": False}
        stdin.write(b"publish\n")
        told = [await event(), await event()]
        assert {"event": "published"} in told
        from_js = {"event": "publication", "data": {"from": "js"}, "offset": 1, "tags": {}}
        assert from_js in told
        gateway.publish(channel, {"ö": [1.5, None]}, tags={"k": "v"})
        assert await event() == {
            "event": "publication", "data": {"ö": [1.5, None]}, "offset": 2, "tags": {"k": "v"}
        }  # fmt: skip
        stdin.write(b"history\n")
        assert (await event())["offset"] == 2
        stdin.write(b"rpc\n")
        assert await event() == {"event": "refused", "code": 108}
        stdin.write(b"publish bytes\n")
        assert await event() == {"event": "refused", "code": 107}
        await asyncio.sleep(3)  # three pings, answered, or the gateway would have closed
        assert not gateway.metric("client_num_server_disconnects_total", code="3012")
        stdin.write(b"drop\n")
        await asyncio.sleep(0.1)
        gateway.publish(channel, 3)
        assert (await event())["event"] == "connected"
        assert await event() == {"event": "subscribed", "recovered": True}
        assert (await event())["data"] == 3
    finally:
        process.kill()
        await process.wait()


def test_a_publication_that_does_not_fit_is_left_out_of_a_reply() -> None:
    strange = b'{"data":1,"info":{"user":5},"offset":1},{"data":2,"tags":[],"offset":2}'
    message = b'{"id":7,"%s":{"offset":3,"publications":[%s,{"data":3,"offset":3}]}}'
    for method in (b"subscribe", b"history"):
        [body] = split(Messages().reply(message % (method, strange)))
        found = getattr(published.Reply.FromString(body), method.decode())
        assert [(each.offset, each.data) for each in found.publications] == [(3, b"3")]


@pytest.mark.parametrize("method", ["connect", "subscribe", "refresh", "sub_refresh"])
def test_what_has_changed_something_is_not_told_as_an_error(method: str) -> None:
    with pytest.raises(Unsayable):
        Messages().reply(b'{"id":7,"%s":{"ttl":4294967296}}' % method.encode())


async def test_who_cannot_be_told_that_it_is_in_is_not_in(
    tmp_path: Path, redis_url: str
) -> None:
    async with node(tmp_path, redis_url) as gateway:
        vars(gateway.node)["rules"] = replace(gateway.node.rules, version="\ud800")
        client = InProcess(gateway, protobuf=True)
        client.bring(b"\x04\x08\x01\x22\x00", Opcode.BINARY)
        assert client.closed() == 3004
        assert (len(gateway.node.users), client.connection.is_over) == (0, True)
        assert client.connection.wake_tick == 0  # nobody wakes it again


SPACED = b'{"a": [1,  2.50, "x: \\u00e9"], "publications":[{"data": 1}]}'


def test_data_are_passed_on_as_they_were_written() -> None:
    """As Centrifugo does it: who signs what it publishes gets the same bytes back."""
    made = Messages()
    command = published.Command(id=1)
    command.publish.channel, command.publish.data = "c", SPACED
    data = made.command(command.SerializeToString())["publish"]["data"]
    fragment = wire.fragment(data, info={"user": "u"}, tags={"k": "v"})
    assert is_fragment(fragment)
    [pushed] = split(made.publication("c", "e", (3, fragment)))
    told = wire.reply(7, "history", {"epoch": "e", "offset": 3}, [(2, fragment), (3, fragment)])
    [replied] = split(made.reply(told))
    pub = published.Reply.FromString(pushed).push.pub
    result = published.Reply.FromString(replied).history
    assert (result.epoch, result.offset) == ("e", 3)
    assert [each.offset for each in result.publications] == [2, 3]
    for each in (pub, *result.publications):
        assert (each.data, each.info.user, dict(each.tags)) == (SPACED, "u", {"k": "v"})


@pytest.mark.parametrize("data", [b'{"a":\n1}', b'\n{"a":1}\n', b' {"a":1} '])
def test_data_in_several_lines_are_passed_on_in_one(data: bytes) -> None:
    command = published.Command(id=1)
    command.publish.channel, command.publish.data = "c", data
    read = Messages().command(command.SerializeToString())["publish"]["data"]
    assert wire.fragment(read) == b'{"data":{"a":1}}'


def test_what_a_foreign_hand_has_spaced_is_read_too() -> None:
    [body] = split(Messages().publication("c", "e", (2, b'{"data": 1 , "tags": {"k": "v"}}')))
    pub = published.Reply.FromString(body).push.pub
    assert (pub.data, dict(pub.tags), pub.offset) == (b"1", {"k": "v"}, 2)


@pytest.mark.parametrize("data", [b"NaN", b'{"a":Infinity}', b"\xff", b"nonsense", b"", b"\0"])
def test_data_that_are_not_json_are_still_none(data: bytes) -> None:
    command = published.Command(id=1)
    command.publish.channel, command.publish.data = "c", data
    request = Messages().command(command.SerializeToString())["publish"]
    if data:
        with pytest.raises((ValueError, TypeError)):
            wire.fragment(request["data"])
    else:
        assert "data" not in request
