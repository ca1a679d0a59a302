"""Every SQL statement about accounts, sessions, invitations and what is written down of them.

Functions take the caller's session and never commit: the use case owns the transaction.
"""

from users_service.store import (
    accounts,
    api_tokens,
    audit,
    ceremonies,
    endings,
    factors,
    identities,
    invitations,
    letters,
    names,
    passkeys,
    people,
    resets,
    sessions,
)

__all__ = [
    "accounts",
    "api_tokens",
    "audit",
    "ceremonies",
    "endings",
    "factors",
    "identities",
    "invitations",
    "letters",
    "names",
    "passkeys",
    "people",
    "resets",
    "sessions",
]
