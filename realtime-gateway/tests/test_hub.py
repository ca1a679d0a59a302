"""The hub's invariant: members have received exactly what lies up to the position."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_gateway.delivery.channel import HELD_LIMIT, TAIL_BYTES, UNSURE, Channel
from realtime_gateway.delivery.hub import Hub
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry


def fragment(number: int) -> bytes:
    return b'{"data":%d}' % number


def entries(first: int, last: int) -> list[Entry]:
    return [(number, fragment(number)) for number in range(first, last + 1)]


def settled(offset: int = 0, epoch: str = "e") -> Channel[str]:
    channel: Channel[str] = Channel("a", is_tracked=True)
    assert channel.settle(StreamPosition(offset, epoch), [])
    return channel


def live(channel: Channel[str], *offsets: int, epoch: str = "e") -> list[bool]:
    return [channel.receive(offset, epoch, fragment(offset)) for offset in offsets]


def test_consecutive_publications_are_delivered() -> None:
    channel = settled(4)
    assert live(channel, 5, 6) == [True, True]
    assert channel.take_fresh() == entries(5, 6)
    assert channel.offset == 6


def test_a_repeat_is_dropped() -> None:
    channel = settled(4)
    live(channel, 5, 6)
    assert live(channel, 5, 6, 7) == [True, True, True]
    assert channel.take_fresh() == entries(5, 7)


@pytest.mark.parametrize(("offset", "epoch"), [(6, "e"), (5, "other"), (1, "other")])
def test_a_hole_or_another_epoch_unsettles_the_channel_once(offset: int, epoch: str) -> None:
    channel = settled(4)
    assert live(channel, offset, epoch=epoch) == [False]
    assert live(channel, offset + 1, epoch=epoch) == [True]
    assert not channel.is_settled
    assert channel.take_fresh() == []


def test_the_same_offset_with_other_content_unsettles_the_channel() -> None:
    channel = settled(0)
    live(channel, 1, 2)
    assert not channel.receive(2, "e", fragment(99))


def test_a_read_closes_the_hole_and_what_was_held_follows() -> None:
    channel = settled(4)
    live(channel, 5, 8, 9, 10)
    assert channel.settle(StreamPosition(9, "e"), entries(6, 9))
    assert channel.is_settled
    assert channel.take_fresh() == entries(5, 10)


def test_a_hole_behind_the_hole_needs_another_read() -> None:
    channel = settled(4)
    live(channel, 6, 9)
    assert channel.settle(StreamPosition(6, "e"), entries(5, 6))
    assert not channel.is_settled
    assert channel.settle(StreamPosition(9, "e"), entries(7, 9))
    assert channel.is_settled
    assert channel.take_fresh() == entries(5, 9)


def test_what_does_not_fit_the_held_ones_is_read_again() -> None:
    channel = settled(0)
    live(channel, *range(2, HELD_LIMIT + 12))
    assert channel.settle(StreamPosition(3, "e"), entries(1, 3))
    assert not channel.is_settled
    assert channel.settle(StreamPosition(HELD_LIMIT + 11, "e"), entries(4, HELD_LIMIT + 11))
    assert channel.take_fresh() == entries(1, HELD_LIMIT + 11)


@pytest.mark.parametrize(
    ("top", "read"),
    [
        (StreamPosition(9, "other"), []),
        (StreamPosition(9, "e"), entries(8, 9)),
        (StreamPosition(9, "e"), entries(5, 7)),
        (StreamPosition(9, "e"), []),
        (StreamPosition(3, "e"), []),
    ],
    ids=["new epoch", "trimmed", "cut", "gone", "failed over to the past"],
)
def test_what_the_history_has_lost_is_said(top: StreamPosition, read: list[Entry]) -> None:
    channel = settled(4)
    channel.is_settled = False
    assert not channel.settle(top, read)
    assert (channel.offset, channel.epoch) == (top.offset, top.epoch)
    assert channel.is_settled


def test_a_publication_without_history_passes_through_in_any_state() -> None:
    channel: Channel[str] = Channel("a", is_tracked=True)
    assert channel.receive(0, "", fragment(7))
    assert channel.take_fresh() == [(0, fragment(7))]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (StreamPosition(9, "e"), []),
        (StreamPosition(7, "e"), entries(8, 9)),
        (StreamPosition(5, ""), entries(6, 9)),
        (StreamPosition(5, "e"), entries(6, 9)),
        (StreamPosition(4, "e"), UNSURE),
        (StreamPosition(10, "e"), UNSURE),
        (StreamPosition(9, "other"), UNSURE),
        (StreamPosition(9, ""), []),
    ],
)
def test_memory_answers_what_it_is_sure_of(since: StreamPosition, expected: object) -> None:
    channel = settled(5)
    live(channel, 6, 7, 8, 9)
    assert channel.recover(since, cap=100) == expected


def test_more_than_the_cap_is_not_recovered() -> None:
    channel = settled(0)
    live(channel, 1, 2, 3)
    assert channel.recover(StreamPosition(0, "e"), cap=3) == entries(1, 3)
    assert channel.recover(StreamPosition(0, "e"), cap=2) is None


@pytest.mark.parametrize(
    ("since", "top", "read", "expected"),
    [
        (StreamPosition(3, "e"), StreamPosition(5, "e"), entries(4, 5), entries(4, 9)),
        (StreamPosition(3, "e"), StreamPosition(9, "e"), entries(4, 9), entries(4, 9)),
        (StreamPosition(3, "e"), StreamPosition(4, "e"), entries(4, 4), UNSURE),
        (StreamPosition(3, "e"), StreamPosition(10, "e"), entries(4, 10), UNSURE),
        (StreamPosition(3, "e"), StreamPosition(2, "new"), [], UNSURE),
        (StreamPosition(3, "old"), StreamPosition(9, "e"), entries(4, 9), None),
        (StreamPosition(3, "e"), StreamPosition(9, "e"), entries(6, 9), None),
        (StreamPosition(3, "e"), StreamPosition(9, "e"), entries(4, 6), None),
        (StreamPosition(3, "e"), StreamPosition(9, "e"), entries(4, 6) + entries(8, 9), None),
        (StreamPosition(12, "e"), StreamPosition(9, "e"), [], None),
    ],
    ids=["older read", "exact", "too old", "ahead", "other epoch", "their epoch", "trimmed",
         "capped", "a gap within", "their future"],
)  # fmt: skip
def test_a_read_and_memory_together_answer_the_rest(
    since: StreamPosition, top: StreamPosition, read: list[Entry], expected: object
) -> None:
    channel = settled(5)
    live(channel, 6, 7, 8, 9)
    assert channel.recover_from(since, 100, top, read) == expected


@pytest.mark.parametrize(
    ("top", "read", "expected"),
    [
        (StreamPosition(5, "e"), entries(5, 5), False),
        (StreamPosition(7, "e"), entries(5, 7), False),
        (StreamPosition(7, "e"), entries(6, 7), False),
        (StreamPosition(5, "e"), [], False),
        (StreamPosition(4, "e"), [], True),
        (StreamPosition(5, "e"), [(5, b'{"data":"other"}')], True),
        (StreamPosition(7, "e"), [(5, b'{"data":"other"}'), *entries(6, 7)], True),
        (StreamPosition(4, "new"), [], False),
    ],
    ids=["same", "more", "trimmed", "expired", "shorter", "other", "other and more", "new log"],
)
def test_a_read_that_knows_another_past_contradicts(
    top: StreamPosition, read: list[Entry], expected: bool
) -> None:
    channel = settled(4)
    live(channel, 5)
    assert channel.is_contradicted_by(top, read) is expected


def test_what_one_client_had_to_ask_the_history_for_the_next_one_finds_in_memory() -> None:
    channel = settled(5)
    live(channel, 6)
    assert channel.recover(StreamPosition(3, "e"), cap=100) is UNSURE
    channel.recover_from(StreamPosition(3, "e"), 100, StreamPosition(6, "e"), entries(4, 6))
    live(channel, 7)
    assert channel.recover(StreamPosition(3, "e"), cap=100) == entries(4, 7)
    assert channel.recover(StreamPosition(2, "e"), cap=100) is UNSURE


def test_a_long_recovery_does_not_fill_the_memory() -> None:
    channel = settled(2)
    big = [(number, b'{"data":"%s"}' % (b"x" * TAIL_BYTES)) for number in (1, 2)]
    channel.recover_from(StreamPosition(0, "e"), 100, StreamPosition(2, "e"), big)
    assert channel.tail_bytes == 0
    assert channel.recover(StreamPosition(0, "e"), cap=100) is UNSURE


def test_an_idle_channel_is_forgotten_unless_somebody_is_coming() -> None:
    hub: Hub[str] = Hub()
    for name in ("empty", "used", "awaited", "fresh"):
        hub.open(name, is_tracked=True).members["m"] = None
        hub.leave(name, "m", now=10.0 if name != "fresh" else 11.0)
    hub.channels["used"].members["n"] = None
    hub.channels["awaited"].joining = 1
    assert [channel.name for channel in hub.take_idle(before=10.5)] == ["empty"]
    assert set(hub.channels) == {"used", "awaited", "fresh"}


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(["publish", "lose", "repeat", "read", "late read"]), max_size=60)
)
def test_members_get_every_publication_once_and_in_order(actions: list[str]) -> None:
    """Against a model: a history that is complete, and pub/sub that loses and repeats."""
    channel = settled(0)
    written, delivered = 0, []
    snapshot = StreamPosition(0, "e")
    for action in actions:
        if action in ("publish", "lose"):
            written += 1
            if action == "publish":
                live(channel, written)
        elif action == "repeat" and written:
            live(channel, written)
        elif action == "late read":
            snapshot = StreamPosition(written, "e")  # executed now, answered later
        elif action == "read" and not channel.is_settled:
            top = max(snapshot.offset, channel.offset)
            assert channel.settle(StreamPosition(top, "e"), entries(channel.offset + 1, top))
        delivered += [offset for offset, _ in channel.take_fresh()]
        assert delivered == list(range(1, channel.offset + 1))
    while not channel.is_settled:
        channel.settle(StreamPosition(written, "e"), entries(channel.offset + 1, written))
        delivered += [offset for offset, _ in channel.take_fresh()]
    live(channel, written + 1)
    if not channel.is_settled:
        channel.settle(
            StreamPosition(written + 1, "e"), entries(channel.offset + 1, written + 1)
        )
    delivered += [offset for offset, _ in channel.take_fresh()]
    assert delivered == list(range(1, written + 2))
