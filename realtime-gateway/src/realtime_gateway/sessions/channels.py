"""Which channels there are and what a client may do in them without a token.

A name is `rest`, `namespace:rest`, `$private` or `rest#user1,user2`. Standard library only.
"""

from realtime_gateway.config import patterns
from realtime_gateway.config.options import ChannelOptions, ChannelsOptions

PRIVATE_PREFIX = "$"
NAMESPACE_BOUNDARY = ":"
USER_BOUNDARY = "#"
USER_SEPARATOR = ","


class Channels:
    """The options of every channel, and what they allow."""

    def __init__(self, options: ChannelsOptions, *, insecure: bool = False) -> None:
        self._max_length = options.max_length
        self._without_namespace = options.without_namespace
        self._namespaces: dict[str, ChannelOptions] = {
            namespace.name: namespace for namespace in options.namespaces
        }
        self._insecure = insecure

    def is_valid(self, channel: str) -> bool:
        """Whether this can be a channel at all.

        A leading brace would empty its key's hash tag.
        """
        return (
            0 < len(channel) <= self._max_length
            and channel.isascii()
            and not channel.startswith("}")
        )

    def options(self, channel: str) -> ChannelOptions | None:
        """The options of the channel; None if there is no such namespace or name in it."""
        name, boundary, rest = channel.removeprefix(PRIVATE_PREFIX).partition(
            NAMESPACE_BOUNDARY
        )
        options = self._namespaces.get(name) if boundary else self._without_namespace
        if options is None or not options.channel_regex:
            return options
        return options if self._has_name(options, rest if boundary else name) else None

    def personal(self, user: str, namespace: str) -> str:
        """The user's own channel."""
        prefix = namespace + NAMESPACE_BOUNDARY if namespace else ""
        return f"{prefix}{USER_BOUNDARY}{user}"

    def may_subscribe(self, channel: str, options: ChannelOptions, user: str) -> bool:
        """Whether `user` may subscribe without a token; empty is anonymous."""
        if self._insecure:
            return True
        if channel.startswith(PRIVATE_PREFIX):
            return False
        _, boundary, users = channel.rpartition(USER_BOUNDARY)
        if boundary and options.allow_user_limited_channels:
            return user != "" and user in users.split(USER_SEPARATOR)
        return options.allow_subscribe_for_client and (
            user != "" or options.allow_subscribe_for_anonymous
        )

    def may_publish(self, options: ChannelOptions, user: str, *, subscribed: bool) -> bool:
        """Whether `user` may publish into such a channel."""
        if self._insecure or (subscribed and options.allow_publish_for_subscriber):
            return True
        return options.allow_publish_for_client and (
            user != "" or options.allow_publish_for_anonymous
        )

    def may_see_presence(self, options: ChannelOptions, user: str, *, subscribed: bool) -> bool:
        """Whether `user` may know who is in such a channel."""
        if self._insecure or (subscribed and options.allow_presence_for_subscriber):
            return True
        return options.allow_presence_for_client and (
            user != "" or options.allow_presence_for_anonymous
        )

    def may_read_history(self, options: ChannelOptions, user: str, *, subscribed: bool) -> bool:
        """Whether `user` may read the history of such a channel."""
        if self._insecure or (subscribed and options.allow_history_for_subscriber):
            return True
        return options.allow_history_for_client and (
            user != "" or options.allow_history_for_anonymous
        )

    def _has_name(self, options: ChannelOptions, rest: str) -> bool:
        return patterns.compiled(options.channel_regex).search(rest) is not None
