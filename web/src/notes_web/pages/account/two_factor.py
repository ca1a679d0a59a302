"""Your second step: an authenticator app and recovery codes, set up, renewed, taken away.

Secrets are shown in the answer that made them. After a wrong code the same QR code comes again:
it went along in the page, signed, because users-service tells it once.
"""

import base64
from typing import Any, TypedDict

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter(prefix="/account/two-step")

_PURPOSE = "enrolment"


class Enrolment(TypedDict):
    """What the page of a new authenticator app shows, and carries along, signed."""

    secret: str
    qr_svg: str


@router.get("")
async def status(context: CurrentContext) -> Response:
    """Shows whether two-step sign-in is on."""
    return await _page(context)


async def _page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    factors = await context.site.own_account.factors(context.credentials)
    page: dict[str, Any] = {"factors": factors, "codes": [], "errors": {}} | facts
    return context.render("two_step.html", status=status, **page)


@router.post("/begin")
async def begin(context: CurrentContext) -> Response:
    """Shows the QR code of a new authenticator app."""
    try:
        begun = await context.site.own_account.begin_totp(context.credentials)
    except (Refused, Unreachable) as error:
        return await _refused(context, error)
    return _enrolment(context, begun)


def _enrolment(
    context: RequestContext, begun: Enrolment, *, status: int = 200, error: str = ""
) -> Response:
    kept = {"secret": begun["secret"], "qr_svg": begun["qr_svg"]}
    # As a picture, never as markup: nothing in it can run.
    picture = base64.b64encode(begun["qr_svg"].encode()).decode()
    facts: dict[str, Any] = {
        "secret": begun["secret"],
        "picture": f"data:image/svg+xml;base64,{picture}",
        "kept": context.site.signer.dumps(_PURPOSE, kept),
        "errors": {"code": error} if error else {},
    }
    return context.render("enrolment.html", status=status, **facts)


@router.post("/confirm")
async def confirm(context: CurrentContext) -> Response:
    """Turns two-step sign-in on with a code, and shows the recovery codes once."""
    try:
        codes = await context.site.own_account.confirm_totp(
            context.credentials, context.field("code").strip()
        )
    except (Refused, Unreachable) as error:
        kept = context.site.signer.loads(_PURPOSE, context.field("kept"))
        is_wrong = isinstance(error, Refused) and error.code == "wrong_code"
        if not (is_wrong and kept):
            return await _refused(context, error)
        return _enrolment(context, kept, status=422, error=describe(error)[2])
    return await _page(context, codes=codes)


@router.post("/codes")
async def new_codes(context: CurrentContext) -> Response:
    """Shows new recovery codes once; the old ones stop working."""
    try:
        codes = await context.site.own_account.new_recovery_codes(context.credentials)
    except (Refused, Unreachable) as error:
        return await _refused(context, error)
    return await _page(context, codes=codes)


@router.post("/remove")
async def remove(context: CurrentContext) -> Response:
    """Turns two-step sign-in off."""
    try:
        await context.site.own_account.remove_totp(
            context.credentials, context.field("code").strip()
        )
    except (Refused, Unreachable) as error:
        return await _refused(context, error)
    return context.redirect("/account/two-step", message=Message("Two-step sign-in is off."))


async def _refused(context: RequestContext, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error) or isinstance(error, Unreachable):
        raise error
    status, field, sentence = describe(error)
    return await _page(context, status=status, errors={field: sentence})
