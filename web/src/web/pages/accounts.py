"""Administration: everybody's accounts. users-service refuses who is no administrator."""

from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/admin")

ROLES = {
    "reader": "Reader: reads notes",
    "editor": "Editor: writes notes and comments",
    "admin": "Administrator: runs this site too",
}


@router.get("")
async def everybody(visit: CurrentVisit, q: str = "", show: str = "", cursor: str = "") -> Any:
    asked = {"q": q.strip()[:200], "show": show, "cursor": cursor[:300]}
    wanted = {"q": asked["q"], "cursor": asked["cursor"]}
    if show in ROLES:
        wanted["role"] = show
    elif show == "disabled":
        wanted["disabled"] = "true"
    found = await visit.site.administration.accounts(visit.caller, wanted)
    return visit.render("accounts.html", asked=asked, roles=ROLES, **found)


@router.get("/accounts/{account_id}")
async def one(visit: CurrentVisit, account_id: str) -> Response:
    return await _shown(visit, account_id)


async def _shown(visit: Visit, account_id: str, *, status: int = 200, **facts: Any) -> Response:
    person = await visit.site.administration.account(visit.caller, account_id)
    role = "admin" if "admin" in person["roles"] else person["roles"][0]
    page: dict[str, Any] = {"link": None, "errors": {}, "site_url": visit.site.public_url}
    page |= {"person": person, "role": role, "roles": ROLES} | facts
    return visit.render("one_account.html", status=status, **page)


@router.post("/accounts/{account_id}/role")
async def set_role(visit: CurrentVisit, account_id: str) -> Response:
    return await _changed(visit, account_id, {"role": visit.field("role")})


@router.post("/accounts/{account_id}/disable")
async def disable(visit: CurrentVisit, account_id: str) -> Response:
    return await _changed(visit, account_id, {"disabled": True})


@router.post("/accounts/{account_id}/enable")
async def enable(visit: CurrentVisit, account_id: str) -> Response:
    return await _changed(visit, account_id, {"disabled": False})


async def _changed(visit: Visit, account_id: str, changes: dict[str, Any]) -> Response:
    change = visit.site.administration.change(visit.caller, account_id, changes)
    return await _done(visit, account_id, change)


async def _done(visit: Visit, account_id: str, act: Awaitable[Any]) -> Response:
    try:
        await act
    except (Refused, Unreachable) as error:
        if needs_sign_in(error) or isinstance(error, Unreachable) or error.status in (403, 404):
            raise
        status, _, sentence = reason(error)
        return await _shown(visit, account_id, status=status, errors={"": sentence})
    return visit.see(f"/admin/accounts/{account_id}", message=Message("Saved."))


@router.post("/accounts/{account_id}/two-step/remove")
async def remove_totp(visit: CurrentVisit, account_id: str) -> Response:
    """For somebody who lost the app and the recovery codes."""
    act = visit.site.administration.remove_totp(visit.caller, account_id)
    return await _done(visit, account_id, act)


@router.post("/accounts/{account_id}/sessions/end")
async def end_sessions(visit: CurrentVisit, account_id: str) -> Response:
    await visit.site.administration.end_sessions(visit.caller, account_id)
    done = Message("All sessions of this account were ended.")
    return visit.see(f"/admin/accounts/{account_id}", message=done)


@router.post("/accounts/{account_id}/reset-link")
async def reset_link(visit: CurrentVisit, account_id: str) -> Response:
    """Shown in this answer and never again."""
    made = await visit.site.administration.reset_link(visit.caller, account_id)
    return await _shown(visit, account_id, link=made)
