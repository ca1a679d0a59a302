"""The way back in by an operator's one-time link, whatever else is shut.

Its code stands behind the `#`, where no server and no log ever sees it; a script puts it into
the form, and without scripts it is typed. Nothing signs in by merely opening an address.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages import users
from web.pages.refusals import reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Visit

router = APIRouter(prefix="/users/sign-in-link")


@router.get("")
async def form(visit: CurrentVisit) -> Response:
    return _page(visit)


def _page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"typed": "", "errors": {}} | facts
    return visit.render("sign_in_link.html", status=status, **page)


@router.post("")
async def sign_in(visit: CurrentVisit) -> Response:
    token = visit.field("token").strip()
    try:
        made = await visit.site.users.open_by_link(visit.client, token)
    except (Refused, Unreachable) as error:
        status, field, sentence = reason(error)
        return _page(visit, status=status, typed=token, errors={field: sentence})
    return await users.signed_in(visit, made, next="/account", kept=None)
