"""Proving once more that it is you, before an act that opens or closes ways in.

The form that was refused waits in the page and goes on by itself: a right password is answered
with 307, and the browser sends the same form to where it was going. Secrets are never kept.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from web.pages.proofs import passkey_proof
from web.pages.refusals import needs_sign_in, reason
from web.service import BackendError, Refused, Unreachable
from web.visit import CurrentVisit, Visit, safe_path

router = APIRouter(prefix="/account/confirm")

CODE = "reauthentication_required"
# What a page puts in by itself, and what nobody may find in a page's source.
_OURS = frozenset(
    {"csrf", "confirm_action", "confirm_password", "confirm_flow", "confirm_credential"}
)
_SECRETS = frozenset({"password", "old_password"})


async def page(
    visit: Visit, action: str, form: Mapping[str, Any], *, error: str = ""
) -> Response:
    fields = {
        name: value.replace("\r\n", "\n")
        for name, value in form.items()
        if name not in _OURS | _SECRETS and isinstance(value, str)
    }
    facts: dict[str, Any] = {"action": safe_path(action), "fields": fields, "error": error}
    facts["with_passkey"] = await _has_passkey(visit)
    return visit.render("confirm.html", status=403, **facts)


async def _has_passkey(visit: Visit) -> bool:
    try:
        return bool((await visit.site.own.factors(visit.caller))["passkeys"])
    except BackendError:
        return False


@router.post("")
async def confirm(visit: CurrentVisit) -> Response:
    action = safe_path(visit.field("confirm_action"))
    try:
        await visit.site.own.reauthenticate(visit.caller, _proof(visit))
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        _, _, sentence = reason(error)
        if isinstance(error, Refused) and error.code == "wrong_credentials":
            sentence = "That is not your password."
        return await page(visit, action, visit.form, error=sentence)
    return RedirectResponse(action, status_code=307)


def _proof(visit: Visit) -> dict[str, Any]:
    shown = passkey_proof(visit, prefix="confirm_")
    return shown or {"password": visit.secret("confirm_password")}
