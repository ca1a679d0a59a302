"""The way back in by an operator's one-time link, whatever else is shut.

Its code stands behind the `#`, where no server and no log ever sees it; a script puts it into
the form, and without scripts it is typed. Nothing signs in by merely opening an address.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe
from notes_web.pages.sign_in import login
from notes_web.request_context import CurrentContext, RequestContext

router = APIRouter(prefix="/users/sign-in-link")


@router.get("")
async def form(context: CurrentContext) -> Response:
    """Shows the form that takes the code."""
    return _page(context)


def _page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"typed": "", "errors": {}} | facts
    return context.render("sign_in_link.html", status=status, **page)


@router.post("")
async def sign_in(context: CurrentContext) -> Response:
    """Signs in with the code."""
    token = context.field("token").strip()
    try:
        made = await context.site.users.open_by_link(context.client, token)
    except (Refused, Unreachable) as error:
        status, field, sentence = describe(error)
        return _page(context, status=status, typed=token, errors={field: sentence})
    return await login.signed_in(context, made, next="/account", kept=None)
