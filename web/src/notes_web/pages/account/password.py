"""Changing your password, with the old one where there is one."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter()


@router.get("/account/password")
async def change_form(context: CurrentContext) -> Response:
    """Shows the form."""
    return await _change_page(context)


async def _change_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"errors": {}} | facts
    page["mine"] = await context.site.own_account.read(context.credentials)
    page["sign_in_methods"] = await context.sign_in_methods()
    page["with_code"] = (await context.site.own_account.factors(context.credentials))["totp"]
    return context.render("password.html", status=status, **page)


@router.post("/account/password")
async def change(context: CurrentContext) -> Response:
    """Changes the password and goes on in a new session; all others end."""
    old, new = context.secret("old_password"), context.secret("password")
    code = context.field("code").strip()
    try:
        made = await context.site.own_account.change_password(
            context.credentials, old=old, new=new, code=code
        )
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        status, field, sentence = describe(error)
        if isinstance(error, Refused) and error.code == "wrong_credentials":
            status, field, sentence = 422, "old_password", "That is not your password."
        return await _change_page(context, status=status, errors={field: sentence})
    done = Message("Your password is changed. You are signed out everywhere else.")
    response = context.redirect("/account", message=done)
    context.start_session(response, made)
    return response
