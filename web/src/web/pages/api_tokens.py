"""Your API tokens: for programs that read, write or follow notes in your name."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/account/tokens")

SCOPES = {
    "read": "Read notes",
    "write": "Write notes and comments",
    "realtime": "Follow changes",
}
EXPIRIES = {"7": "A week", "30": "30 days", "90": "90 days", "366": "A year", "never": "Never"}


@router.get("")
async def listing(visit: CurrentVisit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    found = await visit.site.own.api_tokens(visit.caller)
    typed = {"name": "", "scopes": ["read"], "expires": "90"}
    page: dict[str, Any] = {"tokens": found, "made": None, "typed": typed, "errors": {}}
    page |= {"scopes": SCOPES, "expiries": EXPIRIES} | facts
    return visit.render("api_tokens.html", status=status, **page)


@router.post("")
async def make(visit: CurrentVisit) -> Response:
    typed: dict[str, Any] = {
        "name": visit.field("name").strip(),
        "scopes": [scope for scope in SCOPES if visit.field(f"scope_{scope}")],
        "expires": visit.field("expires"),
    }
    errors = _missing(typed)
    if errors:
        return await _page(visit, status=422, typed=typed, errors=errors)
    days = visit.number("expires")
    wanted = {"name": typed["name"], "scopes": typed["scopes"], "expires_in_days": days}
    try:
        made = await visit.site.own.make_api_token(visit.caller, wanted)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, _, sentence = reason(error)
        return await _page(visit, status=status, typed=typed, errors={"": sentence})
    return await _page(visit, made=made)


def _missing(typed: dict[str, Any]) -> dict[str, str]:
    errors = {}
    if not typed["name"]:
        errors["name"] = "Give it a name, so that you recognise it later."
    if not typed["scopes"]:
        errors["scope_read"] = "Choose what it may do."
    if typed["expires"] not in EXPIRIES:
        errors["expires"] = "Choose when it expires."
    return errors


@router.post("/{token_id}/revoke")
async def revoke(visit: CurrentVisit, token_id: str) -> Response:
    try:
        await visit.site.own.revoke_api_token(visit.caller, token_id)
    except Refused as refusal:
        # It is gone already, which is what was wanted.
        if refusal.status != 404:
            raise
    return visit.see("/account/tokens", message=Message("The token was revoked."))
