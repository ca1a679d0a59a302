"""How often somebody may try: login and sign-up limits, counted in Redis for all replicas.

A wrong password counts for (account, address), so a stranger never locks the owner out; for the
address, so one machine does not try many accounts; and for the account, where many only make
every answer slower, never refused. While Redis is away each replica counts for itself: weaker
by the number of replicas, said by a warning and a metric.
"""

import hashlib
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, cast
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from users_service.errors import TooManyAttempts

log = logging.getLogger(__name__)

LOGIN_WINDOW_SECONDS: Final = 15 * 60
WRONG_PASSWORDS: Final = 10
"""For one account from one address, in a window."""
CHALLENGES: Final = 300
"""For one address, in a window."""
RESETS_ASKED: Final = 20
"""From one address, in an hour."""
UNPROVEN_LETTERS: Final = 5
"""Of one account, in an hour."""
WRONG_CODES: Final = 10
"""Of one account's second factor, in a window: 3 of 10^6 codes fit at a time."""

_UNSLOWED: Final = 30
_SLOWER_BY_SECONDS: Final = 0.1
_SLOWEST_SECONDS: Final = 2.0
_HOUR: Final = 3600
_NEVER: Final = 0
_COUNTERS_IN_PROCESS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A counter: its key, how many fit into its window (0: any number), and the window."""

    key: str
    limit: int
    window: int


class Limits:
    def __init__(
        self,
        redis: Redis,
        *,
        wrong_passwords_per_address: int,
        sign_ups_per_hour: int,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = _RedisCounters(redis)
        self._own = _OwnCounters(clock)
        self._per_address = wrong_passwords_per_address
        self._sign_ups = sign_ups_per_hour
        self._fallbacks = Counter(
            "users_limit_fallbacks",
            "Attempts counted in this process because Redis was away",
            registry=registry,
        )

    async def admit_login(self, username_key: str, address: str | None) -> float:
        """Count an attempt before it is made; return by how many seconds to slow it.

        Raises TooManyAttempts. Without an address nothing can be refused: only the owner would
        be hit.
        """
        counts = await self._hit(self._login_rules(username_key, address))
        excess = counts[0] - _UNSLOWED
        return min(max(excess, 0) * _SLOWER_BY_SECONDS, _SLOWEST_SECONDS)

    async def forgive_login(self, username_key: str, address: str | None) -> None:
        """The password was right: take the attempt back, forget the pair's earlier ones."""
        rules = self._login_rules(username_key, address)
        await self._each(lambda counters: counters.take_back(rules[:2], forget=rules[2:]))

    async def admit_sign_up(self, address: str) -> None:
        """Count an attempt to make an account, whatever comes of it; raises TooManyAttempts."""
        await self._hit([Rule(f"signup:{_network(address)}", self._sign_ups, _HOUR)])

    async def admit_challenge(self, address: str) -> None:
        """Count a challenge for a passkey, which anybody may ask for; TooManyAttempts."""
        rule = Rule(f"challenge:{_network(address)}", CHALLENGES, LOGIN_WINDOW_SECONDS)
        await self._hit([rule])

    async def admit_reset_asked(self, address: str) -> None:
        """Count a letter asked for by who is not signed in; raises TooManyAttempts.

        By address only: an account that many ask for is protected where letters are written.
        """
        await self._hit([Rule(f"reset:{_network(address)}", RESETS_ASKED, _HOUR)])

    async def admit_letter(self, account_id: UUID) -> None:
        """Count a letter to an address that nobody has proven; raises TooManyAttempts."""
        await self._hit([Rule(f"letter:{account_id}", UNPROVEN_LETTERS, _HOUR)])

    async def admit_code(self, account_id: UUID) -> None:
        """Count a code of a second factor; raises TooManyAttempts, wherever it comes from.

        Only who knows the password gets here: nobody else can use the allowance up.
        """
        await self._hit([_code_rule(account_id)])

    async def forgive_codes(self, account_id: UUID) -> None:
        rule = _code_rule(account_id)
        await self._each(lambda counters: counters.take_back([], forget=[rule]))

    def _login_rules(self, username_key: str, address: str | None) -> list[Rule]:
        # Hashed: what is typed as a name may be anything, a password even.
        name = hashlib.sha256(username_key.encode()).hexdigest()[:32]
        rules = [Rule(f"account:{name}", _NEVER, LOGIN_WINDOW_SECONDS)]
        if address is not None:
            network = _network(address)
            rules.append(Rule(f"address:{network}", self._per_address, LOGIN_WINDOW_SECONDS))
            pair = f"pair:{name}:{network}"
            rules.append(Rule(pair, WRONG_PASSWORDS, LOGIN_WINDOW_SECONDS))
        return rules

    async def _hit(self, rules: Sequence[Rule]) -> list[int]:
        retry_after, *counts = await self._each(lambda counters: counters.hit(rules))
        if retry_after:
            raise TooManyAttempts(retry_after)
        return counts

    async def _each(self, do: "Callable[[_Counters], Awaitable[list[int]]]") -> list[int]:
        try:
            return await do(self._shared)
        except (RedisError, OSError) as error:
            self._fallbacks.inc()
            log.warning("limits: Redis is away (%s), counting here", type(error).__name__)
            return await do(self._own)


class _RedisCounters:
    """One atomic script for each verb: racing attempts cannot both take the last place."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hit = _script("hit.lua")
        self._take_back = _script("take_back.lua")

    async def hit(self, rules: Sequence[Rule]) -> list[int]:
        arguments = [number for rule in rules for number in (rule.limit, rule.window)]
        return await self._run(self._hit, rules, arguments)

    async def take_back(self, rules: Sequence[Rule], *, forget: Sequence[Rule]) -> list[int]:
        return await self._run(self._take_back, [*rules, *forget], [len(rules)])

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
    """The same rules in this process, for at most 10,000 keys: the oldest make room."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def hit(self, rules: Sequence[Rule]) -> list[int]:
        now = self._clock()
        found = [self._counters.get(rule.key, (0, 0.0)) for rule in rules]
        found = [(n, ends) if ends > now else (0, now + rule.window)
                 for (n, ends), rule in zip(found, rules, strict=True)]  # fmt: skip
        for (number, ends), rule in zip(found, rules, strict=True):
            if rule.limit and number >= rule.limit:
                return [max(1, math.ceil(ends - now))]
        for (number, ends), rule in zip(found, rules, strict=True):
            self._counters[rule.key] = (number + 1, ends)
        while len(self._counters) > _COUNTERS_IN_PROCESS:
            self._counters.popitem(last=False)
        return [0, *(number + 1 for number, _ in found)]

    async def take_back(self, rules: Sequence[Rule], *, forget: Sequence[Rule]) -> list[int]:
        for rule in rules:
            number, ends = self._counters.get(rule.key, (0, 0.0))
            if number:
                self._counters[rule.key] = (number - 1, ends)
        for rule in forget:
            self._counters.pop(rule.key, None)
        return []


_Counters = _RedisCounters | _OwnCounters


def _code_rule(account_id: UUID) -> Rule:
    return Rule(f"code:{account_id}", WRONG_CODES, LOGIN_WINDOW_SECONDS)


def _network(address: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 customer has for himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))


def _script(name: str) -> tuple[str, str]:
    source = files("users_service").joinpath(name).read_text(encoding="utf-8")
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def _reply(call: Any) -> Awaitable[list[Any]]:
    # redis-py types commands for its synchronous and asynchronous clients at once.
    return cast("Awaitable[list[Any]]", call)
