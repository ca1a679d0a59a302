"""Passkeys: signing in with one, and having some. Of all pages only these need a script."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from web.pages import parked, users
from web.pages.proofs import passkey_proof
from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit, safe_path

router = APIRouter()


@router.post("/users/passkeys/options")
async def options(visit: CurrentVisit) -> Response:
    """What the browser asks its devices; for everybody, it says nothing about anyone."""
    return JSONResponse(await visit.site.users.passkey_options(visit.client))


@router.post("/users/login/passkey")
async def login(visit: CurrentVisit) -> Response:
    """The only step, or the second one where the form holds a `step`."""
    next, kept, step = (
        safe_path(visit.field("next")),
        parked.carried(visit.form),
        visit.secret("step"),
    )
    proof = passkey_proof(visit) or {"flow": "", "credential": {}}
    try:
        made = await visit.site.users.open_by_passkey(
            visit.client, proof | ({"token": step} if step else {})
        )
    except (Refused, Unreachable) as error:
        status, _, sentence = reason(error)
        facts: dict[str, Any] = {"next": next, "parked": kept, "error": sentence}
        return await users.login_page(visit, status=status, **facts)
    return await users.entered(visit, made, next=next, kept=kept)


@router.get("/account/passkeys")
async def listing(visit: CurrentVisit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    found = await visit.site.own.passkeys(visit.caller)
    are_on = bool((await visit.ways_in())["passkeys"])
    page: dict[str, Any] = {"passkeys": found, "are_on": are_on, "begun": None, "errors": {}}
    return visit.render("passkeys.html", status=status, **page | facts)


@router.post("/account/passkeys/new")
async def begin(visit: CurrentVisit) -> Response:
    try:
        begun = await visit.site.own.begin_passkey(visit.caller)
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return await _page(visit, begun=begun)


@router.post("/account/passkeys")
async def add(visit: CurrentVisit) -> Response:
    proof = passkey_proof(visit) or {"flow": "", "credential": {}}
    wanted = proof | {"name": visit.field("name").strip()[:100]}
    try:
        await visit.site.own.add_passkey(visit.caller, wanted)
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return visit.see("/account/passkeys", message=Message("Your passkey is ready."))


@router.post("/account/passkeys/{passkey_id}/name")
async def rename(visit: CurrentVisit, passkey_id: str) -> Response:
    name = visit.field("name").strip()[:100]
    if not name:
        return await _page(visit, status=422, errors={"": "A passkey needs a name."})
    try:
        await visit.site.own.rename_passkey(visit.caller, passkey_id, name)
    except (Refused, Unreachable) as error:
        if isinstance(error, Refused) and error.status == 404:
            return visit.see("/account/passkeys")
        return await _refused(visit, error)
    return visit.see("/account/passkeys", message=Message("The passkey has its new name."))


@router.post("/account/passkeys/{passkey_id}/remove")
async def remove(visit: CurrentVisit, passkey_id: str) -> Response:
    try:
        await visit.site.own.remove_passkey(visit.caller, passkey_id)
    except (Refused, Unreachable) as error:
        if isinstance(error, Refused) and error.status == 404:
            return visit.see("/account/passkeys")
        return await _refused(visit, error)
    gone = Message("The passkey was removed. You are signed out everywhere else.")
    return visit.see("/account/passkeys", message=gone)


async def _refused(visit: Visit, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error) or isinstance(error, Unreachable):
        raise error
    status, _, sentence = reason(error)
    return await _page(visit, status=status, errors={"": sentence})
