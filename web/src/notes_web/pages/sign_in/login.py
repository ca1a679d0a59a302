"""Signing in, signing up, signing out. A sign-in always starts a new session.

What somebody typed before the session ended is carried through the sign-in and shown again.
"""

from typing import Any, cast

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.account import Credentials
from notes_web.clients.http import BackendError, Refused, Unreachable
from notes_web.clients.users_types import LoginOut, TwoFactorChallengeOut
from notes_web.pages import saved_form
from notes_web.pages.error_messages import describe
from notes_web.request_context import CurrentContext, Message, RequestContext, safe_path

router = APIRouter(prefix="/users")


@router.get("/login")
async def login_form(context: CurrentContext, next: str = "/") -> Response:
    """Shows the sign-in page; who is signed in already goes on."""
    if context.account:
        return context.redirect(safe_path(next))
    return await login_page(context, next=safe_path(next))


async def login_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    """Renders the sign-in page with the methods that are enabled."""
    page = {"next": "/", "username": "", "error": "", "saved_form": None} | facts
    page["sign_in_methods"] = await context.sign_in_methods()
    return context.render("login.html", status=status, **page)


@router.post("/login")
async def login(context: CurrentContext) -> Response:
    """Signs in with user name and password."""
    username, next = context.field("username").strip(), safe_path(context.field("next"))
    kept = saved_form.carried(context.form)
    try:
        made = await context.site.users.open_session(
            context.client, username, context.secret("password")
        )
    except (Refused, Unreachable) as error:
        status, _, sentence = describe(error)
        facts = {"next": next, "username": username, "error": sentence, "saved_form": kept}
        return await login_page(context, status=status, **facts)
    return await signed_in(context, made, next=next, kept=kept)


async def signed_in(
    context: RequestContext,
    made: LoginOut | TwoFactorChallengeOut,
    *,
    next: str,
    kept: saved_form.SavedForm | None,
) -> Response:
    """The first step was right: a session, or the second step."""
    if "second_factor" not in made:
        return await entered(context, made, next=next, kept=kept)
    step = cast(TwoFactorChallengeOut, made)["second_factor"]
    with_passkey = "passkey" in step["methods"]
    return step_page(
        context, step["token"], next=next, saved_form=kept, with_passkey=with_passkey
    )


def step_page(
    context: RequestContext, step: str, *, status: int = 200, **facts: Any
) -> Response:
    """The first step was right, and this account asks for a code too."""
    page: dict[str, Any] = {"step": step, "error": "", "with_passkey": False} | facts
    return context.render("second_step.html", status=status, **page)


async def entered(
    context: RequestContext, made: LoginOut, *, next: str, kept: saved_form.SavedForm | None
) -> Response:
    """Starts the session: the old one ends, and a form that waited is shown again."""
    await _end(context, context.session)
    token = made["token"]
    if kept:
        context.principal = await context.site.session_resolver.resolve(token)
        response = context.render(
            "resume.html", session=token, saved_form=kept, why="signed_in"
        )
    else:
        hello = Message(f"Welcome, {made['account']['name']}.")
        response = context.redirect(next, message=hello)
    context.start_session(response, made)
    return response


@router.post("/logout")
async def logout(context: CurrentContext) -> Response:
    """Signs out; the browser drops what it stored for this site."""
    await _end(context, context.session)
    response = context.redirect("/", message=Message("You are signed out."))
    context.end_session(response)
    return response


@router.get("/signup")
async def signup_form(context: CurrentContext, invited: str = "") -> Response:
    """`invited`: an invitation lets in whatever the mode is."""
    if context.account:
        return context.redirect("/")
    return await _signup_page(context, invited=bool(invited))


async def _signup_page(context: RequestContext, *, status: int = 200, **facts: Any) -> Response:
    mode = await context.site.users.sign_up_mode()
    page: dict[str, Any] = {"typed": {}, "errors": {}, "invited": False} | facts
    page["sign_in_methods"] = await context.sign_in_methods()
    return context.render("signup.html", status=status, mode=mode, **page)


@router.post("/signup")
async def signup(context: CurrentContext) -> Response:
    """Registers an account and signs in to it."""
    names = ("username", "name", "email", "invite", "setup_token")
    typed = {name: context.field(name).strip() for name in names}
    password = context.secret("password")
    try:
        await context.site.users.create_account(context.client, typed | {"password": password})
        made = await context.site.users.open_session(
            context.client, typed["username"], password
        )
    except (Refused, Unreachable) as error:
        status, field, sentence = describe(error)
        facts: dict[str, Any] = {
            "typed": typed,
            "errors": {field: sentence},
            "invited": bool(typed["invite"]),
        }
        return await _signup_page(context, status=status, **facts)
    return await signed_in(context, made, next="/", kept=None)


async def _end(context: RequestContext, session: str) -> None:
    """End the session that this browser had; one that cannot be reached runs out by itself."""
    if not session:
        return
    context.site.session_resolver.forget(session)
    try:
        await context.site.own_account.sign_out(Credentials(session, context.client))
    except BackendError:
        return
