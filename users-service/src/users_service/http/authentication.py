"""API keys of operators' programs, and the address a request really came from.

Headers about a request's origin (X-Forwarded-…) are believed only from holders of a key. A
forwarding key, which web has, is believed about that and gives no other right.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from starlette.requests import Request

from users_service.audit_log import AuditLog
from users_service.domain.audit_events import AuditEventType
from users_service.domain.sessions import Client
from users_service.domain.sign_in_errors import Unauthenticated
from users_service.rate_limits.limits import RateLimits

_DEVICE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The API keys for HTTP Basic (RFC 7617), by name; only digests are kept in memory."""

    digests: Mapping[str, bytes]
    forwarding: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, pairs: str, forwarding: str | None = None) -> Self:
        """Read "name:secret,name:secret"; raise ValueError, which quotes no secret."""
        return cls(_digests(pairs), _digests(forwarding) if forwarding else {})

    def holder(self, request: Request) -> str | None:
        """Return the name of the key that the request shows; None if it is none of ours."""
        name, secret = _basic(request)
        return name if _is_right(self.digests, name, secret) else None

    def may_forward(self, request: Request) -> bool:
        """Return whether the request may say for whom it speaks.

        Its key may stand beside a person's token, as `X-API-Key: name:secret`. There it gives
        no other right, because web sends it with everybody's requests.
        """
        name, _, secret = request.headers.get("x-api-key", "").partition(":")
        return any(
            _is_right(known, *shown)
            for shown in (_basic(request), (name, secret))
            for known in (self.digests, self.forwarding)
        )


def _digests(pairs: str) -> dict[str, bytes]:
    digests = {}
    for pair in filter(None, (each.strip() for each in pairs.split(","))):
        name, colon, secret = pair.partition(":")
        if not name or not colon or not secret:
            raise ValueError("each API key is name:secret, separated by commas")
        digests[name] = _digest(secret)
    if not digests:
        raise ValueError("there is no API key in it")
    return digests


def _basic(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return name, secret


def _is_right(known: Mapping[str, bytes], name: str, secret: str) -> bool:
    # Compared even for an unknown name, so that time does not tell which names exist.
    return hmac.compare_digest(_digest(secret), known.get(name, b""))


async def refuse(request: Request, client: Client) -> None:
    """Write a wrong API key to the audit log, without what was shown; nothing if none was."""
    if not request.headers.get("authorization", "").lower().startswith("basic"):
        return
    audit: AuditLog = request.state.audit
    limits: RateLimits = request.state.credential_check.limits
    event, result = AuditEventType.API_KEY_CHECKED, Unauthenticated.code
    await audit.refuse_within(limits, event, client, result)


def bearer_secret(request: Request) -> str | None:
    """Return the token of `Authorization: Bearer` (RFC 6750, 2.1), or None."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def peer(request: Request) -> Client:
    """Return the other end of the connection, which may be a proxy."""
    address = request.client.host if request.client else None
    return Client(address=address, device=_device(request, "user-agent"))


def forwarded(request: Request) -> Client:
    """Return whom a trusted caller speaks for; the address is None if it names none."""
    first = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    device = _device(request, "x-forwarded-user-agent")
    try:
        return Client(address=str(ipaddress.ip_address(first)), device=device)
    except ValueError:
        return Client(address=None, device=device)


def _device(request: Request, header: str) -> str:
    # Servers read a header as Latin-1; who writes beyond ASCII means UTF-8.
    said = request.headers.get(header, "").encode("latin-1").decode(errors="replace")
    return "".join(character for character in said if character.isprintable())[:_DEVICE_LIMIT]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
