"""One's own passkeys, and the options that browsers need to use them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.domain.two_factor import Passkey
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, FreshlySignedIn, From, SignedIn, Text
from users_service.sign_in.passkeys import PasskeyFlow, Passkeys

router = APIRouter()


class PasskeyOptionsOut(BaseModel):
    """WebAuthn options as JSON, and the `flow` to send back with the browser's answer.

    Browsers read them with `PublicKeyCredential.parseCreationOptionsFromJSON` or
    `parseRequestOptionsFromJSON`.
    """

    flow: str
    options: dict[str, Any]
    """For `PublicKeyCredential.parse…OptionsFromJSON`."""


class NewPasskey(Body):
    """The browser's answer, as `credential.toJSON()` gives it, and a name for the passkey."""

    flow: Text
    credential: dict[str, Any]
    """What `credential.toJSON()` says."""
    name: Text = ""


class PasskeyName(Body):
    """The new name of a passkey."""

    name: Text


class PasskeyOut(BaseModel):
    """A passkey; `is_backed_up` says that it is stored on more than one device."""

    id: UUID
    name: str
    is_backed_up: bool
    """Whether it is stored on more than one device."""
    created_at: datetime
    last_used_at: datetime | None


class PasskeysOut(BaseModel):
    """One's own passkeys, the oldest first."""

    passkeys: list[PasskeyOut]


ThePasskeys = Annotated[Passkeys, Depends(from_state("passkeys"))]


@router.post("/passkeys/options", responses=problems(409, 429))
async def passkey_options(client: From, passkeys: ThePasskeys) -> PasskeyOptionsOut:
    """Return options to sign in, to do the second step, or to authenticate again."""
    return _begun(await passkeys.begin_authentication(client))


@router.get("/account/passkeys", responses=problems(401))
async def my_passkeys(signed_in: SignedIn, passkeys: ThePasskeys) -> PasskeysOut:
    """Return one's own passkeys."""
    found = await passkeys.of(signed_in.account)
    return PasskeysOut(passkeys=[_passkey(each) for each in found])


@router.post("/account/passkeys/options", responses=problems(401, 403, 409))
async def new_passkey_options(
    signed_in: FreshlySignedIn, passkeys: ThePasskeys
) -> PasskeyOptionsOut:
    """Return options to create a passkey; 409 at 20 of them.

    Needs recent authentication.
    """
    return _begun(await passkeys.begin_registration(signed_in.account))


@router.post("/account/passkeys", status_code=201, responses=problems(401, 403, 409))
async def add_passkey(
    wanted: NewPasskey, signed_in: FreshlySignedIn, passkeys: ThePasskeys
) -> PasskeyOut:
    """Verify a new passkey and add it. Needs recent authentication."""
    made = await passkeys.add(
        signed_in.account,
        signed_in.principal,
        flow=wanted.flow,
        credential=wanted.credential,
        name=wanted.name,
    )
    return _passkey(made)


@router.patch("/account/passkeys/{passkey_id:uuid}", responses=problems(401, 404))
async def rename_passkey(
    passkey_id: UUID, wanted: PasskeyName, signed_in: SignedIn, passkeys: ThePasskeys
) -> PasskeyOut:
    """Rename one of one's own passkeys."""
    renamed = await passkeys.rename(
        passkey_id, wanted.name, signed_in.account, signed_in.principal
    )
    return _passkey(renamed)


@router.delete(
    "/account/passkeys/{passkey_id:uuid}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
async def remove_passkey(
    passkey_id: UUID, signed_in: FreshlySignedIn, passkeys: ThePasskeys
) -> None:
    """Remove a passkey and end all other sessions.

    409 if there would be no other way to sign in. Needs recent authentication.
    """
    await passkeys.remove(passkey_id, signed_in.session, signed_in.account, signed_in.principal)


def _begun(begun: PasskeyFlow) -> PasskeyOptionsOut:
    return PasskeyOptionsOut(flow=begun.flow, options=begun.options)


def _passkey(passkey: Passkey) -> PasskeyOut:
    return PasskeyOut(
        id=passkey.id,
        name=passkey.name,
        is_backed_up=passkey.is_backed_up,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
    )
