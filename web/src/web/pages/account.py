"""Your account: what others see of you, a copy of everything, and its end."""

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Json, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/account")

_FIELDS = {
    "name": "A name has between 1 and 255 characters.",
    "email": "An e-mail address looks like name@example.org.",
}


@router.get("")
async def profile(visit: CurrentVisit) -> Response:
    mine = await visit.site.own.read(visit.caller)
    typed = {"name": mine["name"], "email": mine["email"] or ""}
    return await _profile(visit, mine, typed)


async def _profile(
    visit: Visit, mine: Json, typed: Json, *, status: int = 200, **facts: Any
) -> Response:
    page: dict[str, Any] = {"mine": mine, "typed": typed, "errors": {}} | facts
    page["providers"] = (await visit.ways_in())["providers"]
    page["letters"] = await visit.site.letters.are_sent()
    return visit.render("account.html", status=status, **page)


@router.post("")
async def change(visit: CurrentVisit) -> Response:
    mine = await visit.site.own.read(visit.caller)
    typed = {name: visit.field(name).strip() for name in _FIELDS}
    # What stays as it is, is not sent: a changed address needs a fresh proof of who it is.
    changed = [name for name in _FIELDS if typed[name] != (mine[name] or "")]
    changes = {name: typed[name] or None for name in changed}
    try:
        if changes:
            await visit.site.own.change(visit.caller, changes)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, field, sentence = reason(error)
        if wrong := _field(error):
            field, sentence = wrong, _FIELDS.get(wrong, sentence)
        errors = {field: sentence}
        return await _profile(visit, mine, typed, status=status, errors=errors)
    saved = "Saved."
    if changes.get("email") and await visit.site.letters.are_sent():
        saved = f"Saved. Open the e-mail that we sent to {changes['email']}."
    return visit.see("/account", message=Message(saved))


def _field(error: Refused | Unreachable) -> str:
    """users-service begins the sentence of an `invalid_field` with its name."""
    if isinstance(error, Refused) and error.code == "invalid_field":
        return error.detail.partition(" ")[0]
    return ""


@router.post("/export")
async def export(visit: CurrentVisit) -> Response:
    """A download. A POST, because it is written down and may ask for the password."""
    everything = await visit.site.own.export(visit.caller)
    text = json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": 'attachment; filename="notes-account.json"'}
    return Response(text, media_type="application/json", headers=headers)


@router.get("/delete")
async def delete_form(visit: CurrentVisit) -> Response:
    return await _delete_page(visit)


async def _delete_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    mine = await visit.site.own.read(visit.caller)
    page: dict[str, Any] = {"mine": mine, "typed": "", "errors": {}} | facts
    return visit.render("account_delete.html", status=status, **page)


@router.post("/delete")
async def delete(visit: CurrentVisit) -> Response:
    mine = await visit.site.own.read(visit.caller)
    typed = visit.field("username").strip()
    if typed != mine["username"]:
        errors = {"username": f"Type {mine['username']} to confirm."}
        return await _delete_page(visit, status=422, typed=typed, errors=errors)
    try:
        await visit.site.own.delete(visit.caller)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, _, sentence = reason(error)
        return await _delete_page(visit, status=status, typed=typed, errors={"": sentence})
    response = visit.see("/", message=Message("Your account is deleted."))
    visit.close(response)
    return response
