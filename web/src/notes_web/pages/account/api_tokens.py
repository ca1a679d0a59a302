"""Your API tokens: for programs that read, write or follow notes in your name."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter(prefix="/account/tokens")

SCOPES = {
    "read": "Read notes",
    "write": "Write notes and comments",
    "realtime": "Follow changes",
}
EXPIRIES = {"7": "A week", "30": "30 days", "90": "90 days", "366": "A year", "never": "Never"}


@router.get("")
async def listing(context: CurrentContext) -> Response:
    """Shows the tokens and the form for a new one."""
    return await _page(context)


async def _page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    found = await context.site.own_account.api_tokens(context.credentials)
    typed = {"name": "", "scopes": ["read"], "expires": "90"}
    page: dict[str, Any] = {"tokens": found, "made": None, "typed": typed, "errors": {}}
    page |= {"scopes": SCOPES, "expiries": EXPIRIES} | facts
    return context.render("api_tokens.html", status=status, **page)


@router.post("")
async def make(context: CurrentContext) -> Response:
    """Makes a token and shows its secret once."""
    typed: dict[str, Any] = {
        "name": context.field("name").strip(),
        "scopes": [scope for scope in SCOPES if context.field(f"scope_{scope}")],
        "expires": context.field("expires"),
    }
    errors = _missing(typed)
    if errors:
        return await _page(context, status=422, typed=typed, errors=errors)
    days = context.number("expires")
    wanted = {"name": typed["name"], "scopes": typed["scopes"], "expires_in_days": days}
    try:
        made = await context.site.own_account.make_api_token(context.credentials, wanted)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, _, sentence = describe(error)
        return await _page(context, status=status, typed=typed, errors={"": sentence})
    return await _page(context, made=made)


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
async def revoke(context: CurrentContext, token_id: str) -> Response:
    """Revokes a token, or does nothing if it is gone."""
    try:
        await context.site.own_account.revoke_api_token(context.credentials, token_id)
    except Refused as refusal:
        # It is gone already, which is what was wanted.
        if refusal.status != 404:
            raise
    return context.redirect("/account/tokens", message=Message("The token was revoked."))
