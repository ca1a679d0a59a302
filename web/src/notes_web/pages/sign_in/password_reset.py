"""A forgotten password: ask for an e-mail with a link, and set a new one with its code.

The code stands behind the `#` of its link, where no server and no log ever sees it; a script
puts it into the form, and without scripts it is typed.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter()


@router.get("/users/forgot")
async def forgot_form(context: CurrentContext) -> Response:
    """Shows the form that asks for an e-mail."""
    return await _forgot_page(context)


async def _forgot_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"typed": "", "errors": {}, "is_asked": False} | facts
    page["are_sent"] = await context.site.emails.are_sent()
    return context.render("forgot.html", status=status, **page)


@router.post("/users/forgot")
async def forgot(context: CurrentContext) -> Response:
    """The same page whether there is such an account or not."""
    typed = context.field("account").strip()
    if not typed:
        errors = {"account": "Type your user name or your e-mail address."}
        return await _forgot_page(context, status=422, errors=errors)
    try:
        await context.site.emails.request_password_reset(context.client, typed)
    except (Refused, Unreachable) as error:
        status, _, sentence = describe(error)
        return await _forgot_page(context, status=status, typed=typed, errors={"": sentence})
    return await _forgot_page(context, is_asked=True)


@router.get("/users/reset")
async def reset_form(context: CurrentContext) -> Response:
    """Shows the form that takes the code and a new password."""
    return _reset_page(context)


def _reset_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    return context.render("reset.html", status=status, **{"typed": "", "errors": {}} | facts)


@router.post("/users/reset")
async def reset(context: CurrentContext) -> Response:
    """Sets the new password."""
    token = context.field("token").strip()
    try:
        await context.site.users.reset_password(
            context.client, token, context.secret("password")
        )
    except (Refused, Unreachable) as error:
        status, field, sentence = describe(error)
        return _reset_page(context, status=status, typed=token, errors={field: sentence})
    done = Message("Your new password is set. Log in with it.")
    return context.redirect("/users/login", message=done)
