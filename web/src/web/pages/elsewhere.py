"""Signing in at a provider, and linking one to the account: away, and back again.

What ties the return to this browser is the flow of users-service, signed, in a cookie of ten
minutes. The way out is a page and no redirect: a form of ours may lead to no other site.
"""

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.cookies import Cookies
from web.pages import users
from web.pages.refusals import needs_sign_in, reason
from web.service import Json, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit, safe_path

router = APIRouter()

_PURPOSE = "flow"
_SECONDS = 600


@router.post("/users/login/at/{provider}")
async def depart(visit: CurrentVisit, provider: str) -> Response:
    try:
        begun = await visit.site.users.depart(visit.client, provider, _home(visit, provider))
    except (Refused, Unreachable) as error:
        return await _refused(visit, error)
    return _leave(visit, begun, provider, next=safe_path(visit.field("next")))


@router.post("/account/link/{provider}")
async def depart_to_link(visit: CurrentVisit, provider: str) -> Response:
    home = _home(visit, provider)
    begun = await visit.site.own.depart_to_link(visit.caller, provider, home)
    return _leave(visit, begun, provider, next="")


@router.post("/account/unlink/{provider}")
async def unlink(visit: CurrentVisit, provider: str) -> Response:
    try:
        await visit.site.own.unlink(visit.caller, provider)
    except (Refused, Unreachable) as error:
        if needs_sign_in(error):
            raise
        return _told(visit, reason(error)[2], tone="error")
    return _told(visit, "It does not sign you in any more.")


@router.get("/users/callback/{provider}")
async def come_back(
    visit: CurrentVisit, provider: str, code: str = "", state: str = "", iss: str = ""
) -> Response:
    kept = _kept(visit, provider)
    brought = {"flow": kept["flow"], "code": code, "state": state} | (
        {"iss": iss} if iss else {}
    )
    try:
        if kept["next"]:
            made = await visit.site.users.come_back(visit.client, provider, brought)
            response = await users.entered(visit, made, next=kept["next"], kept=None)
        else:
            await visit.site.own.link(visit.caller, provider, brought)
            response = _told(visit, "It signs you in from now on.")
    except (Refused, Unreachable) as error:
        if kept["next"]:
            response = await _refused(visit, error)
        else:
            response = _told(visit, reason(error)[2], tone="error")
    visit.site.cookies.erase(response, Cookies.FLOW)
    return response


def _home(visit: Visit, provider: str) -> str:
    return f"{visit.site.public_url}/users/callback/{provider}"


def _leave(visit: Visit, begun: Json, provider: str, *, next: str) -> Response:
    response = visit.render("leaving.html", url=begun["authorization_url"])
    kept = json.dumps({"flow": begun["flow"], "provider": provider, "next": next})
    sealed = visit.site.signer.seal(_PURPOSE, kept)
    visit.site.cookies.write(response, Cookies.FLOW, sealed, seconds=_SECONDS)
    return response


def _kept(visit: Visit, provider: str) -> Any:
    """What this browser left with; nothing of use when it was another, or long ago."""
    sealed = visit.site.cookies.read(visit.request.cookies, Cookies.FLOW)
    opened = visit.site.signer.open(_PURPOSE, sealed) if sealed else None
    kept = json.loads(opened) if opened else {}
    return kept if kept.get("provider") == provider else {"flow": "", "next": "/"}


def _told(visit: Visit, sentence: str, *, tone: str = "info") -> Response:
    return visit.see("/account", message=Message(sentence, tone=tone))


async def _refused(visit: Visit, error: Refused | Unreachable) -> Response:
    status, _, sentence = reason(error)
    return await users.login_page(visit, status=status, error=sentence)
