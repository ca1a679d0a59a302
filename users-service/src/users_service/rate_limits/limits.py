"""Limits on logins, sign-ups, e-mails and codes, counted in Redis for all replicas.

A wrong password counts for (account, address), so that nobody else can lock the owner out; for
the address, so that one machine cannot try many accounts; and for the account, where many only
slow every answer down and never refuse it. While Redis is away each replica goes on from what
it knows: that is weaker by what the others admit meanwhile, and a warning and a metric say so.
"""

import hashlib
import ipaddress
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from users_service.domain.errors import TooManyAttempts, TooManyEmails
from users_service.rate_limits.counters import Counters, Rule

LOGIN_WINDOW_SECONDS: Final = 15 * 60
WRONG_PASSWORDS: Final = 10
"""For one account from one address, in a window."""
CHALLENGES: Final = 300
"""For one address, in a window."""
RESETS_ASKED: Final = 20
"""From one address, in an hour."""
UNVERIFIED_EMAILS: Final = 5
"""Of one account, in an hour."""
EMAILS_PER_HOUR: Final = 5
EMAILS_PER_DAY: Final = 10
"""To one address, of each kind that anyone can have sent to it."""
WRONG_CODES: Final = 10
"""Of one account's second factor, in a window: 3 of 10^6 codes fit at a time."""

_UNSLOWED: Final = 30
_SLOWER_BY_SECONDS: Final = 0.1
_SLOWEST_SECONDS: Final = 2.0
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_NEVER: Final = 0


class RateLimits:
    """All limits of this service; IPv6 addresses count by their /64."""

    def __init__(
        self,
        redis: Redis,
        *,
        wrong_passwords_per_address: int,
        sign_ups_per_hour: int,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counters = Counters(redis, registry=registry, clock=clock)
        self._per_address = wrong_passwords_per_address
        self._sign_ups = sign_ups_per_hour

    async def admit_login(self, username_key: str, address: str | None) -> float:
        """Count a login before it is tried; return by how many seconds to slow it down.

        Raises TooManyAttempts. Without an address nothing is refused: that would hit only the
        owner.
        """
        counts = await self._counters.hit(self._login_rules(username_key, address))
        excess = counts[0] - _UNSLOWED
        return min(max(excess, 0) * _SLOWER_BY_SECONDS, _SLOWEST_SECONDS)

    async def forgive_login(self, username_key: str, address: str | None) -> None:
        """Take the attempt back after a right password, and forget earlier ones of the pair."""
        rules = self._login_rules(username_key, address)
        await self._counters.refund(rules[:2], forget=rules[2:])

    async def admit_sign_up(self, address: str) -> None:
        """Count an attempt to make an account, whatever comes of it; raises TooManyAttempts."""
        await self._counters.hit([Rule(f"signup:{_network(address)}", self._sign_ups, _HOUR)])

    async def admit_challenge(self, address: str) -> None:
        """Count an anonymous request for a challenge; raise TooManyAttempts."""
        rule = Rule(f"challenge:{_network(address)}", CHALLENGES, LOGIN_WINDOW_SECONDS)
        await self._counters.hit([rule])

    async def admit_reset_asked(self, address: str) -> None:
        """Count an anonymous request for a reset e-mail; raise TooManyAttempts.

        By address only: an account that many ask for is protected where e-mails are queued.
        """
        await self._counters.hit([Rule(f"reset:{_network(address)}", RESETS_ASKED, _HOUR)])

    async def admit_email(self, account_id: UUID) -> None:
        """Count an e-mail to an unverified address of the account; raise TooManyAttempts."""
        await self._counters.hit([Rule(f"letter:{account_id}", UNVERIFIED_EMAILS, _HOUR)])

    async def admit_email_to(self, email: str, kind: str) -> None:
        """Count an e-mail to this recipient, whoever asks for it; raise TooManyEmails.

        Kinds are counted apart: what strangers ask for uses up nothing of the others.
        """
        reader = hashlib.sha256(_mailbox(email).encode()).hexdigest()[:32]
        windows = (("hour", EMAILS_PER_HOUR, _HOUR), ("day", EMAILS_PER_DAY, _DAY))
        rules = [
            Rule(f"letters:{kind}:{name}:{reader}", limit, seconds)
            for name, limit, seconds in windows
        ]
        try:
            await self._counters.hit(rules)
        except TooManyAttempts as refusal:
            raise TooManyEmails(refusal.retry_after) from None

    async def admit_code(self, account_id: UUID) -> None:
        """Count a code of the account's second factor from anywhere; raise TooManyAttempts.

        Only those who passed the first factor get here, so nobody else can use the allowance
        up.
        """
        await self._counters.hit([_code_rule(account_id)])

    async def forgive_codes(self, account_id: UUID) -> None:
        """Forget the account's attempts, after a right code."""
        await self._counters.refund([], forget=[_code_rule(account_id)])

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


def _code_rule(account_id: UUID) -> Rule:
    return Rule(f"code:{account_id}", WRONG_CODES, LOGIN_WINDOW_SECONDS)


def _mailbox(email: str) -> str:
    """Return the likely mailbox: "Vic.Tim+1@Home.example." is "victim@home.example"."""
    local, _, host = unicodedata.normalize("NFKC", email).casefold().rpartition("@")
    host = host.rstrip(".")
    with suppress(UnicodeError):  # no name of a host is counted as it is
        host = host.encode("idna").decode()
    return f"{local.partition('+')[0].replace('.', '')}@{host}"


def _network(address: str) -> str:
    """Return an IPv4 address as it is, or the /64 of an IPv6 one, which is one customer's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
