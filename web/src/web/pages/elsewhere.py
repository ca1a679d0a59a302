"""At a provider: to sign in, to link it to the account, to prove once more that it is you.

What ties the return to this browser is the flow of users-service, signed, in a cookie of ten
minutes. The way out is a page and no redirect: a form of ours may lead to no other site.
"""

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.cookies import Cookies
from web.pages import reauthentication, users
from web.pages.refusals import needs_sign_in, reason
from web.service import Json, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit, safe_path

router = APIRouter()

_PURPOSE = "flow"
_SECONDS = 600
_WAITING_LIMIT = 2000
_NOT_DONE = "You came back without signing in there. Nothing was changed."


@router.post("/users/login/at/{provider}")
async def depart(visit: CurrentVisit, provider: str) -> Response:
    home, invite = _home(visit, provider), visit.field("invite").strip()
    try:
        begun = await visit.site.users.depart(visit.client, provider, home, invite=invite)
    except (Refused, Unreachable) as error:
        return await _not_signed_in(visit, error)
    return _leave(visit, begun, provider, next=safe_path(visit.field("next")))


@router.post("/account/link/{provider}")
async def depart_to_link(visit: CurrentVisit, provider: str) -> Response:
    home = _home(visit, provider)
    try:
        begun = await visit.site.own.depart_to_link(visit.caller, provider, home)
    except (Refused, Unreachable) as error:
        return _not_done(visit, error)
    return _leave(visit, begun, provider)


@router.post("/account/unlink/{provider}")
async def unlink(visit: CurrentVisit, provider: str) -> Response:
    try:
        await visit.site.own.unlink(visit.caller, provider)
    except (Refused, Unreachable) as error:
        return _not_done(visit, error)
    return _told(visit, "You can no longer sign in with it.")


@router.post("/account/confirm/at/{provider}")
async def depart_to_prove(visit: CurrentVisit, provider: str) -> Response:
    action = safe_path(visit.field("confirm_action"))
    home = _home(visit, provider)
    try:
        begun = await visit.site.own.depart_to_prove(visit.caller, provider, home)
    except (Refused, Unreachable) as error:
        return await reauthentication.refused(visit, action, error)
    waiting = reauthentication.waiting(visit.form)
    # No browser keeps a large cookie: such a form is begun again.
    fields = waiting if len(json.dumps(waiting)) <= _WAITING_LIMIT else None
    return _leave(visit, begun, provider, action=action, fields=fields)


@router.get("/users/callback/{provider}")
async def come_back(
    visit: CurrentVisit,
    provider: str,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    kept = _kept(visit, provider)
    brought = {"flow": kept["flow"], "code": code, "state": state}
    if iss:
        brought["iss"] = iss
    if "next" in kept:
        response = await _sign_in(visit, provider, brought, kept["next"], error)
    elif "action" in kept:
        response = await _prove(visit, provider, brought, kept, error)
    else:
        response = await _link(visit, provider, brought, error)
    visit.site.cookies.erase(response, Cookies.FLOW)
    return response


async def _sign_in(
    visit: Visit, provider: str, brought: dict[str, str], next: str, denied: str
) -> Response:
    if denied:
        return await users.login_page(visit, status=403, error=_NOT_DONE, next=next)
    try:
        made = await visit.site.users.come_back(visit.client, provider, brought)
    except (Refused, Unreachable) as error:
        return await _not_signed_in(visit, error)
    return await users.signed_in(visit, made, next=next, kept=None)


async def _link(visit: Visit, provider: str, brought: dict[str, str], denied: str) -> Response:
    if denied:
        return _told(visit, _NOT_DONE, tone="error")
    try:
        await visit.site.own.link(visit.caller, provider, brought)
    except (Refused, Unreachable) as error:
        return _not_done(visit, error)
    return _told(visit, "You can now sign in with it.")


async def _prove(
    visit: Visit, provider: str, brought: dict[str, str], kept: Json, denied: str
) -> Response:
    """The form that waited is sent by the person: coming back changes nothing."""
    action, fields = kept["action"], kept["fields"]
    if denied:
        errors = {"": _NOT_DONE}
        return await reauthentication.page(visit, action, fields or {}, errors=errors)
    try:
        step = await visit.site.own.prove(visit.caller, provider, brought)
    except (Refused, Unreachable) as error:
        return await reauthentication.refused(visit, action, error, fields or {})
    if step:
        return await reauthentication.page(visit, action, fields, step=step)
    return visit.render("confirmed.html", action=action, fields=fields)


def _home(visit: Visit, provider: str) -> str:
    return f"{visit.site.public_url}/users/callback/{provider}"


def _leave(visit: Visit, begun: Json, provider: str, **more: Any) -> Response:
    """`more` tells what for: `next` to sign in, `action` and `fields` to prove, else a link."""
    response = visit.render("leaving.html", url=begun["authorization_url"])
    kept = json.dumps({"flow": begun["flow"], "provider": provider, **more})
    sealed = visit.site.signer.seal(_PURPOSE, kept)
    visit.site.cookies.write(response, Cookies.FLOW, sealed, seconds=_SECONDS)
    return response


def _kept(visit: Visit, provider: str) -> Json:
    """What this browser left with; nothing of use when it was another, or long ago."""
    sealed = visit.site.cookies.read(visit.request.cookies, Cookies.FLOW)
    opened = visit.site.signer.open(_PURPOSE, sealed) if sealed else None
    kept: Json = json.loads(opened) if opened else {}
    return kept if kept.get("provider") == provider else {"flow": "", "next": "/"}


def _told(visit: Visit, sentence: str, *, tone: str = "info") -> Response:
    return visit.see("/account", message=Message(sentence, tone=tone))


def _not_done(visit: Visit, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error):
        raise error
    return _told(visit, reason(error)[2], tone="error")


async def _not_signed_in(visit: Visit, error: Refused | Unreachable) -> Response:
    status, _, sentence = reason(error)
    return await users.login_page(visit, status=status, error=sentence)
