"""Raw frames against a running gateway: what comes back, byte by byte, and how it ends."""

import asyncio
import json

import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from raw_client import RawClient


async def test_connect_and_subscribe_in_one_frame_are_answered_in_order(
    gateway: GatewayProcess,
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.send(
            {"id": 1, "connect": {"name": "js"}},
            {"id": 2, "subscribe": {"channel": "a", "flag": 1}},
            {"id": 3, "subscribe": {"channel": "b"}},
            {"id": 4, "unsubscribe": {"channel": "a"}},
        )
        replies = [await client.receive() for _ in range(4)]
    assert [reply["id"] for reply in replies] == [1, 2, 3, 4]
    result = replies[0]["connect"]
    assert len(result["client"]) == 36
    assert result["version"]
    assert (result["ping"], result["pong"]) == (25, True)
    assert replies[1]["subscribe"]["recoverable"] is True
    assert replies[3] == {"id": 4, "unsubscribe": {}}


async def test_frames_are_split_at_newlines_only(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        text = "line\u2028separator\u0085next"
        await client.send(f'{{"id":3,"publish":{{"channel":"a","data":"{text}"}}}}\n')
        # The reply and the push come by different ways: either may be first.
        found = [await client.receive(), await client.receive()]
    [push] = [message["push"] for message in found if "push" in message]
    assert push["pub"]["data"] == text
    assert {"id": 3, "publish": {}} in found


@pytest.mark.parametrize(
    "frame",
    [
        "", "\n", "nonsense", "[]", '"x"', "{", '{"id":2}', '{"id":2,"nothing":{}}',
        '{"subscribe":{"channel":"a"}}', '{"id":-1,"subscribe":{"channel":"a"}}',
        '{"id":true,"subscribe":{"channel":"a"}}',
        '{"id":4294967296,"subscribe":{"channel":"a"}}',
        '{"id":2,"subscribe":{"channel":""}}', '{"id":2,"subscribe":{"channel":7}}',
        '{"id":2,"subscribe":[]}', '{"id":2,"connect":{}}', "{}",
        '{"id":2,"publish":{"channel":"a"}}',
        '{"id":2,"subscribe":{"channel":"a","offset":-1,"recover":true}}',
        '{"id":2,"publish":{"channel":"a","data":NaN}}', "[" * 30_000,
        '{"id":2,"subscribe":{"channel":"a"},"unsubscribe":{"channel":"a"}}',
        b"\x01binary",
    ],
)  # fmt: skip
async def test_what_is_no_command_ends_the_connection_with_3501(
    gateway: GatewayProcess, frame: str | bytes
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.send(frame)
        assert await client.closed() == (3501, "bad request")


@pytest.mark.parametrize("frame", ["{}", '{"id":1,"subscribe":{"channel":"a"}}', '{"send":{}}'])
async def test_nothing_goes_before_connect(gateway: GatewayProcess, frame: str) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.socket.send(frame)
        assert await client.closed() == (3501, "bad request")


async def test_replies_that_were_ready_are_sent_before_a_refusal(
    gateway: GatewayProcess,
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.send({"id": 1, "connect": {}}, "nonsense")
        assert "connect" in await client.receive()
        assert (await client.closed())[0] == 3501


async def test_unknown_fields_are_ignored(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.send(
            '{"id":1,"new":5,"connect":{"profile":"x","subs":{},"headers":{"a":"b"}}}'
        )
        assert "connect" in await client.receive()
        assert (await client.ask("subscribe", channel="a", delta="fossil", newer=[1]))[
            "subscribe"
        ]


@pytest.mark.parametrize("method", ["rpc", "presence", "presence_stats"])
async def test_what_is_not_offered_is_refused_and_the_connection_goes_on(
    gateway: GatewayProcess, method: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        reply = await client.ask(method, channel="a")
        assert reply["error"] == {"code": 108, "message": "not available"}
        await client.send({"send": {"data": {}}})
        assert (await client.ask("unsubscribe", channel="never"))["unsubscribe"] == {}


@pytest.mark.parametrize(
    ("channel", "code"), [("x" * 256, 107), ("ümlaut", 107), ("}", 107), ("nowhere:a", 102)]
)
async def test_a_channel_that_cannot_be_is_refused(
    gateway: GatewayProcess, channel: str, code: int
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        assert (await client.ask("subscribe", channel=channel))["error"]["code"] == code
        assert (await client.ask("subscribe", channel=channel))["error"]["code"] == code


async def test_a_channel_is_subscribed_to_once_and_only_so_many(
    gateway: GatewayProcess,
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for number in range(128):
            await client.subscribe(f"c{number}")
        assert (await client.ask("subscribe", channel="c7"))["error"]["code"] == 105
        assert (await client.ask("subscribe", channel="more"))["error"]["code"] == 106
        await client.ask("unsubscribe", channel="c7")
        await client.subscribe("more")


async def test_a_channel_without_history_has_no_position(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        assert await client.subscribe("plain:a", recover=True) == {}
        assert gateway.publish("plain:a", {"n": 1}) == {}
        assert await client.publication() == {"data": {"n": 1}}
        assert (await client.ask("history", channel="plain:a"))["error"]["code"] == 108


async def test_an_empty_message_is_the_ping_and_its_answer_the_pong(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(insecure(ping_interval="1s", pong_timeout="900ms")).wait_ready()
    async with RawClient(gateway.ws_url) as good:
        assert (await good.connect())["ping"] == 1
        assert await good.is_silent(3.0)  # it has answered every ping meanwhile
        assert (await good.ask("unsubscribe", channel="x"))["unsubscribe"] == {}
    async with RawClient(gateway.ws_url) as quiet:
        await quiet.connect()
        assert await asyncio.wait_for(quiet.socket.recv(), 30) == "{}"
        assert await quiet.closed() == (3012, "no pong")


async def test_a_pong_that_nobody_asked_for_is_a_bad_request(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.send("{}")
        assert (await client.closed())[0] == 3501


async def test_who_does_not_connect_is_sent_away_as_stale(start_gateway: StartGateway) -> None:
    gateway = start_gateway(insecure(stale_close_delay="300ms")).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        assert await client.closed() == (3502, "stale")


async def test_an_offset_of_one_comes_with_its_epoch(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        place = await client.subscribe(channel)
        assert place["offset"] == 0
        gateway.publish(channel, 1)
        gateway.publish(channel, 2)
        first = await client.publication()
        assert first == {"data": 1, "offset": 1, "epoch": place["epoch"]}
        assert await client.publication() == {"data": 2, "offset": 2}


async def test_all_subscribers_get_the_same_bytes(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as one, RawClient(gateway.ws_url) as two:
        for client in (one, two):
            await client.connect()
            await client.subscribe(channel)
        gateway.publish(channel, {"text": 'quotes " and ümlauts'}, tags={"k": "v"})
        await one.publication()
        await two.publication()
        assert one.frames[-1] == two.frames[-1]
        assert json.loads(one.frames[-1])["push"]["pub"]["tags"] == {"k": "v"}


async def test_no_push_follows_the_reply_to_unsubscribe(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe(channel)
        await client.ask("unsubscribe", channel=channel)
        gateway.publish(channel, 1)
        assert await client.is_silent()


async def test_a_client_publishes_and_reads_history(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        mine = (await client.connect())["client"]
        await client.subscribe(channel)
        for number in (1, 2, 3):
            assert (await client.ask("publish", channel=channel, data={"n": number}))[
                "publish"
            ] == {}
            info = (await client.publication())["info"]
            assert info == {"user": "", "client": mine}
        page = (await client.ask("history", channel=channel, limit=2))["history"]
        assert [pub["data"]["n"] for pub in page["publications"]] == [1, 2]
        since = {"offset": 2, "epoch": page["epoch"]}
        page = (await client.ask("history", channel=channel, limit=-1, since=since))["history"]
        assert [pub["offset"] for pub in page["publications"]] == [3]
        page = (await client.ask("history", channel=channel, limit=2, reverse=True))["history"]
        assert [pub["offset"] for pub in page["publications"]] == [3, 2]
        page = (await client.ask("history", channel=channel))["history"]
        assert (page["offset"], page["publications"]) == (3, [])
        wrong = {"offset": 2, "epoch": "other"}
        reply = await client.ask("history", channel=channel, limit=-1, since=wrong)
        assert reply["error"]["code"] == 112
