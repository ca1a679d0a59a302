"""One client's conversation, without its socket.

What every command is answered, and when it ends.

A command is a generator: it yields what it needs to know (`Effect`), is sent the answer, and
returns the outcome; so the rules of a command read from top to bottom and nothing here waits.
Commands are handled one after the other; the shell never starts one before the last one
returned. Times are seconds of one monotonic clock that the caller reads.
"""

from collections.abc import Generator
from typing import Any, Final, cast

from realtime_gateway.protocol import codes, commands, wire
from realtime_gateway.protocol.codes import Close, Error
from realtime_gateway.protocol.commands import Command
from realtime_gateway.sessions import (
    control_commands,
    publishing,
    server_side_subscriptions,
    subscribing,
)
from realtime_gateway.sessions.claims import ConnectionClaims, Overrides, TokenError
from realtime_gateway.sessions.effects import (
    Admit,
    Answer,
    Dismiss,
    Due,
    Effect,
    EndSubscription,
    Handling,
    JoinAll,
    Joined,
    Leave,
    Outcome,
    Ping,
    VerifyConnection,
    fail,
    succeed,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.subscriptions import (
    NEVER,
    Subscription,
    ttl,
)

Grant = tuple[str, Overrides]

NOTHING: Final[frozenset[Grant]] = frozenset()


class Session:
    """The state of one client: who it is, which channels it has, when to wake it."""

    __slots__ = (
        "_expires_at", "_granted", "_ping_at", "_pong_by", "_rules", "client", "info",
        "is_connected",
        "session", "subscriptions", "user",
    )  # fmt: skip

    def __init__(self, client: str, rules: Rules, now: float) -> None:
        self._rules = rules
        self._ping_at = NEVER
        self._pong_by = NEVER
        # Until it has connected: by when it must.
        self._expires_at = now + rules.client.stale_close_delay
        self.client = client
        self.user = ""
        self.session = ""
        self.info: Any = None
        self._granted = NOTHING
        """The channels, and on which terms, that its token has put it into."""
        self.is_connected = False
        self.subscriptions: dict[str, Subscription] = {}

    def handle(self, command: Command, now: float) -> Handling:
        """Answer one command."""
        if not self.is_connected and not isinstance(command, commands.Connect):
            return codes.INVALID_REQUEST
        match command:
            case commands.Connect():
                return (yield from self._connect(command, now))
            case commands.Refresh():
                return (yield from self._refresh(command, now))
            case commands.Pong() | commands.Send() | commands.Unavailable():
                return self._answer(command)
            case commands.Subscribe() | commands.Unsubscribed() | commands.SubRefresh():
                return (yield from subscribing.handle(self, self._rules, command, now))
            case _:
                return (yield from publishing.handle(self, self._rules, command))

    def apply(
        self, command: control_commands.Subscribe | control_commands.Refresh, now: float
    ) -> Handling:
        """Do what the server wants; what the client is told is the outcome."""
        if not self.is_connected:
            return None
        if isinstance(command, control_commands.Subscribe):
            return (
                yield from server_side_subscriptions.subscribe(self, self._rules, command, now)
            )
        if command.is_expired:
            return codes.CONNECTION_EXPIRED
        return Answer(wire.refresh_push(self._lives(command.lifetime, now)))

    def end_subscription(self, channel: str, why: codes.Unsubscribe) -> Handling:
        """Forget a subscription, and tell the client if it has to know."""
        return subscribing.end(self, channel, why)

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
            EndSubscription(channel, codes.SUBSCRIPTION_EXPIRED)
            for channel in self._lapsed(now)
        ]
        if now >= self._ping_at:
            self._ping_at = now + self._rules.client.ping_interval
            if self._rules.expects_pong:
                self._pong_by = now + self._rules.client.pong_timeout
            due.append(Ping())
        return due

    def end(self) -> list[Leave]:
        """The connection is over: what is left to be done."""
        return [subscribing.leave(self, channel) for channel in list(self.subscriptions)]

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
        claims = yield from self._identify(command)
        if not isinstance(claims, ConnectionClaims):
            return claims
        plans = server_side_subscriptions.planned(claims, command.subs, self._rules)
        if isinstance(plans, Close):
            return plans
        if isinstance(plans, Error):
            return fail(command.id, plans)
        if (refusal := (yield Admit(claims.user))) is not None:
            return cast(Close, refusal)
        self.user, self.info, self.session = claims.user, claims.info, claims.session
        self._granted = _grants(claims)
        result: dict[str, Any] = {"client": self.client, "version": self._rules.version}
        if plans:
            joined: list[Joined] | Error = yield JoinAll(tuple(plan.join for plan in plans))
            if isinstance(joined, Error):
                return fail(command.id, joined, then=codes.SERVER_ERROR)
            result["subs"] = {
                plan.channel: server_side_subscriptions.begin(self, plan, place, now)
                for plan, place in zip(plans, joined, strict=True)
            }
            yield from subscribing.appear(self, *result["subs"])
        if self._is_the_only_one():
            yield Dismiss(self.user, self.client)
        self.is_connected = True
        ping = self._rules.client.ping_interval
        # The first one early and at random: clients that came together are not pinged together.
        self._ping_at = now + ping * (0.5 + 0.5 * self._rules.random())
        result |= {"ping": max(1, round(ping)), "pong": self._rules.expects_pong}
        return succeed(command.id, "connect", result | self._lives(claims.lifetime, now))

    def _identify(
        self, command: commands.Connect
    ) -> Generator[Effect, Any, ConnectionClaims | Outcome]:
        """Who connects, or why nobody does."""
        if not self._rules.must_verify(command.token):
            is_open = self._may_connect_without_token()
            return ConnectionClaims(user="") if is_open else codes.INVALID_REQUEST
        claims: ConnectionClaims | TokenError = yield VerifyConnection(command.token)
        if isinstance(claims, TokenError):
            return _connection_refused(command.id, claims)
        if not claims.user and self._rules.client.disallow_anonymous_connection_tokens:
            self._rules.refused(f"{self._rules.client.token.user_id_claim}: nobody's")
            return codes.NOT_PERMITTED
        return claims

    def _refresh(self, command: commands.Refresh, now: float) -> Handling:
        if not command.token:
            return codes.INVALID_REQUEST
        claims: ConnectionClaims | TokenError = yield VerifyConnection(command.token)
        if claims is TokenError.EXPIRED:
            return codes.CONNECTION_EXPIRED
        if claims is TokenError.UNAVAILABLE:
            return fail(command.id, codes.INTERNAL)
        if not isinstance(claims, ConnectionClaims):
            return codes.INVALID_TOKEN
        if claims.user != self.user:
            self._rules.refused("sub: another user's than the connection's")
            return codes.INVALID_TOKEN
        if _grants(claims) != self._granted:
            return codes.INSUFFICIENT_STATE  # it comes back into the channels of the new token
        self.info, self.session = claims.info, claims.session
        return succeed(command.id, "refresh", self._lives(claims.lifetime, now))

    def _may_connect_without_token(self) -> bool:
        client = self._rules.client
        return client.insecure or client.allow_anonymous_connect_without_token

    def _is_the_only_one(self) -> bool:
        personal = self._rules.client.subscribe_to_user_personal_channel
        return self.user != "" and personal.enabled and personal.single_connection

    def _lives(self, lifetime: float | None, now: float) -> dict[str, Any]:
        self._expires_at = NEVER if lifetime is None else now + lifetime
        return ttl(lifetime)

    def _end_at(self) -> float:
        delay = self._rules.client.expired_close_delay if self.is_connected else 0.0
        return self._expires_at + delay

    def _lapsed(self, now: float) -> list[str]:
        limit = now - self._rules.client.expired_sub_close_delay
        return [name for name, held in self.subscriptions.items() if held.expires_at <= limit]


def _grants(claims: ConnectionClaims) -> frozenset[Grant]:
    if not claims.subscriptions:
        return NOTHING
    return frozenset((each.channel, each.overrides) for each in claims.subscriptions)


def _connection_refused(command_id: int, refusal: TokenError) -> Outcome:
    if refusal is TokenError.INVALID:
        return codes.INVALID_TOKEN
    if refusal is TokenError.EXPIRED:
        error, close = codes.TOKEN_EXPIRED, codes.CONNECTION_EXPIRED
    else:
        error, close = codes.INTERNAL, codes.SERVER_ERROR
    return fail(command_id, error, then=close)
