"""Frames, the timer wheel, encoding, and uvicorn's surface that we lean on."""

import asyncio
import contextlib
import gc
import inspect
import json
import weakref
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_gateway.delivery.pauses import PERIOD, Pauses
from realtime_gateway.node.wheel import TICK, Wheel
from realtime_gateway.protocol import frames, wire
from realtime_gateway.protocol.commands import decode
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.transports.websocket import WebSocket
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server, ServerState


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_text_frame_has_the_shortest_length_that_fits(size: int) -> None:
    frame = frames.text(b"x" * size)
    head = 2 if size < 126 else 4 if size < 65_536 else 10
    assert len(frame) == size + head
    assert frame[0] == 0x81
    assert not frame[1] & 0x80  # servers do not mask


class Sleeper:
    def __init__(self) -> None:
        self.wake_tick = 0


def test_a_sleeper_is_woken_at_its_last_time_only() -> None:
    wheel: Wheel[Sleeper] = Wheel(now=100.0)
    sleeper = Sleeper()
    wheel.put(sleeper, 105.0)
    wheel.put(sleeper, 101.0)
    assert wheel.advance(100.9) == []
    assert wheel.advance(101.0 + 2 * TICK) == [sleeper]
    assert wheel.advance(110.0) == []


def test_the_past_is_the_next_tick_and_the_removed_sleep_on() -> None:
    wheel: Wheel[Sleeper] = Wheel(now=100.0)
    late, gone = Sleeper(), Sleeper()
    wheel.put(late, 50.0)
    wheel.put(gone, 50.0)
    wheel.remove(gone)
    wheel.remove(gone)
    assert wheel.advance(100.0 + 2 * TICK) == [late]


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10,
))  # fmt: skip
def test_any_data_travels_unchanged_and_without_a_newline(data: object) -> None:
    fragment = wire.fragment(data)
    pushed = wire.push(wire.push_head('a"\n'), 7, "e", fragment)
    assert b"\n" not in pushed
    push = json.loads(pushed)["push"]
    assert push == {"channel": 'a"\n', "pub": {"data": data, "offset": 7}}


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_makes_decode_fail_otherwise_than_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        decode(text)


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert wire.fragment("\ud83d") == b'{"data":"\\ud83d"}'


def test_uvicorn_still_makes_protocols_as_our_protocol_switch_expects() -> None:
    """What `protocol_switch.py` uses beyond uvicorn's documentation: why uvicorn is pinned."""
    made = inspect.signature(HttpToolsProtocol.__init__).parameters
    assert list(made) == ["self", "config", "server_state", "app_state", "_loop"]
    assert "ws_protocol_class(" in inspect.getsource(HttpToolsProtocol.handle_websocket_upgrade)
    assert "http_protocol_class(" in inspect.getsource(Server.startup)
    assert inspect.iscoroutinefunction(Server.shutdown)
    assert "sockets" in inspect.signature(Server.serve).parameters  # a worker's own
    assert "sock=sock" in inspect.getsource(Server.startup)
    assert isinstance(ServerState().connections, set)

    async def app(scope: object, receive: object, send: object) -> None: ...

    def switch() -> None: ...

    config = Config(app, http=switch, ws=switch, lifespan="off", log_config=None)  # type: ignore[arg-type]
    config.load()
    assert config.http_protocol_class is switch
    assert config.ws_protocol_class is switch


class Wire:
    """As much of a transport as a WebSocket needs to be cut off."""

    is_over = False

    def set_write_buffer_limits(self, high: int) -> None: ...
    def set_protocol(self, protocol: object) -> None: ...
    def write(self, data: bytes) -> None: ...
    def is_closing(self) -> bool:
        return self.is_over

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return True

    def close(self) -> None:
        self.is_over = True


async def test_a_lost_connections_parser_is_freed_without_the_garbage_collector() -> None:
    """A parser and the error that it holds refer to each other until the connection is lost."""
    socket = WebSocket(asyncio.get_running_loop(), max_message_size=1000)
    socket.attach(cast(asyncio.Transport, Wire()), buffer_limit=1000)
    socket.data_received(b"\x81\x01x")  # unmasked: an error with a traceback
    assert socket.ws.parser_exc is not None
    gone = weakref.ref(socket.ws)
    gc.disable()
    try:
        socket.connection_lost(None)
        del socket
        assert gone() is None
    finally:
        gc.enable()


def test_the_longest_pause_is_remembered_for_as_long_as_somebody_may_ask() -> None:
    pauses = Pauses(now=100.0)
    pauses.observe(0.25)
    pauses.turn(100.0 + PERIOD)
    pauses.observe(0.0625)
    assert pauses.longest == 0.25
    pauses.turn(100.0 + 2 * PERIOD)
    assert pauses.longest == 0.0625
    pauses.turn(100.0 + 3 * PERIOD)
    assert pauses.longest == 0
    assert pauses.seconds.total == 0.3125


def test_a_collection_of_garbage_is_a_pause() -> None:
    pauses = Pauses()
    with pauses.of_collections():
        gc.collect()
    assert pauses.longest > 0
    told = pauses.seconds.cumulative()[-1]
    gc.collect()
    assert pauses.seconds.cumulative()[-1] == told
