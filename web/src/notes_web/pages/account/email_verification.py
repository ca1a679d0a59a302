"""Verifying an e-mail address with the code of an e-mail that we sent to it."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter()


@router.get("/users/confirm-email")
async def confirm_form(context: CurrentContext) -> Response:
    """Shows the form that takes the code."""
    return _confirm_page(context)


def _confirm_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    page = {"typed": "", "errors": {}} | facts
    return context.render("confirm_email.html", status=status, **page)


@router.post("/users/confirm-email")
async def confirm(context: CurrentContext) -> Response:
    """Verifies the address that the code was sent to."""
    token = context.field("token").strip()
    try:
        email = await context.site.emails.verify_email(context.client, token)
    except (Refused, Unreachable) as error:
        status, field, sentence = describe(error)
        return _confirm_page(context, status=status, typed=token, errors={field: sentence})
    done = Message(f"Thank you. E-mails go to {email}.")
    return context.redirect("/account" if context.account else "/", message=done)


@router.post("/account/email-verification-request")
async def ask_again(context: CurrentContext) -> Response:
    """Sends the e-mail once more."""
    try:
        await context.site.own_account.resend_verification(context.credentials)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        return context.redirect("/account", message=Message(describe(error)[2]))
    return context.redirect("/account", message=Message("We have sent another e-mail."))
