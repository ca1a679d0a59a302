"""Your second step: an authenticator app and recovery codes, set up, renewed, taken away.

Secrets are shown in the answer that made them. After a wrong code the same QR code comes again:
it went along in the page, signed, because users-service tells it once.
"""

import base64
import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.refusals import needs_sign_in, reason
from web.service import Json, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/account/two-step")

_PURPOSE = "enrolment"


@router.get("")
async def status(visit: CurrentVisit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    factors = await visit.site.own.factors(visit.caller)
    page: dict[str, Any] = {"factors": factors, "codes": [], "errors": {}} | facts
    return visit.render("two_step.html", status=status, **page)


@router.post("/begin")
async def begin(visit: CurrentVisit) -> Response:
    try:
        begun = await visit.site.own.begin_totp(visit.caller)
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return _enrolment(visit, begun)


def _enrolment(visit: Visit, begun: Json, *, status: int = 200, error: str = "") -> Response:
    kept = json.dumps({"secret": begun["secret"], "qr_svg": begun["qr_svg"]})
    # As a picture, never as markup: nothing in it can run.
    picture = base64.b64encode(begun["qr_svg"].encode()).decode()
    facts: dict[str, Any] = {
        "secret": begun["secret"],
        "picture": f"data:image/svg+xml;base64,{picture}",
        "kept": visit.site.signer.seal(_PURPOSE, kept),
        "errors": {"code": error} if error else {},
    }
    return visit.render("enrolment.html", status=status, **facts)


@router.post("/confirm")
async def confirm(visit: CurrentVisit) -> Response:
    try:
        codes = await visit.site.own.confirm_totp(visit.caller, visit.field("code").strip())
    except (Refused, Unreachable) as error:
        kept = visit.site.signer.open(_PURPOSE, visit.field("kept"))
        is_wrong = isinstance(error, Refused) and error.code == "wrong_code"
        if not (is_wrong and kept):
            return await _refused(visit, error)
        return _enrolment(visit, json.loads(kept), status=422, error=reason(error)[2])
    return await _page(visit, codes=codes)


@router.post("/codes")
async def new_codes(visit: CurrentVisit) -> Response:
    try:
        codes = await visit.site.own.new_recovery_codes(visit.caller)
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return await _page(visit, codes=codes)


@router.post("/remove")
async def remove(visit: CurrentVisit) -> Response:
    try:
        await visit.site.own.remove_totp(visit.caller, visit.field("code").strip())
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return visit.see("/account/two-step", message=Message("Two-step sign-in is off."))


async def _refused(visit: Visit, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error) or isinstance(error, Unreachable):
        raise error
    status, field, sentence = reason(error)
    return await _page(visit, status=status, errors={field: sentence})
