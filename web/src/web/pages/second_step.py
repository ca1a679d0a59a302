"""The second step of a sign-in: a code of the authenticator app, or a recovery code."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages import parked, users
from web.pages.refusals import reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, safe_path

router = APIRouter(prefix="/users/login/code")


@router.post("")
async def second_step(visit: CurrentVisit) -> Response:
    step, next = visit.secret("step"), safe_path(visit.field("next"))
    kept = parked.carried(visit.form)
    code = visit.field("code").strip()
    facts: dict[str, Any] = {"next": next, "parked": kept}
    try:
        made = await visit.site.users.take_second_step(visit.client, step, code)
    except (Refused, Unreachable) as error:
        status, _, sentence = reason(error)
        if isinstance(error, Refused) and error.code == "second_step_ended":
            return await users.login_page(visit, status=status, error=sentence, **facts)
        return users.step_page(visit, step, status=status, error=sentence, **facts)
    return await users.entered(visit, made, next=next, kept=kept)
