"""Proving once more that it is you, before an act that opens or closes ways in.

The form that was refused waits in the page and goes on by itself: a right password is answered
with 307, and the browser sends the same form to where it was going. Secrets are never kept.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Visit, safe_path

router = APIRouter(prefix="/account/confirm")

CODE = "reauthentication_required"
# What a page puts in by itself, and what nobody may find in a page's source.
_OURS = frozenset({"csrf", "confirm_action", "confirm_password"})
_SECRETS = frozenset({"password", "old_password"})


def page(visit: Visit, action: str, form: Mapping[str, Any], *, error: str = "") -> Response:
    fields = {
        name: value.replace("\r\n", "\n")
        for name, value in form.items()
        if name not in _OURS | _SECRETS and isinstance(value, str)
    }
    facts: dict[str, Any] = {"action": safe_path(action), "fields": fields, "error": error}
    return visit.render("confirm.html", status=403, **facts)


@router.post("")
async def confirm(visit: CurrentVisit) -> Response:
    action = safe_path(visit.field("confirm_action"))
    try:
        await visit.site.own.reauthenticate(visit.caller, visit.secret("confirm_password"))
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        _, _, sentence = reason(error)
        if isinstance(error, Refused) and error.code == "wrong_credentials":
            sentence = "That is not your password."
        return page(visit, action, visit.form, error=sentence)
    return RedirectResponse(action, status_code=307)
