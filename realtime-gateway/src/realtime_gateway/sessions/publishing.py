"""What a client may do with a channel besides following it.

Publish, read its history, and see who else is there.
"""

from collections.abc import Generator
from typing import Any

from realtime_gateway.config.options import ChannelOptions
from realtime_gateway.protocol import codes, commands, wire
from realtime_gateway.protocol.codes import Error
from realtime_gateway.sessions.effects import (
    Append,
    Effect,
    Handling,
    HistoryPage,
    Read,
    ReadPresence,
    fail,
    succeed,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.subscriptions import ClientState, client_info


def handle(
    state: ClientState,
    rules: Rules,
    command: commands.Publish | commands.History | commands.Presence | commands.PresenceStats,
) -> Handling:
    """Answer one of these four commands."""
    match command:
        case commands.Publish():
            return (yield from publish(state, rules, command))
        case commands.History():
            return (yield from history(state, rules, command))
        case commands.Presence():
            return (yield from presence(state, rules, command))
        case commands.PresenceStats():
            return (yield from presence_stats(state, rules, command))


def publish(state: ClientState, rules: Rules, command: commands.Publish) -> Handling:
    """Append the client's publication to the channel's log."""
    options = _options(rules, command.channel)
    if options is None:
        return fail(command.id, codes.UNKNOWN_CHANNEL)
    subscribed = command.channel in state.subscriptions
    if not rules.channels.may_publish(options, state.user, subscribed=subscribed):
        return fail(command.id, codes.PERMISSION_DENIED)
    held = state.subscriptions.get(command.channel)
    info = client_info(state, held.info if held else None)
    try:
        fragment = wire.fragment(command.data, info=info)
    except (ValueError, TypeError):  # the latter: bytes that are not JSON, in protobuf
        return fail(command.id, codes.BAD_REQUEST)
    error: Error | None = yield Append(command.channel, options, fragment)
    if error is not None:
        return fail(command.id, error)
    return succeed(command.id, "publish", {})


def history(state: ClientState, rules: Rules, command: commands.History) -> Handling:
    """Answer with a page of the history, of a length that is allowed."""
    options = _options(rules, command.channel)
    if options is None:
        return fail(command.id, codes.UNKNOWN_CHANNEL)
    if not options.has_history:
        return fail(command.id, codes.NOT_AVAILABLE)
    subscribed = command.channel in state.subscriptions
    if not rules.channels.may_read_history(options, state.user, subscribed=subscribed):
        return fail(command.id, codes.PERMISSION_DENIED)
    cap = rules.client.history_max_publication_limit
    limit = command.limit if 0 <= command.limit <= cap else cap
    page: HistoryPage | Error = yield Read(
        command.channel, limit, command.since, command.reverse
    )
    if isinstance(page, Error):
        return fail(command.id, page)
    top = {"offset": page.offset, "epoch": page.epoch}
    return succeed(command.id, "history", top, page.entries)


def presence(state: ClientState, rules: Rules, command: commands.Presence) -> Handling:
    """Answer with who is in the channel."""
    found: dict[str, Any] | Error = yield from _read_presence(state, rules, command.channel)
    if isinstance(found, Error):
        return fail(command.id, found)
    return succeed(command.id, "presence", {"presence": found})


def presence_stats(
    state: ClientState, rules: Rules, command: commands.PresenceStats
) -> Handling:
    """Answer with how many are in the channel."""
    found: dict[str, Any] | Error = yield from _read_presence(state, rules, command.channel)
    if isinstance(found, Error):
        return fail(command.id, found)
    return succeed(command.id, "presence_stats", count(found))


def count(presence: dict[str, Any]) -> dict[str, int]:
    """How many clients, and how many different users."""
    users = {info.get("user", "") for info in presence.values()}
    return {"num_clients": len(presence), "num_users": len(users)}


def _read_presence(
    state: ClientState, rules: Rules, channel: str
) -> Generator[Effect, Any, dict[str, Any] | Error]:
    options = _options(rules, channel)
    if options is None:
        return codes.UNKNOWN_CHANNEL
    if not options.presence:
        return codes.NOT_AVAILABLE
    if not _may_see(state, rules, channel, options):
        return codes.PERMISSION_DENIED
    found: dict[str, Any] | Error = yield ReadPresence(channel)
    return found


def _options(rules: Rules, channel: str) -> ChannelOptions | None:
    return rules.channels.options(channel) if rules.channels.is_valid(channel) else None


def _may_see(state: ClientState, rules: Rules, channel: str, options: ChannelOptions) -> bool:
    return rules.channels.may_see_presence(
        options, state.user, subscribed=channel in state.subscriptions
    )
