"""One client's conversation, without its socket: what every command is answered, and when it
ends.

A command is a generator: it yields what it needs to know (`Ask`), is sent the answer, and
returns the outcome; so the rules of a command read from top to bottom and nothing here waits.
Commands are handled one after the other; the shell never starts one before the last one
returned. Times are seconds of one monotonic clock that the caller reads.
"""

from typing import Any, Final

from realtime_gateway import codes, commands, protocol, publishing
from realtime_gateway.asks import (
    Drop,
    Due,
    Handling,
    Join,
    Joined,
    Leave,
    Outcome,
    Ping,
    VerifyConnection,
    VerifySubscription,
    fail,
    succeed,
)
from realtime_gateway.claims import ConnectionClaims, Refusal, SubscriptionClaims
from realtime_gateway.codes import Error
from realtime_gateway.commands import Command
from realtime_gateway.options import ChannelOptions
from realtime_gateway.rules import Rules
from realtime_gateway.subscriptions import (
    NEVER,
    Subscription,
    is_positioned,
    is_recoverable,
    place,
    subscription,
    ttl,
)


class Session:
    __slots__ = (
        "_expires_at", "_ping_at", "_pong_by", "_rules", "client", "info", "is_connected",
        "subscriptions", "user",
    )  # fmt: skip

    def __init__(self, client: str, rules: Rules, now: float) -> None:
        self._rules = rules
        self._ping_at = NEVER
        self._pong_by = NEVER
        # Until it has connected: by when it must.
        self._expires_at = now + rules.client.stale_close_delay
        self.client = client
        self.user = ""
        self.info: Any = None
        self.is_connected = False
        self.subscriptions: dict[str, Subscription] = {}

    def handle(self, command: Command, now: float) -> Handling:
        """Answer one command."""
        if not self.is_connected and not isinstance(command, commands.Connect):
            return codes.INVALID_REQUEST
        match command:
            case commands.Connect():
                return (yield from self._connect(command, now))
            case commands.Subscribe():
                return (yield from self._subscribe(command, now))
            case commands.Unsubscribed():
                return (yield from self._unsubscribe(command))
            case commands.Publish():
                return (yield from publishing.publish(self, self._rules, command))
            case commands.History():
                return (yield from publishing.history(self, self._rules, command))
            case commands.Refresh():
                return (yield from self._refresh(command, now))
            case commands.SubRefresh():
                return (yield from self._sub_refresh(command, now))
            case commands.Pong() | commands.Send() | commands.Unavailable():
                return self._answer(command)

    def wake_at(self) -> float:
        """When `wake` has something to do next."""
        grace = self._rules.client.expired_sub_close_delay
        lapses = [held.expires_at + grace for held in self.subscriptions.values()]
        return min(self._ping_at, self._pong_by, self._end_at(), *lapses)

    def wake(self, now: float) -> list[Due]:
        """What is due by `now`."""
        if now >= self._end_at():
            return [codes.CONNECTION_EXPIRED if self.is_connected else codes.STALE]
        if now >= self._pong_by:
            return [codes.NO_PONG]
        due: list[Due] = [
            Drop(channel, codes.SUBSCRIPTION_EXPIRED) for channel in self._lapsed(now)
        ]
        if now >= self._ping_at:
            self._ping_at = now + self._rules.client.ping_interval
            self._pong_by = now + self._rules.client.pong_timeout
            due.append(Ping())
        return due

    def drop(self, channel: str, why: codes.Unsubscribe) -> bytes | None:
        """Forget a subscription; the push that tells the client, if it has to know."""
        held = self.subscriptions.get(channel)
        if held is None or (why is codes.INSUFFICIENT and not held.is_positioned):
            return None
        del self.subscriptions[channel]
        return protocol.unsubscribe_push(channel, why)

    def _answer(self, command: commands.Pong | commands.Send | commands.Unavailable) -> Outcome:
        if isinstance(command, commands.Unavailable):
            return fail(command.id, codes.NOT_AVAILABLE)
        if isinstance(command, commands.Pong):
            if self._pong_by == NEVER:
                return codes.INVALID_REQUEST
            self._pong_by = NEVER
        return None

    def _connect(self, command: commands.Connect, now: float) -> Handling:
        if self.is_connected:
            return codes.INVALID_REQUEST
        claims = ConnectionClaims(user="")
        if self._must_verify(command.token):
            answer: ConnectionClaims | Refusal = yield VerifyConnection(command.token)
            if isinstance(answer, Refusal):
                return _connection_refused(command.id, answer)
            claims = answer
        elif not self._may_connect_without_token():
            return codes.INVALID_REQUEST
        self.is_connected = True
        self.user, self.info = claims.user, claims.info
        ping = self._rules.client.ping_interval
        # The first one early and at random: clients that came together are not pinged together.
        self._ping_at = now + ping * (0.5 + 0.5 * self._rules.random())
        result: dict[str, Any] = {"client": self.client, "version": self._rules.version}
        result |= {"ping": max(1, round(ping)), "pong": True}
        return succeed(command.id, "connect", result | self._lives(claims.lifetime, now))

    def _refresh(self, command: commands.Refresh, now: float) -> Handling:
        if not command.token:
            return codes.INVALID_REQUEST
        claims: ConnectionClaims | Refusal = yield VerifyConnection(command.token)
        if claims is Refusal.EXPIRED:
            return codes.CONNECTION_EXPIRED
        if claims is Refusal.UNAVAILABLE:
            return fail(command.id, codes.INTERNAL)
        if not isinstance(claims, ConnectionClaims) or claims.user != self.user:
            return codes.INVALID_TOKEN
        self.info = claims.info
        return succeed(command.id, "refresh", self._lives(claims.lifetime, now))

    def _subscribe(self, command: commands.Subscribe, now: float) -> Handling:
        channel = command.channel
        options = self._rules.channels.options(channel)
        if refusal := self._refuse_subscription(command, options):
            return fail(command.id, refusal)
        assert options is not None
        lifetime, info = None, None
        if self._must_verify(command.token):
            claims: SubscriptionClaims | Refusal = yield VerifySubscription(command.token)
            if isinstance(claims, Refusal):
                return fail(command.id, _SUBSCRIPTION_REFUSALS[claims])
            if not self._is_about(claims, channel):
                return codes.INVALID_TOKEN
            lifetime, info = claims.lifetime, claims.info
        elif not self._rules.channels.may_subscribe(channel, options, self.user):
            return fail(command.id, codes.PERMISSION_DENIED)
        recovers = is_recoverable(command, options)
        since = command.since if recovers else None
        joined: Joined | Error = yield Join(
            channel, options, since, command.rejects_unrecovered
        )
        if isinstance(joined, Error):
            return fail(command.id, joined)
        positioned = recovers or is_positioned(command, options)
        self.subscriptions[channel] = subscription(positioned, lifetime, info, now)
        result = place(joined, since, recovers) if positioned else {}
        return succeed(command.id, "subscribe", result | ttl(lifetime), joined.missed or None)

    def _sub_refresh(self, command: commands.SubRefresh, now: float) -> Handling:
        held = self.subscriptions.get(command.channel)
        if held is None:
            return fail(command.id, codes.PERMISSION_DENIED)
        if not command.token:
            return codes.INVALID_REQUEST
        claims: SubscriptionClaims | Refusal = yield VerifySubscription(command.token)
        if claims is Refusal.EXPIRED:
            return fail(command.id, codes.EXPIRED)
        if claims is Refusal.UNAVAILABLE:
            return fail(command.id, codes.INTERNAL)
        if isinstance(claims, Refusal) or not self._is_about(claims, command.channel):
            return codes.INVALID_TOKEN
        self.subscriptions[command.channel] = subscription(
            held.is_positioned, claims.lifetime, claims.info, now
        )
        return succeed(command.id, "sub_refresh", ttl(claims.lifetime))

    def _unsubscribe(self, command: commands.Unsubscribed) -> Handling:
        if self.subscriptions.pop(command.channel, None) is not None:
            yield Leave(command.channel)
        return succeed(command.id, "unsubscribe", {})

    def _must_verify(self, token: str) -> bool:
        return token != "" and (self._rules.has_keys or not self._rules.client.insecure)

    def _may_connect_without_token(self) -> bool:
        client = self._rules.client
        return client.insecure or client.allow_anonymous_connect_without_token

    def _refuse_subscription(
        self, command: commands.Subscribe, options: ChannelOptions | None
    ) -> Error | None:
        if not self._rules.channels.is_valid(command.channel) or command.is_unsupported:
            return codes.BAD_REQUEST
        if command.channel in self.subscriptions:
            return codes.ALREADY_SUBSCRIBED
        if len(self.subscriptions) >= self._rules.client.channel_limit:
            return codes.LIMIT_EXCEEDED
        return codes.UNKNOWN_CHANNEL if options is None else None

    def _is_about(self, claims: SubscriptionClaims, channel: str) -> bool:
        return (
            claims.channel == channel
            and claims.user == self.user
            and claims.client in (None, "", self.client)
        )

    def _lives(self, lifetime: float | None, now: float) -> dict[str, Any]:
        self._expires_at = NEVER if lifetime is None else now + lifetime
        return ttl(lifetime)

    def _end_at(self) -> float:
        delay = self._rules.client.expired_close_delay if self.is_connected else 0.0
        return self._expires_at + delay

    def _lapsed(self, now: float) -> list[str]:
        limit = now - self._rules.client.expired_sub_close_delay
        return [name for name, held in self.subscriptions.items() if held.expires_at <= limit]


_SUBSCRIPTION_REFUSALS: Final = {
    Refusal.INVALID: codes.PERMISSION_DENIED,
    Refusal.EXPIRED: codes.TOKEN_EXPIRED,
    Refusal.UNAVAILABLE: codes.INTERNAL,
}


def _connection_refused(command_id: int, refusal: Refusal) -> Outcome:
    if refusal is Refusal.INVALID:
        return codes.INVALID_TOKEN
    if refusal is Refusal.EXPIRED:
        error, close = codes.TOKEN_EXPIRED, codes.CONNECTION_EXPIRED
    else:
        error, close = codes.INTERNAL, codes.SERVER_ERROR
    return fail(command_id, error, then=close)
