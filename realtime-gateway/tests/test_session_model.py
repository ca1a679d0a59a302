"""Sessions, hub and history against a model that is too simple to be wrong.

The model knows what was published, and what each client was told; whatever pub/sub loses,
repeats or delays, and whenever clients come, go and recover: nobody sees a gap, a repeat or
another order, unless it was told that its place is lost.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from realtime_gateway.config.options import ChannelOptions, ChannelsOptions, ClientOptions
from realtime_gateway.delivery.channel import Memory
from realtime_gateway.delivery.hub import Hub
from realtime_gateway.protocol.codes import INSUFFICIENT, UNRECOVERABLE_POSITION, Error
from realtime_gateway.protocol.commands import decode
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry
from realtime_gateway.sessions.channels import Channels
from realtime_gateway.sessions.claims import ConnectionClaims
from realtime_gateway.sessions.effects import (
    Admit,
    Answer,
    Appear,
    Effect,
    Join,
    Joined,
    Leave,
    Outcome,
    VerifyConnection,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.session import Session

CHANNEL = "news"
KEPT = 5
CAP = 4
OPTIONS = ChannelOptions(
    history_size=KEPT, history_ttl=60, force_recovery=True, allow_subscribe_for_client=True
)
CLIENT = ClientOptions(ping_interval=1000, pong_timeout=8)
CHANNELS = Channels(ChannelsOptions(without_namespace=OPTIONS))
RULES = Rules(CLIENT, CHANNELS, "1", has_keys=True, random=lambda: 0.0)


@dataclass
class History:
    """What Redis keeps: everything under one epoch until it is flushed."""

    epoch: int = 1
    published: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"e{self.epoch}"

    @property
    def top(self) -> StreamPosition:
        return StreamPosition(len(self.published), self.name)

    def after(self, offset: int) -> list[Entry]:
        listed = list(enumerate(self.published, start=1))
        return [entry for entry in listed[-KEPT:] if entry[0] > offset]


@dataclass(eq=False)
class Client:
    """An SDK: what it holds, and whether what it was sent continues that."""

    session: Session
    offset: int = 0
    epoch: str = ""
    is_subscribed: bool = False
    lost: int = 0
    seen: list[bytes] = field(default_factory=list)

    def take(self, offset: int, fragment: bytes) -> None:
        assert self.is_subscribed
        assert offset == self.offset + 1, "a gap, a repeat or another order"
        self.offset = offset
        self.seen.append(fragment)


class Gateway(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.hub: Hub[Client] = Hub()
        self.clients: list[Client] = []
        self.in_flight: list[tuple[int, str, bytes]] = []
        self.number = 0

    @initialize()
    def two_clients_listen(self) -> None:
        for _ in range(2):
            self.a_client_comes()
            result = self._say(self.clients[-1], subscribe={"channel": CHANNEL})["subscribe"]
            self._begin(self.clients[-1], result, recovers=False)

    # what happens outside

    @rule()
    def publish(self) -> None:
        self.number += 1
        fragment = b'{"data":%d}' % self.number
        self.history.published.append(fragment)
        self.in_flight.append((self.history.top.offset, self.history.name, fragment))

    @rule()
    def redis_is_flushed(self) -> None:
        self.history = History(self.history.epoch + 1)

    @rule(count=st.integers(1, 2 * CAP))
    def a_burst_passes(self, count: int) -> None:
        for _ in range(count):
            self.publish()
        while self.in_flight:
            self.pub_sub_delivers()

    @precondition(lambda self: self.in_flight)
    @rule()
    def pub_sub_delivers(self) -> None:
        self._receive(*self.in_flight.pop(0))

    @precondition(lambda self: self.in_flight)
    @rule()
    def pub_sub_loses(self) -> None:
        self.in_flight.pop(0)

    @precondition(lambda self: self.in_flight)
    @rule()
    def pub_sub_repeats(self) -> None:
        self._receive(*self.in_flight[0])

    @rule()
    def the_channel_is_looked_after(self) -> None:
        """The periodic check, or a gap that was found: a read from the position on."""
        self._settle()

    @rule()
    def the_node_forgets_a_channel_that_nobody_is_in(self) -> None:
        self.hub.take_idle(before=1.0)

    # what clients do

    @rule()
    def a_client_comes(self) -> None:
        client = Client(Session(f"c{len(self.clients)}", RULES, 0.0))
        self._say(client, connect={"token": "t"})
        self.clients.append(client)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), recovers=st.booleans(), rejects=st.booleans())
    def a_client_subscribes(self, data: Any, recovers: bool, rejects: bool) -> None:
        client = data.draw(st.sampled_from(self.clients))
        request: dict[str, Any] = {"channel": CHANNEL}
        recovers = recovers and client.epoch != ""
        if recovers:
            request |= {"recover": True, "offset": client.offset, "epoch": client.epoch}
            request["flag"] = 2 if rejects else 0
        reply = self._say(client, subscribe=request)
        if client.is_subscribed:
            assert reply["error"]["code"] == 105
        elif "error" in reply:
            assert reply["error"]["code"] == UNRECOVERABLE_POSITION.code
            assert recovers
            assert rejects
            client.epoch = ""
        else:
            self._begin(client, reply["subscribe"], recovers)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def a_client_unsubscribes(self, data: Any) -> None:
        client = data.draw(st.sampled_from(self.clients))
        assert self._say(client, unsubscribe={"channel": CHANNEL})["unsubscribe"] == {}
        client.is_subscribed = False

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def a_client_goes(self, data: Any) -> None:
        client = data.draw(st.sampled_from(self.clients))
        for leave in client.session.end():
            self.hub.leave(leave.channel, client, 0.0)
        self.clients.remove(client)

    # what holds all the time

    @invariant()
    def members_are_who_is_subscribed_and_stand_at_the_channels_position(self) -> None:
        channel = self.hub.channels.get(CHANNEL)
        members = set(channel.members) if channel else set()
        assert members == {each for each in self.clients if each.is_subscribed}
        for client in self.clients:
            assert (CHANNEL in client.session.subscriptions) is client.is_subscribed
            if client.is_subscribed:
                assert channel is not None
                assert (client.offset, client.epoch) == (channel.offset, channel.epoch)

    @invariant()
    def what_was_seen_under_the_present_epoch_is_what_was_published(self) -> None:
        for client in self.clients:
            if client.epoch == self.history.name and client.seen:
                end = client.offset
                start = end - len(client.seen)
                assert client.seen == self.history.published[start:end]

    def teardown(self) -> None:
        """In the end everybody who listens has everything."""
        self._settle()
        for client in self.clients:
            if client.is_subscribed:
                assert (client.offset, client.epoch) == (
                    self.history.top.offset,
                    self.history.name,
                )

    # the node, in so few words that they can be seen to be right

    def _receive(self, offset: int, epoch: str, fragment: bytes) -> None:
        channel = self.hub.channels.get(CHANNEL)
        if channel is not None:
            channel.receive(offset, epoch, fragment)
            self._deliver()

    def _settle(self) -> None:
        channel = self.hub.channels.get(CHANNEL)
        if channel is None:
            return
        channel.unsettle()
        for _ in range(2):  # what was held back may show one more gap
            kept = channel.settle(self.history.top, self.history.after(channel.offset))
            self._deliver()
            if not kept:
                for member in list(channel.members):
                    self._lose(member)
        if not channel.is_settled:
            # Held back under another epoch: stale, and forgotten by the next read.
            channel.settle(self.history.top, self.history.after(channel.offset))
            self._deliver()

    def _lose(self, client: Client) -> None:
        outcome = self._run(client, client.session.end_subscription(CHANNEL, INSUFFICIENT))
        assert isinstance(outcome, Answer)
        assert json.loads(outcome.message)["push"]["unsubscribe"]["code"] == 2500
        client.is_subscribed = False
        client.lost += 1

    def _deliver(self) -> None:
        channel = self.hub.channels[CHANNEL]
        for offset, fragment in channel.take_fresh():
            for member in channel.members:
                member.take(offset, fragment)

    def _join(self, client: Client, join: Join) -> Joined | Error:
        channel = self.hub.open(CHANNEL, is_tracked=True)
        while True:
            if not channel.is_settled:
                self._settle()
            if join.since is None:
                missed: Any = None
                break
            missed = channel.recover(join.since, CAP)
            if isinstance(missed, Memory):
                read = self.history.after(join.since.offset)[: CAP + 1]
                missed = channel.recover_from(join.since, CAP, self.history.top, read)
            if not isinstance(missed, Memory):
                break
            channel.unsettle()
        if join.since is not None and missed is None and join.rejects_unrecovered:
            return UNRECOVERABLE_POSITION
        channel.members[client] = None
        return Joined(channel.offset, channel.epoch, missed)

    def _begin(self, client: Client, result: dict[str, Any], recovers: bool) -> None:
        client.is_subscribed = True
        if recovers and result.get("recovered"):
            assert (result["offset"], result["epoch"]) == (client.offset, client.epoch)
            assert len(result.get("publications", [])) <= CAP
            for publication in result.get("publications", []):
                fragment = b'{"data":%d}' % publication["data"]
                client.take(publication["offset"], fragment)
        else:
            client.seen = []
            client.offset, client.epoch = result["offset"], result["epoch"]

    def _say(self, client: Client, **command: Any) -> dict[str, Any]:
        handling = client.session.handle(decode(json.dumps({"id": 1, **command})), 1.0)
        outcome = self._run(client, handling)
        assert isinstance(outcome, Answer)
        found: dict[str, Any] = json.loads(outcome.message)
        return found

    def _run(self, client: Client, handling: Any) -> Outcome:
        answer: object = None
        try:
            while True:
                answer = self._answer(client, handling.send(answer))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    def _answer(self, client: Client, ask: Effect) -> object:
        match ask:
            case VerifyConnection():
                return ConnectionClaims("ann")
            case Join():
                return self._join(client, ask)
            case Leave():
                self.hub.leave(ask.channel, client, 0.0)
                return None
            case Admit() | Appear():
                return None
        raise AssertionError(ask)


Gateway.TestCase.settings = settings(max_examples=500, stateful_step_count=40, derandomize=True)
TestGateway = pytest.mark.long(Gateway.TestCase)
