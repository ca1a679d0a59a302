"""What letters lead to: a password that was forgotten, an e-mail address that is confirmed."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter()


@router.get("/users/forgot")
async def forgot_form(visit: CurrentVisit) -> Response:
    return await _forgot_page(visit)


async def _forgot_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"typed": "", "errors": {}, "is_asked": False} | facts
    page["are_sent"] = await visit.site.letters.are_sent()
    return visit.render("forgot.html", status=status, **page)


@router.post("/users/forgot")
async def forgot(visit: CurrentVisit) -> Response:
    """The same page whether there is such an account or not."""
    typed = visit.field("account").strip()
    if not typed:
        errors = {"account": "Type your user name or your e-mail address."}
        return await _forgot_page(visit, status=422, errors=errors)
    try:
        await visit.site.letters.ask_for_reset(visit.client, typed)
    except (Refused, Unreachable) as error:
        status, _, sentence = reason(error)
        return await _forgot_page(visit, status=status, typed=typed, errors={"": sentence})
    return await _forgot_page(visit, is_asked=True)


@router.get("/users/confirm-email")
async def confirm_form(visit: CurrentVisit) -> Response:
    return _confirm_page(visit)


def _confirm_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page = {"typed": "", "errors": {}} | facts
    return visit.render("confirm_email.html", status=status, **page)


@router.post("/users/confirm-email")
async def confirm(visit: CurrentVisit) -> Response:
    token = visit.field("token").strip()
    try:
        email = await visit.site.letters.prove(visit.client, token)
    except (Refused, Unreachable) as error:
        status, field, sentence = reason(error)
        return _confirm_page(visit, status=status, typed=token, errors={field: sentence})
    done = Message(f"Thank you. E-mails go to {email}.")
    return visit.see("/account" if visit.account else "/", message=done)


@router.post("/account/email/letter")
async def ask_again(visit: CurrentVisit) -> Response:
    try:
        await visit.site.own.ask_for_letter(visit.caller)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        return visit.see("/account", message=Message(reason(error)[2]))
    return visit.see("/account", message=Message("We have sent another e-mail."))
