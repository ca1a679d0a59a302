"""Subscriptions that the server decides on: at the connect, and while the client is there.

The client learns of them and gets what is published, without having asked. A client that loses
its place in one has to come back and connect: it cannot subscribe again by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from realtime_gateway.protocol import codes, wire
from realtime_gateway.protocol.codes import Close, Error
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.sessions import control_commands
from realtime_gateway.sessions.claims import ConnectionClaims, ServerSubscription
from realtime_gateway.sessions.effects import Answer, Handling, Join, Joined
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.subscribing import appear
from realtime_gateway.sessions.subscriptions import (
    ClientState,
    Terms,
    overridden,
    position_reply,
    recovery_position,
    server_terms,
    subscription,
    ttl,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A subscription about to be made."""

    wanted: ServerSubscription
    terms: Terms
    join: Join
    lifetime: float | None = None

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self.wanted.channel


def planned(
    claims: ConnectionClaims, held: Mapping[str, StreamPosition | None], rules: Rules
) -> list[Plan] | Error | Close:
    """What a connection begins with: the token's channels, and the user's own."""
    wanted = {each.channel: each for each in claims.subscriptions}
    personal = rules.client.subscribe_to_user_personal_channel
    if personal.enabled and claims.user:
        channel = rules.channels.personal(claims.user, personal.personal_channel_namespace)
        wanted.setdefault(channel, ServerSubscription(channel))
    if len(wanted) > rules.client.channel_limit:
        return codes.CHANNEL_LIMIT
    plans = [_plan(each, held.get(each.channel), rules) for each in wanted.values()]
    found = [plan for plan in plans if plan is not None]
    return found if len(found) == len(plans) else codes.UNKNOWN_CHANNEL


def begin(state: ClientState, plan: Plan, joined: Joined, now: float) -> dict[str, Any]:
    """Hold the subscription; how the client is told of it."""
    held = subscription(plan.terms, plan.lifetime, plan.wanted.info, now)
    state.subscriptions[plan.channel] = held
    result = position_reply(joined, plan.join.since, plan.terms) | ttl(plan.lifetime)
    if plan.wanted.data is not None:
        result["data"] = plan.wanted.data
    if plan.terms.is_positioned and joined.missed:
        result["publications"] = wire.opened(joined.missed)
    return result


def subscribe(
    state: ClientState, rules: Rules, command: control_commands.Subscribe, now: float
) -> Handling:
    """Put the client into a channel; nothing happens if it is there already."""
    wanted = ServerSubscription(command.channel, command.info, command.data, command.overrides)
    plan = _plan(wanted, command.since, rules, command.lifetime)
    if plan is None or command.channel in state.subscriptions:
        return None
    if len(state.subscriptions) >= rules.client.channel_limit:
        return codes.CHANNEL_LIMIT
    joined: Joined | Error = yield plan.join
    if isinstance(joined, Error):
        return codes.SERVER_ERROR  # it comes back, and whoever sent the command sends it again
    result = begin(state, plan, joined, now)
    yield from appear(state, command.channel)
    return Answer(wire.subscribe_push(command.channel, result))


def _plan(
    wanted: ServerSubscription,
    since: StreamPosition | None,
    rules: Rules,
    lifetime: float | None = None,
) -> Plan | None:
    channel = wanted.channel
    options = rules.channels.options(channel) if rules.channels.is_valid(channel) else None
    if options is None:
        return None
    options = overridden(options, wanted.overrides)
    terms = server_terms(options)
    join = Join(channel, options, recovery_position(options, since, terms), False)
    return Plan(wanted, terms, join, lifetime)
