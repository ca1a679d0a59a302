"""How a client follows a channel: subscribe, keep its right to, and leave.

Whether it may is decided by a subscription token alone, if there is one, else by the channel's
options. A refused subscribe leaves nothing behind.
"""

from collections.abc import Generator
from typing import Any, Final

from realtime_gateway.config.options import ChannelOptions
from realtime_gateway.protocol import codes, commands, wire
from realtime_gateway.protocol.codes import Error
from realtime_gateway.sessions.claims import SubscriptionClaims, TokenError
from realtime_gateway.sessions.effects import (
    Answer,
    Appear,
    Effect,
    Handling,
    Join,
    Joined,
    Leave,
    VerifySubscription,
    fail,
    succeed,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.subscriptions import (
    ClientState,
    appearance,
    overridden,
    position_reply,
    recovery_position,
    requested_terms,
    subscription,
    ttl,
)


def handle(
    state: ClientState,
    rules: Rules,
    command: commands.Subscribe | commands.Unsubscribed | commands.SubRefresh,
    now: float,
) -> Handling:
    """Answer one of these three commands."""
    match command:
        case commands.Subscribe():
            return (yield from _subscribe(state, rules, command, now))
        case commands.SubRefresh():
            return (yield from _sub_refresh(state, rules, command, now))
        case commands.Unsubscribed():
            if command.channel in state.subscriptions:
                yield leave(state, command.channel)
            return succeed(command.id, "unsubscribe", {})


def end(state: ClientState, channel: str, why: codes.Unsubscribe) -> Handling:
    """End a subscription at the server's wish; the client is told if it has to know."""
    held = state.subscriptions.get(channel)
    if held is None or (why is codes.INSUFFICIENT and not held.terms.is_positioned):
        return None
    if held.terms.is_server_side and why is codes.INSUFFICIENT:
        return codes.INSUFFICIENT_STATE  # it cannot subscribe again by itself
    yield leave(state, channel)
    return Answer(wire.unsubscribe_push(channel, why))


def leave(state: ClientState, channel: str) -> Leave:
    """Forget a subscription that is held; what is left to be done."""
    return Leave(channel, appearance(state, state.subscriptions.pop(channel)))


def appear(state: ClientState, *channels: str) -> Generator[Effect, Any, None]:
    """Show the client to the others in channels that it has just entered."""
    for channel in channels:
        seen = appearance(state, state.subscriptions[channel])
        if seen is not None:
            yield Appear(channel, seen)


def _subscribe(
    state: ClientState, rules: Rules, command: commands.Subscribe, now: float
) -> Handling:
    channel = command.channel
    options = rules.channels.options(channel)
    if refusal := _refuse(state, rules, command, options):
        return fail(command.id, refusal)
    assert options is not None
    lifetime, info, data = None, None, None
    if rules.must_verify(command.token):
        claims: SubscriptionClaims | TokenError = yield VerifySubscription(command.token)
        if isinstance(claims, TokenError):
            return fail(command.id, _SUBSCRIPTION_REFUSALS[claims])
        if not _is_about(state, rules, claims, channel):
            return codes.INVALID_TOKEN
        lifetime, info, data = claims.lifetime, claims.info, claims.data
        options = overridden(options, claims.overrides)
    elif not rules.channels.may_subscribe(channel, options, state.user):
        return fail(command.id, codes.PERMISSION_DENIED)
    sees = rules.channels.may_see_presence(options, state.user, subscribed=True)
    terms = requested_terms(command, options, sees=sees)
    since = recovery_position(options, command.since, terms)
    joined: Joined | Error = yield Join(channel, options, since, command.rejects_unrecovered)
    if isinstance(joined, Error):
        return fail(command.id, joined)
    state.subscriptions[channel] = subscription(terms, lifetime, info, now)
    yield from appear(state, channel)
    result = position_reply(joined, since, terms) | ttl(lifetime)
    if data is not None:
        result["data"] = data
    return succeed(command.id, "subscribe", result, joined.missed or None)


def _sub_refresh(
    state: ClientState, rules: Rules, command: commands.SubRefresh, now: float
) -> Handling:
    held = state.subscriptions.get(command.channel)
    if held is None:
        return fail(command.id, codes.PERMISSION_DENIED)
    if not command.token:
        return codes.INVALID_REQUEST
    claims: SubscriptionClaims | TokenError = yield VerifySubscription(command.token)
    if claims is TokenError.EXPIRED:
        return codes.SUBSCRIPTION_OVER  # an error would be final; so it comes back with another
    if claims is TokenError.UNAVAILABLE:
        return fail(command.id, codes.INTERNAL)
    if isinstance(claims, TokenError) or not _is_about(state, rules, claims, command.channel):
        return codes.INVALID_TOKEN
    state.subscriptions[command.channel] = subscription(
        held.terms, claims.lifetime, claims.info, now
    )
    return succeed(command.id, "sub_refresh", ttl(claims.lifetime))


def _refuse(
    state: ClientState,
    rules: Rules,
    command: commands.Subscribe,
    options: ChannelOptions | None,
) -> Error | None:
    if not rules.channels.is_valid(command.channel) or command.is_unsupported:
        return codes.BAD_REQUEST
    if command.channel in state.subscriptions:
        return codes.ALREADY_SUBSCRIBED
    if len(state.subscriptions) >= rules.client.channel_limit:
        return codes.LIMIT_EXCEEDED
    return codes.UNKNOWN_CHANNEL if options is None else None


def _is_about(
    state: ClientState, rules: Rules, claims: SubscriptionClaims, channel: str
) -> bool:
    for claim, is_right in (
        ("channel", claims.channel == channel),
        ("sub", claims.user == state.user),
        ("client", claims.client in (None, "", state.client)),
    ):
        if not is_right:
            rules.refused(f"{claim}: another one's than the subscription's")
            return False
    return True


_SUBSCRIPTION_REFUSALS: Final = {
    TokenError.INVALID: codes.PERMISSION_DENIED,
    TokenError.EXPIRED: codes.TOKEN_EXPIRED,
    TokenError.UNAVAILABLE: codes.INTERNAL,
}
