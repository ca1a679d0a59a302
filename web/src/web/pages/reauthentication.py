"""Proving once more that it is you, before an act that opens or closes ways in: by all that
logging in asks for.

The form that was refused waits in the page and goes on by itself: a right password is answered
with 307, and the browser sends the same form to where it was going. Secrets are never kept.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from web.line_ends import normal
from web.pages.proofs import passkey_proof
from web.pages.refusals import needs_sign_in, reason
from web.service import BackendError, Refused, Unreachable
from web.visit import CurrentVisit, Visit, safe_path

router = APIRouter(prefix="/account/confirm")

CODE = "reauthentication_required"
# What a page puts in by itself, and what nobody may find in a page's source.
_OURS = frozenset({"csrf"})
_PREFIX = "confirm_"
_SECRETS = frozenset({"password", "old_password", "code"})


async def page(
    visit: Visit,
    action: str,
    form: Mapping[str, Any] | None,
    *,
    step: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    """`form` None: it was too long to wait. `step`: all that is lacking is the second one."""
    facts: dict[str, Any] = {"action": safe_path(action), "fields": waiting(form or {})}
    facts |= {"step": step, "is_lost": form is None, "errors": errors or {}}
    facts |= await _proofs(visit)
    return visit.render("confirm.html", status=403, **facts)


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
    visit: Visit,
    action: str,
    error: Refused | Unreachable,
    form: Mapping[str, Any] | None = None,
) -> Response:
    """The proof was none."""
    if needs_sign_in(error):
        raise error
    _, field, sentence = reason(error)
    code = error.code if isinstance(error, Refused) else ""
    if code == "wrong_credentials":
        field, sentence = "password", "That is not your password."
    errors = {_PREFIX + field if field else "": sentence}
    if form is not None:
        return await page(visit, action, form, errors=errors)
    step = "" if code == "second_step_ended" else visit.secret("confirm_step")
    waits = None if visit.field("confirm_lost") else visit.form
    return await page(visit, action, waits, step=step, errors=errors)


async def _proofs(visit: Visit) -> dict[str, Any]:
    """How this person can prove who they are: all that we can, while nobody can say."""
    ways = await visit.ways_in()
    try:
        mine = await visit.site.own.read(visit.caller)
        factors = await visit.site.own.factors(visit.caller)
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
async def confirm(visit: CurrentVisit) -> Response:
    action = safe_path(visit.field("confirm_action"))
    try:
        await visit.site.own.reauthenticate(visit.caller, _proof(visit))
    except (Refused, Unreachable) as error:
        return await refused(visit, action, error)
    if visit.field("confirm_lost"):
        return visit.render("confirmed.html", action=action, fields=None)
    return RedirectResponse(action, status_code=307)


def _proof(visit: Visit) -> dict[str, Any]:
    shown = passkey_proof(visit, prefix=_PREFIX)
    if shown:
        return shown
    code, step = visit.field("confirm_code").strip(), visit.secret("confirm_step")
    if step:
        return {"token": step, "code": code}
    return {"password": visit.secret("confirm_password")} | ({"code": code} if code else {})
