"""Who does something: a signed-in person, a program with an API key, or a stranger. Pure."""

from dataclasses import dataclass
from uuid import UUID

from users_service.domain.accounts import Account
from users_service.domain.sessions import Client, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts and from where: a signed-in person, a program with an API key, or a stranger."""

    name: str | None = None
    account_id: UUID | None = None
    session_id: UUID | None = None
    address: str | None = None


def anonymous(client: Client) -> Principal:
    return Principal(address=client.address)


def account_holder(
    account: Account, client: Client, session: Session | None = None
) -> Principal:
    return Principal(
        name=account.username,
        account_id=account.id,
        session_id=session.id if session else None,
        address=client.address,
    )


def api_key_holder(key: str, client: Client) -> Principal:
    """The holder of an API key, by the key's name."""
    return Principal(name=f"api key {key}", address=client.address)
