"""Signing in, signing up, signing out. A sign-in always starts a new session.

What somebody typed before the session ended is carried through the sign-in and shown again.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages import parked
from web.pages.refusals import reason
from web.people import Caller
from web.service import BackendError, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit, safe_path

router = APIRouter(prefix="/users")


@router.get("/login")
async def login_form(visit: CurrentVisit, next: str = "/") -> Response:
    if visit.account:
        return visit.see(safe_path(next))
    return await login_page(visit, next=safe_path(next))


async def login_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page = {"next": "/", "username": "", "error": "", "parked": None} | facts
    page["ways_in"] = await visit.ways_in()
    return visit.render("login.html", status=status, **page)


@router.post("/login")
async def login(visit: CurrentVisit) -> Response:
    username, next = visit.field("username").strip(), safe_path(visit.field("next"))
    kept = parked.carried(visit.form)
    try:
        made = await visit.site.users.open_session(
            visit.client, username, visit.secret("password")
        )
    except (Refused, Unreachable) as error:
        status, _, sentence = reason(error)
        facts = {"next": next, "username": username, "error": sentence, "parked": kept}
        return await login_page(visit, status=status, **facts)
    return await signed_in(visit, made, next=next, kept=kept)


async def signed_in(
    visit: Visit, made: Any, *, next: str, kept: parked.Parked | None
) -> Response:
    """The first step was right: a session, or the second step."""
    if "second_factor" not in made:
        return await entered(visit, made, next=next, kept=kept)
    step = made["second_factor"]
    with_passkey = "passkey" in step["methods"]
    return step_page(visit, step["token"], next=next, parked=kept, with_passkey=with_passkey)


def step_page(visit: Visit, step: str, *, status: int = 200, **facts: Any) -> Response:
    """The first step was right, and this account asks for a code too."""
    page: dict[str, Any] = {"step": step, "error": "", "with_passkey": False} | facts
    return visit.render("second_step.html", status=status, **page)


async def entered(
    visit: Visit, made: Any, *, next: str, kept: parked.Parked | None
) -> Response:
    await _end(visit, visit.session)
    token = made["token"]
    if kept:
        visit.visitor = await visit.site.visitors.of(token)
        response = visit.render("resume.html", session=token, parked=kept, why="signed_in")
    else:
        hello = Message(f"Welcome, {made['account']['name']}.")
        response = visit.see(next, message=hello)
    visit.begin(response, made)
    return response


@router.post("/logout")
async def logout(visit: CurrentVisit) -> Response:
    await _end(visit, visit.session)
    response = visit.see("/", message=Message("You are signed out."))
    visit.close(response)
    return response


@router.get("/signup")
async def signup_form(visit: CurrentVisit, invited: str = "") -> Response:
    """`invited`: an invitation lets in whatever the mode is."""
    if visit.account:
        return visit.see("/")
    return await _signup_page(visit, invited=bool(invited))


async def _signup_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    mode = await visit.site.users.sign_up_mode()
    page: dict[str, Any] = {"typed": {}, "errors": {}, "invited": False} | facts
    page["ways_in"] = await visit.ways_in()
    return visit.render("signup.html", status=status, mode=mode, **page)


@router.post("/signup")
async def signup(visit: CurrentVisit) -> Response:
    names = ("username", "name", "email", "invite", "setup_token")
    typed = {name: visit.field(name).strip() for name in names}
    password = visit.secret("password")
    try:
        await visit.site.users.create_account(visit.client, typed | {"password": password})
        made = await visit.site.users.open_session(visit.client, typed["username"], password)
    except (Refused, Unreachable) as error:
        status, field, sentence = reason(error)
        facts: dict[str, Any] = {
            "typed": typed,
            "errors": {field: sentence},
            "invited": bool(typed["invite"]),
        }
        return await _signup_page(visit, status=status, **facts)
    return await entered(visit, made, next="/", kept=None)


async def _end(visit: Visit, session: str) -> None:
    """End the session that this browser had; one that cannot be reached runs out by itself."""
    if not session:
        return
    visit.site.visitors.forget(session)
    try:
        await visit.site.own.sign_out(Caller(session, visit.client))
    except BackendError:
        return
