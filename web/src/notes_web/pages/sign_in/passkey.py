"""Signing in with a passkey, as the only step or as the second one. This needs a script."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages import saved_form
from notes_web.pages.error_messages import describe
from notes_web.pages.passkey_response import read_passkey_response
from notes_web.pages.sign_in import login
from notes_web.request_context import CurrentContext, safe_path

router = APIRouter()


@router.post("/users/passkeys/options")
async def options(context: CurrentContext) -> Response:
    """What the browser asks its devices; for everybody, it says nothing about anyone."""
    return JSONResponse(await context.site.users.passkey_options(context.client))


@router.post("/users/login/passkey")
async def sign_in(context: CurrentContext) -> Response:
    """The only step, or the second one where the form holds a `step`."""
    next, kept, step = (
        safe_path(context.field("next")),
        saved_form.carried(context.form),
        context.secret("step"),
    )
    proof = read_passkey_response(context) or {"flow": "", "credential": {}}
    try:
        made = await context.site.users.open_by_passkey(
            context.client, proof | ({"token": step} if step else {})
        )
    except (Refused, Unreachable) as error:
        status, _, sentence = describe(error)
        facts: dict[str, Any] = {"next": next, "saved_form": kept, "error": sentence}
        return await login.login_page(context, status=status, **facts)
    return await login.entered(context, made, next=next, kept=kept)
