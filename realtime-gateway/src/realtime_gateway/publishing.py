"""What a client may do with a channel besides following it: publish, and read its history."""

from collections.abc import Mapping
from typing import Any, Protocol

from realtime_gateway import codes, commands, protocol
from realtime_gateway.asks import Append, Handling, HistoryPage, Read, fail, succeed
from realtime_gateway.codes import Error
from realtime_gateway.options import ChannelOptions
from realtime_gateway.rules import Rules
from realtime_gateway.subscriptions import Subscription


class Speaker(Protocol):
    """Who is speaking."""

    @property
    def client(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def info(self) -> Any: ...
    @property
    def subscriptions(self) -> Mapping[str, Subscription]: ...


def publish(who: Speaker, rules: Rules, command: commands.Publish) -> Handling:
    options = _options(rules, command.channel)
    if options is None:
        return fail(command.id, codes.UNKNOWN_CHANNEL)
    subscribed = command.channel in who.subscriptions
    if not rules.channels.may_publish(options, who.user, subscribed=subscribed):
        return fail(command.id, codes.PERMISSION_DENIED)
    try:
        fragment = protocol.fragment(command.data, info=_info(who, command.channel))
    except ValueError:
        return fail(command.id, codes.BAD_REQUEST)
    error: Error | None = yield Append(command.channel, options, fragment)
    if error is not None:
        return fail(command.id, error)
    return succeed(command.id, "publish", {})


def history(who: Speaker, rules: Rules, command: commands.History) -> Handling:
    options = _options(rules, command.channel)
    if options is None:
        return fail(command.id, codes.UNKNOWN_CHANNEL)
    subscribed = command.channel in who.subscriptions
    if not rules.channels.may_read_history(options, who.user, subscribed=subscribed):
        return fail(command.id, codes.PERMISSION_DENIED)
    if not options.has_history:
        return fail(command.id, codes.NOT_AVAILABLE)
    cap = rules.client.history_max_publication_limit
    limit = command.limit if 0 <= command.limit <= cap else cap
    page: HistoryPage | Error = yield Read(
        command.channel, limit, command.since, command.reverse
    )
    if isinstance(page, Error):
        return fail(command.id, page)
    top = {"offset": page.offset, "epoch": page.epoch}
    return succeed(command.id, "history", top, page.entries)


def _options(rules: Rules, channel: str) -> ChannelOptions | None:
    return rules.channels.options(channel) if rules.channels.is_valid(channel) else None


def _info(who: Speaker, channel: str) -> dict[str, Any]:
    """What others are told about the publisher."""
    info = {"user": who.user, "client": who.client}
    if who.info is not None:
        info["conn_info"] = who.info
    held = who.subscriptions.get(channel)
    if held is not None and held.info is not None:
        info["chan_info"] = held.info
    return info
