"""Who does something: a signed-in person, a program with an API key, or a stranger. Pure."""

from dataclasses import dataclass
from uuid import UUID

from users_service.domain.accounts import Account
from users_service.domain.sessions import Origin, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts and from where: a signed-in person, a program with an API key, or a stranger."""

    name: str | None = None
    account_id: UUID | None = None
    session_id: UUID | None = None
    address: str | None = None


def stranger(origin: Origin) -> Actor:
    return Actor(address=origin.address)


def person(account: Account, origin: Origin, session: Session | None = None) -> Actor:
    return Actor(
        name=account.username,
        account_id=account.id,
        session_id=session.id if session else None,
        address=origin.address,
    )


def program(key: str, origin: Origin) -> Actor:
    """The holder of an API key, by the key's name."""
    return Actor(name=f"api key {key}", address=origin.address)
