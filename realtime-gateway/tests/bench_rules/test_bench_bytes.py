"""What the benchmark says on the wire: frames, publications and who hears them."""

import json

import pytest
from gateway_bench.audience import Audience
from gateway_bench.dialect import (
    STAMP,
    Recovery,
    byte_file,
    centrifuge,
    client_frame,
    data,
    data_of_push,
    push,
)
from gateway_bench.feed import (
    Log,
    command,
    gateway_redis,
    packed,
    plain_redis,
    publish_api,
    socketio_redis,
)
from gateway_bench.loop_commands import read_lists
from gateway_bench.workload import ALL, named, scenes, shrunk

REDIS = "redis://:secret@127.0.0.1:7000/0"


@pytest.mark.parametrize("size", [120, 200, 5_000])
def test_every_peer_is_sent_a_message_of_the_size_that_was_asked_for(size: int) -> None:
    text = push("bench:7", data_of_push("bench:7", size))
    assert len(text) == size
    assert json.loads(text)["push"]["pub"]["data"]["stamp"] == STAMP
    assert text.encode() in plain_redis(REDIS, "bench.").publication(7, size)


def test_a_message_too_small_for_its_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        data(20)


def test_the_gateway_is_fed_by_the_message_of_the_channel_log() -> None:
    publication = gateway_redis(REDIS, Log()).publication(3, 200)
    assert b"gateway.client.{bench:3}" in publication
    kind, offset, epoch, ms, fragment = publication.rsplit(b"\r\n", 2)[1].split(b":", 4)
    assert (kind, offset, epoch) == (b"p", b"0", b"")
    assert ms.isdigit()
    assert set(json.loads(fragment)) == {"data"}


def test_the_feed_of_redis_signs_in_and_asks_for_no_answers() -> None:
    feed = plain_redis(REDIS, "bench.")
    assert (feed.host, feed.port) == ("127.0.0.1", 7000)
    assert list(feed.prefaces) == [command("AUTH", "secret"), command("CLIENT", "REPLY", "OFF")]


def test_the_server_api_gets_whole_requests_with_the_key_in_a_header() -> None:
    publication = publish_api("http://h:8000/api/publish", "k").publication(1, 200)
    head, _, body = publication.partition(b"\r\n\r\n")
    assert b"X-API-Key: k" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["channel"] == "bench:1"


def test_a_socketio_packet_has_the_size_and_the_room_of_its_channel() -> None:
    publication = socketio_redis(REDIS).publication(4, 200)
    assert b"socket.io#/#4#" in publication
    assert packed(["a", 2, {"b": []}]) == (
        b"\xdc\x00\x03\xda\x00\x01a\x02\xde\x00\x01\xda\x00\x01b\xdc\x00\x00"
    )


def test_clients_connect_subscribe_and_recover_in_their_first_frame() -> None:
    dialect = centrifuge(namespace="kept:", recovery=Recovery(7, "abcd"))
    assert dialect.greeting is not None
    connect, subscribe = map(json.loads, dialect.greeting(2, "token").split("\n"))
    assert connect["connect"]["token"] == "token"
    assert subscribe["subscribe"] == {
        "channel": "kept:2", "recover": True, "offset": 7, "epoch": "abcd"
    }  # fmt: skip


@pytest.mark.parametrize("size", [0, 125, 126, 400])
def test_client_frames_are_masked_text(size: int) -> None:
    frame = client_frame("x" * size)
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    assert frame.endswith(bytes(4) + b"x" * size)


def test_the_generators_file_reads_back() -> None:
    lists = [[b"a", b""], [], [b"\n\0"], [b"xyz" * 100]]
    assert read_lists(byte_file(*lists)) == lists


@pytest.mark.parametrize(
    ("audience", "most", "expected"),
    [
        (Audience(1_000), 200, Audience(200)),
        (Audience(1_000, 1_000), 200, Audience(200, 200)),
        (Audience(1, idle=9_999), 200, Audience(1, idle=199)),
        (Audience(1_000, 10), 5_000, Audience(1_000, 10)),
        (Audience(1_000, 10), 250, Audience(200, 2)),
    ],
)
def test_an_audience_shrinks_to_what_is_allowed(
    audience: Audience, most: int, expected: Audience
) -> None:
    assert audience.at_most(most) == expected


def test_subscribers_fill_their_channels_alike_and_company_sits_elsewhere() -> None:
    audience = Audience(6, 3, idle=4, idle_channels=2)
    assert [audience.channel_of(i) for i in range(10)] == [0, 1, 2, 0, 1, 2, 3, 4, 3, 4]
    assert audience.fanout == 2
    with pytest.raises(ValueError, match="alike"):
        Audience(10, 3)


def test_workloads_are_found_by_name_and_share_a_crowd_where_they_can() -> None:
    pair = named(["fanout-w32", "fanout-w2", "storm"])
    assert [[w.name for w in scene] for scene in scenes(pair)] == [
        ["fanout-w2", "fanout-w32"],
        ["storm"],
    ]
    assert all(shrunk(workload, 50).audience.connections <= 50 for workload in ALL)
    with pytest.raises(KeyError):
        named(["no-such-workload"])
