"""At a provider: to sign in, to link it to the account, to prove once more that it is you.

What ties the return to this browser is the flow of users-service, signed, in a cookie of ten
minutes. The way out is a page and no redirect: a form of ours may lead to no other site.
"""

import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused, Unreachable
from notes_web.clients.users_types import AuthorizationRequestOut
from notes_web.cookies import Cookies
from notes_web.pages.account import reauthentication
from notes_web.pages.error_messages import describe, needs_sign_in
from notes_web.pages.sign_in import login
from notes_web.request_context import CurrentContext, Message, RequestContext, safe_path

router = APIRouter()

_PURPOSE = "flow"
_SECONDS = 600
_WAITING_LIMIT = 2000
_NOT_DONE = "Sign-in with the provider was cancelled. Nothing was changed."


@router.post("/users/login/at/{provider}")
async def begin_authorization(context: CurrentContext, provider: str) -> Response:
    """Leaves for a provider to sign in."""
    home, invite = _home(context, provider), context.field("invite").strip()
    try:
        begun = await context.site.users.begin_authorization(
            context.client, provider, home, invite=invite
        )
    except (Refused, Unreachable) as error:
        return await _not_signed_in(context, error)
    return _leave(context, begun, provider, next=safe_path(context.field("next")))


@router.post("/account/link/{provider}")
async def begin_link(context: CurrentContext, provider: str) -> Response:
    """Leaves for a provider to link it to the account."""
    home = _home(context, provider)
    try:
        begun = await context.site.own_account.begin_link(context.credentials, provider, home)
    except (Refused, Unreachable) as error:
        return _not_done(context, error)
    return _leave(context, begun, provider)


@router.post("/account/unlink/{provider}")
async def unlink(context: CurrentContext, provider: str) -> Response:
    """Removes the link to a provider."""
    try:
        await context.site.own_account.unlink(context.credentials, provider)
    except (Refused, Unreachable) as error:
        return _not_done(context, error)
    return _told(context, "The account was unlinked. You can no longer sign in with it.")


@router.post("/account/confirm/at/{provider}")
async def begin_reauthentication(context: CurrentContext, provider: str) -> Response:
    """Leaves for a provider to authenticate again; the form waits in the cookie."""
    action = safe_path(context.field("confirm_action"))
    home = _home(context, provider)
    try:
        begun = await context.site.own_account.begin_reauthentication(
            context.credentials, provider, home
        )
    except (Refused, Unreachable) as error:
        return await reauthentication.refused(context, action, error)
    waiting = reauthentication.waiting(context.form)
    # No browser keeps a large cookie: such a form is begun again.
    fields = waiting if len(json.dumps(waiting)) <= _WAITING_LIMIT else None
    return _leave(context, begun, provider, action=action, fields=fields)


@router.get("/users/callback/{provider}")
async def finish_authorization(
    context: CurrentContext,
    provider: str,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Comes back from a provider, and does what the browser left for."""
    kept = _kept(context, provider)
    brought = {"flow": kept["flow"], "code": code, "state": state}
    if iss:
        brought["iss"] = iss
    if "next" in kept:
        response = await _sign_in(context, provider, brought, kept["next"], error)
    elif "action" in kept:
        response = await _reauthenticate(context, provider, brought, kept, error)
    else:
        response = await _link(context, provider, brought, error)
    context.site.cookies.erase(response, Cookies.FLOW)
    return response


async def _sign_in(
    context: RequestContext, provider: str, brought: dict[str, str], next: str, denied: str
) -> Response:
    if denied:
        return await login.login_page(context, status=403, error=_NOT_DONE, next=next)
    try:
        made = await context.site.users.finish_authorization(context.client, provider, brought)
    except (Refused, Unreachable) as error:
        return await _not_signed_in(context, error)
    return await login.signed_in(context, made, next=next, kept=None)


async def _link(
    context: RequestContext, provider: str, brought: dict[str, str], denied: str
) -> Response:
    if denied:
        return _told(context, _NOT_DONE, tone="error")
    try:
        await context.site.own_account.finish_link(context.credentials, provider, brought)
    except (Refused, Unreachable) as error:
        return _not_done(context, error)
    return _told(context, "The account was linked. You can now sign in with it.")


async def _reauthenticate(
    context: RequestContext,
    provider: str,
    brought: dict[str, str],
    kept: dict[str, Any],
    denied: str,
) -> Response:
    """The form that waited is sent by the person: coming back changes nothing."""
    action, fields = kept["action"], kept["fields"]
    if denied:
        errors = {"": _NOT_DONE}
        return await reauthentication.page(context, action, fields or {}, errors=errors)
    try:
        step = await context.site.own_account.finish_reauthentication(
            context.credentials, provider, brought
        )
    except (Refused, Unreachable) as error:
        return await reauthentication.refused(context, action, error, fields or {})
    if step:
        return await reauthentication.page(context, action, fields, step=step)
    return context.render("confirmed.html", action=action, fields=fields)


def _home(context: RequestContext, provider: str) -> str:
    return f"{context.site.public_url}/users/callback/{provider}"


def _leave(
    context: RequestContext, begun: AuthorizationRequestOut, provider: str, **more: Any
) -> Response:
    """`more` tells what for: `next` to sign in, `action` and `fields` to prove, else a link."""
    response = context.render("leaving.html", url=begun["authorization_url"])
    kept = {"flow": begun["flow"], "provider": provider, **more}
    signed = context.site.signer.dumps(_PURPOSE, kept)
    context.site.cookies.write(response, Cookies.FLOW, signed, seconds=_SECONDS)
    return response


def _kept(context: RequestContext, provider: str) -> dict[str, Any]:
    """What this browser left with; nothing of use when it was another, or long ago."""
    signed = context.site.cookies.read(context.request.cookies, Cookies.FLOW)
    kept: dict[str, Any] = context.site.signer.loads(_PURPOSE, signed, seconds=_SECONDS) or {}
    return kept if kept.get("provider") == provider else {"flow": "", "next": "/"}


def _told(context: RequestContext, sentence: str, *, tone: str = "info") -> Response:
    return context.redirect("/account", message=Message(sentence, tone=tone))


def _not_done(context: RequestContext, error: Refused | Unreachable) -> Response:
    if needs_sign_in(error):
        raise error
    return _told(context, describe(error)[2], tone="error")


async def _not_signed_in(context: RequestContext, error: Refused | Unreachable) -> Response:
    status, _, sentence = describe(error)
    return await login.login_page(context, status=status, error=sentence)
