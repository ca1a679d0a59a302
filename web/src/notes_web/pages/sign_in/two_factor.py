"""The second step of a sign-in: a code of the authenticator app, or a recovery code."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages import saved_form
from notes_web.pages.error_messages import describe
from notes_web.pages.sign_in import login
from notes_web.request_context import CurrentContext, safe_path

router = APIRouter(prefix="/users/login/code")


@router.post("")
async def second_step(context: CurrentContext) -> Response:
    """Finishes the sign-in with a code."""
    step, next = context.secret("step"), safe_path(context.field("next"))
    kept = saved_form.carried(context.form)
    code = context.field("code").strip()
    facts: dict[str, Any] = {"next": next, "saved_form": kept}
    try:
        made = await context.site.users.take_second_step(context.client, step, code)
    except (Refused, Unreachable) as error:
        status, _, sentence = describe(error)
        if isinstance(error, Refused) and error.code == "two_factor_challenge_ended":
            return await login.login_page(context, status=status, error=sentence, **facts)
        return login.step_page(context, step, status=status, error=sentence, **facts)
    return await login.entered(context, made, next=next, kept=kept)
