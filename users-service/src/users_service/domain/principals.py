"""Who acts: an account holder, a program with an API key, or an anonymous client. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from users_service.domain.accounts import Account
from users_service.domain.sessions import Client, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts, and from which address; everything but the address is None if anonymous."""

    name: str | None = None
    account_id: UUID | None = None
    session_id: UUID | None = None
    address: str | None = None


def anonymous(client: Client) -> Principal:
    """Return the principal of a request that shows no credential, or a wrong one."""
    return Principal(address=client.address)


def account_holder(
    account: Account, client: Client, session: Session | None = None
) -> Principal:
    """Return the principal of a person; without `session`, of one who is not signed in yet."""
    return Principal(
        name=account.username,
        account_id=account.id,
        session_id=session.id if session else None,
        address=client.address,
    )


def api_key_holder(key: str, client: Client) -> Principal:
    """Return the principal of an operator's program, by the name of its API key."""
    return Principal(name=f"api key {key}", address=client.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """(issuer, subject) is the identity; the rest is only what the person is called."""

    issuer: str
    subject: str
    username: str | None
    name: str | None
    authenticated_at: datetime | None = None
    """When they last signed in at the provider, if it says so."""
