"""Counters of attempts, in Redis for all replicas and beside it in this process.

Promise: within a window, this process admits no more than Redis last said is left, minus what
was admitted here since, whether Redis answers, is late or is away. What Redis may have missed
is added with a later attempt. Everything else Redis decides: an attempt that another replica
forgave is forgiven here with Redis' next answer.
"""

import hashlib
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, cast

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from users_service.domain.errors import TooManyAttempts

log = logging.getLogger(__name__)

_IN_PROCESS: Final = 10_000
_REST_SECONDS: Final = 1.0
"""How long Redis is left alone after it did not answer: one sign-in waits, not each."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A counter: its key, its limit (0 for none) and its window in seconds."""

    key: str
    limit: int
    window: int


@dataclass(slots=True)
class _Counter:
    """What this process knows of a key; `number` has every attempt that may still succeed."""

    ends: float
    number: int = 0
    begun: int = 0
    waiting: int = 0
    """Attempts that wait for Redis' answer."""
    missed: int = 0
    """Attempts admitted without an answer, which Redis may or may not have counted."""

    def is_full(self, rule: Rule) -> bool:
        return 0 < rule.limit <= self.number


@dataclass(slots=True)
class _Attempt:
    """One attempt on one counter, from its beginning to Redis' answer or silence."""

    rule: Rule
    counter: _Counter
    now: float
    turn: int
    missed: int
    was_alone: bool
    was_full: bool

    @classmethod
    def begin(cls, rule: Rule, counter: _Counter, now: float) -> "_Attempt":
        counter.begun += 1
        attempt = cls(
            rule, counter, now, counter.begun, counter.missed,
            was_alone=counter.waiting == 0, was_full=counter.is_full(rule),
        )  # fmt: skip
        counter.waiting += 1
        counter.number += 1
        return attempt

    def arguments(self) -> tuple[int, int, int]:
        """For `rate_limit_hit.lua`: limit, seconds, the number that Redis has to know of."""
        if not self.missed:
            return self.rule.limit, self.rule.window, 0
        # Those that still wait count themselves.
        known = max(0, self.counter.number - self.counter.waiting)
        return self.rule.limit, max(1, math.ceil(self.counter.ends - self.now)), known

    def answered(self, number: int, seconds_left: int, *, is_admitted: bool) -> None:
        counter = self.counter
        counter.waiting -= 1
        if not is_admitted:
            counter.number -= 1
        # Beside others an older answer may come last; then the larger number is the truth.
        is_alone = self.was_alone and counter.begun == self.turn
        counter.number = number if is_alone else max(counter.number, number)
        counter.ends = self.now + seconds_left
        if counter.missed == self.missed:
            counter.missed = 0

    def unanswered(self, *, is_admitted: bool) -> None:
        self.counter.waiting -= 1
        if is_admitted:
            self.counter.missed += 1
        else:
            self.counter.number -= 1


class Counters:
    """Counts attempts in Redis for all replicas, and in this process while Redis is away."""

    def __init__(
        self, redis: Redis, *, registry: CollectorRegistry, clock: Callable[[], float]
    ) -> None:
        self._shared = _RedisCounters(redis)
        self._own = _OwnCounters(clock)
        self._clock = clock
        self._rests_until = -math.inf
        self._fallbacks = Metric(
            "users_limit_fallbacks",
            "Attempts counted in this process alone because Redis was away",
            registry=registry,
        )

    async def hit(self, rules: Sequence[Rule]) -> list[int]:
        """Count an attempt on all rules and return the counts; raise TooManyAttempts.

        An attempt that is refused counts on none of them.
        """
        attempts = self._own.begin(rules)
        reply = None
        try:
            reply = await self._asked(lambda: self._shared.hit(attempts))
        finally:
            # Cancelled, too: whoever has gone may have been counted.
            if reply is None:
                _unanswered(attempts)
        if reply is None:
            return _counted_here(attempts)
        return _counted_there(attempts, reply)

    async def refund(self, rules: Sequence[Rule], *, forget: Sequence[Rule]) -> None:
        """Take one attempt back from `rules`, and all of them from those to `forget`."""
        self._own.refund(rules, forget=forget)
        await self._asked(lambda: self._shared.refund(rules, forget=forget))

    async def _asked(self, ask: Callable[[], Awaitable[list[int]]]) -> list[int] | None:
        """Return Redis' answer, or None while it is away."""
        if self._clock() >= self._rests_until:
            try:
                return await ask()
            except (RedisError, OSError) as error:
                self._rests_until = self._clock() + _REST_SECONDS
                log.warning("limits: Redis is away (%s), counting here", type(error).__name__)
        self._fallbacks.inc()
        return None


def _unanswered(attempts: Sequence[_Attempt]) -> None:
    is_admitted = not any(each.was_full for each in attempts)
    for each in attempts:
        each.unanswered(is_admitted=is_admitted)


def _counted_here(attempts: Sequence[_Attempt]) -> list[int]:
    for each in attempts:
        if each.was_full:
            raise TooManyAttempts(max(1, math.ceil(each.counter.ends - each.now)))
    return [each.counter.number for each in attempts]


def _counted_there(attempts: Sequence[_Attempt], reply: Sequence[int]) -> list[int]:
    wait, numbers, seconds = reply[0], reply[1::2], reply[2::2]
    for each, number, left in zip(attempts, numbers, seconds, strict=True):
        each.answered(number, left, is_admitted=not wait)
    if wait:
        raise TooManyAttempts(wait)
    return list(numbers)


class _RedisCounters:
    """One atomic script for each operation: racing attempts cannot both be the last."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hit = _script("rate_limit_hit.lua")
        self._refund = _script("rate_limit_refund.lua")

    async def hit(self, attempts: Sequence[_Attempt]) -> list[int]:
        arguments = [number for each in attempts for number in each.arguments()]
        return await self._run(self._hit, [each.rule for each in attempts], arguments)

    async def refund(self, rules: Sequence[Rule], *, forget: Sequence[Rule]) -> list[int]:
        return await self._run(self._refund, [*rules, *forget], [len(rules)])

    async def _run(
        self, script: tuple[str, str], rules: Sequence[Rule], arguments: list[int]
    ) -> list[int]:
        source, sha = script
        # One hash tag: a Redis Cluster keeps what one script touches on one node.
        names: list[Any] = [f"{{users:limits}}:{rule.key}" for rule in rules]
        try:
            reply = await _reply(self._redis.evalsha(sha, len(names), *names, *arguments))
        except NoScriptError:
            reply = await _reply(self._redis.eval(source, len(names), *names, *arguments))
        return [int(number) for number in reply]


class _OwnCounters:
    """The counters of at most 10,000 keys; the oldest are dropped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counters: OrderedDict[str, _Counter] = OrderedDict()

    def begin(self, rules: Sequence[Rule]) -> list[_Attempt]:
        """TooManyAttempts where those that wait for Redis take the last places already."""
        now = self._clock()
        found = [self._current(rule, now) for rule in rules]
        for rule, counter in zip(rules, found, strict=True):
            if counter.is_full(rule) and counter.waiting:
                raise TooManyAttempts(max(1, math.ceil(counter.ends - now)))
        while len(self._counters) > _IN_PROCESS:
            self._counters.popitem(last=False)
        return [_Attempt.begin(*pair, now) for pair in zip(rules, found, strict=True)]

    def refund(self, rules: Sequence[Rule], *, forget: Sequence[Rule]) -> None:
        for rule in rules:
            if (counter := self._counters.get(rule.key)) and counter.number:
                counter.number -= 1
        for rule in forget:
            self._counters.pop(rule.key, None)

    def _current(self, rule: Rule, now: float) -> _Counter:
        counter = self._counters.get(rule.key)
        if counter is None or counter.ends <= now:
            self._counters.pop(rule.key, None)
            counter = self._counters[rule.key] = _Counter(now + rule.window)
        return counter


def _script(name: str) -> tuple[str, str]:
    source = files("users_service.rate_limits").joinpath(name).read_text(encoding="utf-8")
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def _reply(call: Any) -> Awaitable[list[Any]]:
    # redis-py types commands for its synchronous and asynchronous clients at once.
    return cast("Awaitable[list[Any]]", call)
