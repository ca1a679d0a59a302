"""Every SQL statement about accounts, sessions and invitations.

Functions take the caller's session and never commit: the use case owns the transaction.
"""

from users_service.store import accounts, invitations, sessions

__all__ = ["accounts", "invitations", "sessions"]
