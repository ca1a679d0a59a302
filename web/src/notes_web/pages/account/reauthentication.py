"""Re-authentication before an act that opens or closes ways to sign in.

It asks for all that logging in asks for.

The form that was refused waits in the page and goes on by itself: a right password is answered
with 307, and the browser sends the same form to where it was going. Secrets are never kept.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from notes_web.clients.http import BackendError, Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.pages.passkey_response import read_passkey_response
from notes_web.request_context import CurrentContext, RequestContext, safe_path
from notes_web.text.line_ends import normal

router = APIRouter(prefix="/account/confirm")

CODE = "reauthentication_required"
# What a page puts in by itself, and what nobody may find in a page's source.
_OURS = frozenset({"csrf"})
_PREFIX = "confirm_"
_SECRETS = frozenset({"password", "old_password", "code"})


async def page(
    context: RequestContext,
    action: str,
    form: Mapping[str, Any] | None,
    *,
    step: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    """`form` None: it was too long to wait. `step`: all that is lacking is the second one."""
    facts: dict[str, Any] = {"action": safe_path(action), "fields": waiting(form or {})}
    facts |= {"step": step, "is_lost": form is None, "errors": errors or {}}
    facts |= await _proofs(context)
    return context.render("confirm.html", status=403, **facts)


def waiting(form: Mapping[str, Any]) -> dict[str, str]:
    """What of a form may wait in a page."""
    return {
        name: normal(value)
        for name, value in form.items()
        if name not in _OURS | _SECRETS
        and not name.startswith(_PREFIX)
        and isinstance(value, str)
    }


async def refused(
    context: RequestContext,
    action: str,
    error: Refused | Unreachable,
    form: Mapping[str, Any] | None = None,
) -> Response:
    """The proof was none."""
    if needs_sign_in(error):
        raise error
    _, field, sentence = describe(error)
    code = error.code if isinstance(error, Refused) else ""
    if code == "wrong_credentials":
        field, sentence = "password", "That is not your password."
    errors = {_PREFIX + field if field else "": sentence}
    if form is not None:
        return await page(context, action, form, errors=errors)
    step = "" if code == "two_factor_challenge_ended" else context.secret("confirm_step")
    waits = None if context.field("confirm_lost") else context.form
    return await page(context, action, waits, step=step, errors=errors)


async def _proofs(context: RequestContext) -> dict[str, Any]:
    """How this person can prove who they are: all that we can, while nobody can say."""
    ways = await context.sign_in_methods()
    try:
        mine = await context.site.own_account.read(context.credentials)
        factors = await context.site.own_account.factors(context.credentials)
    except BackendError:
        facts = {"with_password": ways["passwords"], "with_passkey": False, "provers": []}
        return facts | {"with_code": False}
    linked = {each["provider"] for each in mine["identities"]}
    return {
        "with_password": ways["passwords"] and mine["has_password"],
        "with_passkey": ways["passkeys"] and factors["passkeys"] > 0,
        "with_code": factors["totp"],
        "provers": [
            each
            for each in ways["providers"]
            if each["reauthenticates"] and each["name"] in linked
        ],
    }


@router.post("")
async def confirm(context: CurrentContext) -> Response:
    """Checks the proof and sends the form that waited to where it was going (307)."""
    action = safe_path(context.field("confirm_action"))
    try:
        await context.site.own_account.reauthenticate(context.credentials, _proof(context))
    except (Refused, Unreachable) as error:
        return await refused(context, action, error)
    if context.field("confirm_lost"):
        return context.render("confirmed.html", action=action, fields=None)
    return RedirectResponse(action, status_code=307)


def _proof(context: RequestContext) -> dict[str, Any]:
    shown = read_passkey_response(context, prefix=_PREFIX)
    if shown:
        return shown
    code, step = context.field("confirm_code").strip(), context.secret("confirm_step")
    if step:
        return {"token": step, "code": code}
    return {"password": context.secret("confirm_password")} | ({"code": code} if code else {})
