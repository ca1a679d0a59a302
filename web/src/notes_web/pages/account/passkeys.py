"""Your passkeys: adding, renaming and removing them. This page needs a script."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.pages.passkey_response import read_passkey_response
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter()


@router.get("/account/passkeys")
async def listing(context: CurrentContext) -> Response:
    """Shows the account's passkeys."""
    return await _page(context)


async def _page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    found = await context.site.own_account.passkeys(context.credentials)
    are_on = bool((await context.sign_in_methods())["passkeys"])
    page: dict[str, Any] = {"passkeys": found, "are_on": are_on, "begun": None, "errors": {}}
    return context.render("passkeys.html", status=status, **page | facts)


@router.post("/account/passkeys/new")
async def begin(context: CurrentContext) -> Response:
    """Shows the page in which the browser makes a new passkey."""
    try:
        begun = await context.site.own_account.begin_passkey(context.credentials)
    except (Refused, Unreachable) as error:
        return await _refused(context, error)
    return await _page(context, begun=begun)


@router.post("/account/passkeys")
async def add(context: CurrentContext) -> Response:
    """Adds the passkey that the browser made."""
    proof = read_passkey_response(context) or {"flow": "", "credential": {}}
    wanted = proof | {"name": context.field("name").strip()[:100]}
    try:
        await context.site.own_account.add_passkey(context.credentials, wanted)
    except (Refused, Unreachable) as error:
        return await _refused(context, error)
    return context.redirect("/account/passkeys", message=Message("Your passkey is ready."))


@router.post("/account/passkeys/{passkey_id}/name")
async def rename(context: CurrentContext, passkey_id: str) -> Response:
    """Gives a passkey another name."""
    name = context.field("name").strip()[:100]
    if not name:
        return await _page(context, status=422, errors={"": "A passkey needs a name."})
    try:
        await context.site.own_account.rename_passkey(context.credentials, passkey_id, name)
    except (Refused, Unreachable) as error:
        if isinstance(error, Refused) and error.status == 404:
            return context.redirect("/account/passkeys")
        return await _refused(context, error)
    return context.redirect(
        "/account/passkeys", message=Message("The passkey has its new name.")
    )


@router.post("/account/passkeys/{passkey_id}/remove")
async def remove(context: CurrentContext, passkey_id: str) -> Response:
    """Removes a passkey; every other session ends."""
    try:
        await context.site.own_account.remove_passkey(context.credentials, passkey_id)
    except (Refused, Unreachable) as error:
        if isinstance(error, Refused) and error.status == 404:
            return context.redirect("/account/passkeys")
        return await _refused(context, error)
    gone = Message("The passkey was removed. You are signed out everywhere else.")
    return context.redirect("/account/passkeys", message=gone)


async def _refused(context: RequestContext, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error) or isinstance(error, Unreachable):
        raise error
    status, _, sentence = describe(error)
    return await _page(context, status=status, errors={"": sentence})
