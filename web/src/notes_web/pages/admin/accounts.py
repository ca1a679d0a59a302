"""Administration: everybody's accounts. users-service refuses who is no administrator."""

from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter(prefix="/admin")

ROLES = {
    "reader": "Reader: reads notes",
    "editor": "Editor: writes notes and comments",
    "admin": "Administrator: runs this site too",
}


@router.get("")
async def everybody(
    context: CurrentContext, q: str = "", show: str = "", cursor: str = ""
) -> Any:
    """Shows a page of accounts, searched or filtered."""
    asked = {"q": q.strip()[:200], "show": show, "cursor": cursor[:300]}
    wanted = {"q": asked["q"], "cursor": asked["cursor"]}
    if show in ROLES:
        wanted["role"] = show
    elif show == "disabled":
        wanted["disabled"] = "true"
    found = await context.site.administration.accounts(context.credentials, wanted)
    return context.render("accounts.html", asked=asked, roles=ROLES, **found)


@router.get("/accounts/{account_id}")
async def one(context: CurrentContext, account_id: str) -> Response:
    """Shows one account."""
    return await _shown(context, account_id)


async def _shown(
    context: RequestContext, account_id: str, *, status: int = 200, **facts: Any
) -> Response:
    person = await context.site.administration.account(context.credentials, account_id)
    role = "admin" if "admin" in person["roles"] else person["roles"][0]
    page: dict[str, Any] = {"link": None, "errors": {}, "site_url": context.site.public_url}
    page |= {"person": person, "role": role, "roles": ROLES} | facts
    return context.render("one_account.html", status=status, **page)


@router.post("/accounts/{account_id}/role")
async def set_role(context: CurrentContext, account_id: str) -> Response:
    """Gives the account another role."""
    return await _changed(context, account_id, {"role": context.field("role")})


@router.post("/accounts/{account_id}/disable")
async def disable(context: CurrentContext, account_id: str) -> Response:
    """Disables the account; its sessions end."""
    return await _changed(context, account_id, {"disabled": True})


@router.post("/accounts/{account_id}/enable")
async def enable(context: CurrentContext, account_id: str) -> Response:
    """Enables the account."""
    return await _changed(context, account_id, {"disabled": False})


async def _changed(
    context: RequestContext, account_id: str, changes: dict[str, Any]
) -> Response:
    change = context.site.administration.change(context.credentials, account_id, changes)
    return await _done(context, account_id, change)


async def _done(context: RequestContext, account_id: str, act: Awaitable[Any]) -> Response:
    try:
        await act
    except (Refused, Unreachable) as error:
        if needs_sign_in(error) or isinstance(error, Unreachable) or error.status in (403, 404):
            raise
        status, _, sentence = describe(error)
        return await _shown(context, account_id, status=status, errors={"": sentence})
    return context.redirect(f"/admin/accounts/{account_id}", message=Message("Saved."))


@router.post("/accounts/{account_id}/two-step/remove")
async def remove_totp(context: CurrentContext, account_id: str) -> Response:
    """For somebody who lost the app and the recovery codes."""
    act = context.site.administration.remove_totp(context.credentials, account_id)
    return await _done(context, account_id, act)


@router.post("/accounts/{account_id}/sessions/end")
async def end_sessions(context: CurrentContext, account_id: str) -> Response:
    """Ends all sessions of the account."""
    await context.site.administration.end_sessions(context.credentials, account_id)
    done = Message("All sessions of this account were ended.")
    return context.redirect(f"/admin/accounts/{account_id}", message=done)


@router.post("/accounts/{account_id}/reset-link")
async def reset_link(context: CurrentContext, account_id: str) -> Response:
    """Shown in this answer and never again."""
    made = await context.site.administration.reset_link(context.credentials, account_id)
    return await _shown(context, account_id, link=made)
