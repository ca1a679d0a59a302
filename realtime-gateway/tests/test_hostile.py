"""Whatever comes in, from clients, operators or Redis: a documented answer, never a crash."""

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
from centrifuge.protocol import client_pb2 as published
from gateway_process import GatewayProcess, StartGateway, insecure
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_client import RawClient
from realtime_gateway.config.options import TokenOptions
from realtime_gateway.config.settings import InvalidSettings, Loaded, load
from realtime_gateway.delivery.fanout import Fanout
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.node.tokens import TokenVerifier
from realtime_gateway.protocol import commands
from realtime_gateway.protocol.encodings import EVENTS, JSON, PUSHES, Encoding, Protobuf
from realtime_gateway.protocol.fields import Malformed, loads
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.protobuf import Messages, delimited, split
from realtime_gateway.sessions.claims import ConnectionClaims, SubscriptionClaims, TokenError
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.slow

SECRET = "a secret of at least thirty-two bytes"
DOCUMENTED = {1002, 1006, 1007, 1009, 3004, 3500, 3501}
METHODS = [
    "connect", "subscribe", "unsubscribe", "publish", "history", "presence", "presence_stats",
    "refresh", "sub_refresh", "rpc", "send", "ping",
]  # fmt: skip
FIELDS = [
    "channel", "token", "data", "offset", "epoch", "recover", "limit", "since", "reverse",
    "subs", "flag", "tf", "type", "positioned", "recoverable", "join_leave",
]  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=4),
    max_leaves=12,
)  # fmt: skip
requests = st.dictionaries(st.sampled_from(FIELDS), anything, max_size=6)
objects = st.fixed_dictionaries(
    {}, optional={"id": anything, **dict.fromkeys(METHODS, requests | anything)}
)
lines = st.one_of(
    objects.map(json.dumps), anything.map(json.dumps), st.text(), st.just("[" * 5_000)
)


@given(lines)
def test_a_line_is_a_command_or_malformed(line: str) -> None:
    with contextlib.suppress(Malformed):
        commands.decode(line)


@given(anything)
def test_a_unidirectional_request_is_one_or_malformed(request: Any) -> None:
    with contextlib.suppress(Malformed):
        commands.unidirectional(loads(json.dumps(request)))


@given(st.binary(max_size=200))
def test_bytes_are_protobuf_commands_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        for part in split(data):
            commands.command_of(Messages().command(part))
    with contextlib.suppress(Malformed):
        commands.command_of(Messages().command(data))


@given(st.text() | anything.map(lambda value: jwt.encode({"x": value}, SECRET)))
def test_a_token_is_good_or_refused(token: str) -> None:
    verifier = TokenVerifier(TokenOptions(hmac_secret_key=SECRET), None)
    kinds = (ConnectionClaims, SubscriptionClaims, TokenError)
    assert isinstance(verifier.connection_now(token), kinds)
    assert isinstance(verifier.subscription_now(token), kinds)


CLAIMS = ["sub", "exp", "nbf", "iat", "aud", "iss", "channel", "client", "info", "expire_at",
          "subs", "channels", "override", "meta", "data", "sid", "jti"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(CLAIMS), anything, max_size=6))
def test_claims_of_any_shape_are_good_or_refused(claims: dict[str, Any]) -> None:
    header = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
    verifier = TokenVerifier(TokenOptions(hmac_secret_key=SECRET), None)
    kinds = (ConnectionClaims, SubscriptionClaims, TokenError)
    assert isinstance(verifier.connection_now(header), kinds)
    assert isinstance(verifier.subscription_now(header), kinds)


@settings(max_examples=200)
@given(st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_a_configuration_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    for suffix in ("json", "yaml"):
        file = tmp_path_factory.getbasetemp() / f"hostile.{suffix}"
        file.write_bytes(content)
        _load(file, {})


SECTIONS = ["client", "channel", "websocket", "http_api", "engine", "shutdown", "admin"]
OPTIONS = ["token", "namespaces", "without_namespace", "ping_interval", "name", "history_ttl",
           "allowed_origins", "redis", "address", "timeout", "history_size"]  # fmt: skip


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(SECTIONS),
        anything | st.dictionaries(st.sampled_from(OPTIONS), anything, max_size=4),
        max_size=4,
    )
)
def test_options_of_any_shape_are_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    file = tmp_path_factory.getbasetemp() / "hostile.json"
    file.write_text(json.dumps(data))
    _load(file, {})


@given(st.text(max_size=30).filter(lambda text: "\0" not in text))
def test_an_environment_of_any_text_is_loaded_or_refused(text: str) -> None:
    for name in ("CLIENT_PING_INTERVAL", "CHANNEL_NAMESPACES", "CLIENT_CHANNEL_LIMIT",
                 "CLIENT_ALLOWED_ORIGINS", "ENGINE_REDIS_ADDRESS"):  # fmt: skip
        _load(None, {f"GATEWAY_{name}": text})


def _load(file: Path | None, environ: dict[str, str]) -> None:
    with contextlib.suppress(InvalidSettings):
        assert isinstance(load(file, environ, {}), Loaded)


class Member:
    is_over = False

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self.sent: list[bytes] = []
        self.send = self.sent.append

    def on_lost(self, channel: str) -> None:
        raise AssertionError(channel)

    def hears_joins(self, channel: str) -> bool:
        return True

    def fail(self, error: Exception) -> None:
        raise error


pieces = st.sampled_from(
    [b"p", b"j", b"l", b":", b"1", b"2", b"-1", b"9" * 30, b"e", b'"', b"{", b"}", b"[]", b"\n",
     b"\xff", b"1700000000000", b'{"data":1}', b'{"data":', b'{"info":[]}', b'{"offset":"x"}']
)  # fmt: skip
payloads = st.binary(max_size=60) | st.lists(pieces, max_size=9).map(b"".join)


@settings(max_examples=300)
@given(st.lists(payloads | payloads.map(lambda tail: b"p:1:e:1700000000000:" + tail)))
def test_messages_from_redis_are_publications_or_counted(messages: list[bytes]) -> None:
    fanout = Fanout(
        Stats(),
        key_of=str.encode,
        on_gap=lambda name: None,
        on_other=lambda key, payload: None,
    )
    for name, is_tracked in (("a", True), ("b", False)):
        channel = fanout.open(name, is_tracked=is_tracked)
        channel.settle(StreamPosition(0, "e"), [])
        for encoding in (JSON, PUSHES, EVENTS, Protobuf()):
            channel.members[Member(encoding)] = None
    for message in messages:
        fanout.receive(b"a", message)
        fanout.receive(b"b", message)
        fanout.flush()


async def test_frames_of_any_kind_are_answered_or_end_with_a_documented_code(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(_everything()).wait_ready()
    before = gateway.memory
    chance = random.Random(7)
    first = published.Command(id=1)
    first.connect.SetInParent()
    connects = [b'{"id":1,"connect":{}}', delimited(first.SerializeToString())]
    for number in range(300):
        is_protobuf = number % 2
        url = f"{gateway.ws_url}?format={'protobuf' if is_protobuf else 'json'}"
        async with connect(url, ping_interval=None) as ws:
            hello = connects[is_protobuf]
            await ws.send(hello if is_protobuf else hello.decode())
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                for _ in range(4):
                    await ws.send(_noise(chance, number))
                async with asyncio.timeout(0.03):
                    while True:
                        await ws.recv()
        assert ws.close_code in {1000, *DOCUMENTED}, ws.close_reason
    await _is_well(gateway)
    assert gateway.memory < before + 40_000_000


def _noise(chance: random.Random, number: int) -> str | bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        method, field = chance.choice(METHODS), chance.choice(FIELDS)
        value = chance.choice(
            [None, True, -1, 2**70, 1e300, "x", "", [], {}, {"a": {}}, "\ud800"]
        )
        return json.dumps({"id": number, method: {"channel": "a", field: value}})
    if kind == 2:
        command = published.Command(id=chance.randrange(1 << 32))
        getattr(command, chance.choice(METHODS)).SetInParent()
        if chance.randrange(2):
            command.publish.channel, command.publish.data = "a", chance.randbytes(9)
        return delimited(command.SerializeToString())
    return "".join(chance.choice('{}[]":,\\\n 19aé\x00') for _ in range(60))


async def test_addresses_of_any_kind_are_answered(start_gateway: StartGateway) -> None:
    gateway = start_gateway(_everything()).wait_ready()
    chance = random.Random(11)
    for _ in range(100):
        text = quote(chance.randbytes(chance.randrange(60)))
        query = chance.choice(["cf_connect=", "format=", "x=", ""]) + text
        with contextlib.suppress(ConnectionClosed, InvalidStatus, TimeoutError):
            async with connect(f"{gateway.ws_url.replace('/web', '/uni_web')}?{query}") as ws:
                await ws.send(chance.randbytes(20))
                await asyncio.wait_for(ws.recv(), 0.05)
        async with httpx.AsyncClient() as client:
            url = f"{gateway.http_url}/connection/uni_sse?{query}"
            async with client.stream("GET", url) as response:
                is_request = query.startswith("cf_connect=") and text != ""
                assert response.status_code == (400 if is_request else 200)
    await _is_well(gateway)


async def test_what_foreign_hands_put_into_redis_does_no_harm(
    start_gateway: StartGateway, redis_url: str
) -> None:
    gateway = start_gateway(_everything()).wait_ready()
    async with (
        Redis.from_url(redis_url) as redis,
        RawClient(gateway.ws_url) as client,
        connect(f"{gateway.ws_url}?format=protobuf") as other,
    ):
        await client.connect()
        for name in ("a", "str", "stream", "meta"):
            await client.subscribe(name)
        hello, wish = published.Command(id=1), published.Command(id=2)
        hello.connect.SetInParent()
        wish.subscribe.channel = "a"
        await other.send(
            delimited(hello.SerializeToString()) + delimited(wish.SerializeToString())
        )
        chance = random.Random(3)
        for key in await redis.pubsub_channels():
            for _ in range(200):
                await redis.publish(key, chance.randbytes(chance.randrange(40)))
            for text in (
                '{"from":1}',
                '{"from":"x","order":"disconnect"}',
                "[]",
                "p:1:e:1:{}",
                'j:0::1:{"user":',
                'p:0::1:{"data"',
                '{"from":"x","info":7}',
            ):
                await redis.publish(key, text)
        await redis.set("gateway.stream.{str}", "no stream")
        await redis.xadd("gateway.stream.{stream}", {"x": "no\nfragment"}, id="1-0")
        await redis.xadd("gateway.stream.{stream}", {"x": '{"data":'}, id="2-0")
        await redis.hset("gateway.meta.{stream}", mapping={"s": "2", "e": "epoch"})
        await redis.hset("gateway.meta.{meta}", mapping={"s": "many", "e": b"\xff"})
        for name in ("str", "stream", "meta"):
            for method, more in (
                ("history", {"limit": 10}),
                ("publish", {"data": 1}),
                ("unsubscribe", {}),
                ("subscribe", {"recover": True, "offset": 0, "epoch": ""}),
            ):
                reply = await _reply_of(client, method, channel=name, **more)
                assert method in reply or reply["error"]["code"] in {100, 108, 112}, reply
    await _is_well(gateway)


async def _reply_of(client: RawClient, method: str, **request: Any) -> dict[str, Any]:
    async with asyncio.timeout(10):
        return await client.ask(method, **request)


def _everything() -> dict[str, Any]:
    options = insecure()
    options["uni_websocket"] = options["uni_sse"] = {"enabled": True}
    options["channel"]["without_namespace"] |= {"presence": True, "join_leave": True}
    return options


async def _is_well(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("well")
        gateway.publish("well", "yes")
        assert await client.ask("history", channel="well", limit=5)
    assert "Traceback" not in gateway.log, gateway.log[-4000:]
    assert "Fatal error" not in gateway.log, gateway.log[-4000:]
