"""Every SQL statement of the service, by subject.

Functions take the caller's session and never commit: the use case owns the transaction.
"""

from users_service.store import (
    accounts_by_id,
    accounts_by_username,
    api_tokens,
    audit,
    emails,
    identities,
    invitations,
    passkeys,
    pending_flows,
    reset_links,
    retired_usernames,
    session_ends,
    sessions,
    two_factor,
)

__all__ = [
    "accounts_by_id",
    "accounts_by_username",
    "api_tokens",
    "audit",
    "emails",
    "identities",
    "invitations",
    "passkeys",
    "pending_flows",
    "reset_links",
    "retired_usernames",
    "session_ends",
    "sessions",
    "two_factor",
]
