"""A new password: with the old one, or with the code of a one-time link.

The code stands behind the `#` of its link, where no server and no log ever sees it; a script
puts it into the form, and without scripts it is typed.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter()


@router.get("/account/password")
async def change_form(visit: CurrentVisit) -> Response:
    return await _change_page(visit)


async def _change_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"errors": {}} | facts
    page["mine"] = await visit.site.own.read(visit.caller)
    page["ways_in"] = await visit.ways_in()
    page["with_code"] = (await visit.site.own.factors(visit.caller))["totp"]
    return visit.render("password.html", status=status, **page)


@router.post("/account/password")
async def change(visit: CurrentVisit) -> Response:
    old, new = visit.secret("old_password"), visit.secret("password")
    code = visit.field("code").strip()
    try:
        made = await visit.site.own.change_password(visit.caller, old=old, new=new, code=code)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, field, sentence = reason(error)
        if isinstance(error, Refused) and error.code == "wrong_credentials":
            status, field, sentence = 422, "old_password", "That is not your password."
        return await _change_page(visit, status=status, errors={field: sentence})
    done = Message("Your password is changed. You are signed out everywhere else.")
    response = visit.see("/account", message=done)
    visit.begin(response, made)
    return response


@router.get("/users/reset")
async def reset_form(visit: CurrentVisit) -> Response:
    return _reset_page(visit)


def _reset_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    return visit.render("reset.html", status=status, **{"typed": "", "errors": {}} | facts)


@router.post("/users/reset")
async def reset(visit: CurrentVisit) -> Response:
    token = visit.field("token").strip()
    try:
        await visit.site.users.reset_password(visit.client, token, visit.secret("password"))
    except (Refused, Unreachable) as error:
        status, field, sentence = reason(error)
        return _reset_page(visit, status=status, typed=token, errors={field: sentence})
    done = Message("Your new password is set. Log in with it.")
    return visit.see("/users/login", message=done)
