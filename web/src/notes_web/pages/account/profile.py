"""Your account: what others see of you, a copy of everything, and its end."""

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.clients.users_types import MyAccountOut
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter(prefix="/account")

_FIELDS = {
    "name": "A name must have 1 to 255 characters.",
    "email": "Enter an e-mail address such as name@example.org.",
}


@router.get("")
async def profile(context: CurrentContext) -> Response:
    """Shows the profile."""
    mine = await context.site.own_account.read(context.credentials)
    typed = {"name": mine["name"], "email": mine["email"] or ""}
    return await _profile(context, mine, typed)


async def _profile(
    context: RequestContext,
    mine: MyAccountOut,
    typed: dict[str, str],
    *,
    status: int = 200,
    **facts: Any,
) -> Response:
    page: dict[str, Any] = {"mine": mine, "typed": typed, "errors": {}} | facts
    page["providers"] = (await context.sign_in_methods())["providers"]
    page["emails_are_sent"] = await context.site.emails.are_sent()
    return context.render("account.html", status=status, **page)


@router.post("")
async def change(context: CurrentContext) -> Response:
    """Saves name and e-mail address, as far as they changed."""
    mine = await context.site.own_account.read(context.credentials)
    typed = {name: context.field(name).strip() for name in _FIELDS}
    # What stays as it is, is not sent: a changed address needs a fresh proof of who it is.
    present = {"name": mine["name"], "email": mine["email"] or ""}
    changed = [name for name in _FIELDS if typed[name] != present[name]]
    changes = {name: typed[name] or None for name in changed}
    try:
        if changes:
            await context.site.own_account.change(context.credentials, changes)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, field, sentence = describe(error)
        if wrong := _field(error):
            field, sentence = wrong, _FIELDS.get(wrong, sentence)
        errors = {field: sentence}
        return await _profile(context, mine, typed, status=status, errors=errors)
    saved = "Saved."
    if changes.get("email") and await context.site.emails.are_sent():
        saved = f"Saved. Open the e-mail that we sent to {changes['email']}."
    return context.redirect("/account", message=Message(saved))


def _field(error: Refused | Unreachable) -> str:
    """users-service begins the sentence of an `invalid_field` with its name."""
    if isinstance(error, Refused) and error.code == "invalid_field":
        return error.detail.partition(" ")[0]
    return ""


@router.post("/export")
async def export(context: CurrentContext) -> Response:
    """A download. A POST, because it is written down and may ask for the password."""
    everything = await context.site.own_account.export(context.credentials)
    text = json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": 'attachment; filename="notes-account.json"'}
    return Response(text, media_type="application/json", headers=headers)


@router.get("/delete")
async def delete_form(context: CurrentContext) -> Response:
    """Asks for the username before the account is deleted."""
    return await _delete_page(context)


async def _delete_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    mine = await context.site.own_account.read(context.credentials)
    page: dict[str, Any] = {"mine": mine, "typed": "", "errors": {}} | facts
    return context.render("account_delete.html", status=status, **page)


@router.post("/delete")
async def delete(context: CurrentContext) -> Response:
    """Deletes the account if its username was typed."""
    mine = await context.site.own_account.read(context.credentials)
    typed = context.field("username").strip()
    if typed != mine["username"]:
        errors = {"username": f"Type {mine['username']} to confirm."}
        return await _delete_page(context, status=422, typed=typed, errors=errors)
    try:
        await context.site.own_account.delete(context.credentials)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, _, sentence = describe(error)
        return await _delete_page(context, status=status, typed=typed, errors={"": sentence})
    response = context.redirect("/", message=Message("Your account is deleted."))
    context.end_session(response)
    return response
