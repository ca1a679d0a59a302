"""Signing in, signing up, signing out. A sign-in always starts a new session.

What somebody typed before the session ended is carried through the sign-in and shown again.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.cookies import Cookies
from web.pages import parked
from web.service import BackendError, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit, safe_path

router = APIRouter(prefix="/users")

AWAY = "Signing in is not possible just now. Try again in a moment."

# Field and sentence for each refusal of users-service.
SENTENCES = {
    "username_taken": ("username", "This user name is taken."),
    "invalid_username": ("username", "Use letters, digits, dots, dashes and underscores."),
    "password_too_short": ("password", "Use at least 8 characters."),
    "password_too_long": ("password", "Use at most 128 characters."),
    "password_common": ("password", "This password is known to everyone. Choose another."),
    "password_contains_name": ("password", "Leave your user name out of your password."),
    "signup_closed": ("", "New accounts are not open here. Ask an administrator."),
    "invalid_invite": ("invite", "This invitation is not valid, or was used."),
    "invalid_setup_token": ("setup_token", "This setup token is not the one we made."),
    "wrong_credentials": ("", "That user name and password do not go together."),
}


@router.get("/login")
async def login_form(visit: CurrentVisit, next: str = "/") -> Response:
    if visit.account:
        return visit.see(safe_path(next))
    return login_page(visit, next=safe_path(next))


def login_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    page = {"next": "/", "username": "", "error": "", "parked": None} | facts
    return visit.render("login.html", status=status, **page)


@router.post("/login")
async def login(visit: CurrentVisit) -> Response:
    username, next = visit.field("username").strip(), safe_path(visit.field("next"))
    kept = parked.carried(visit.form)
    try:
        made = await visit.site.users.open_session(
            visit.client, username, str(visit.form.get("password") or "")
        )
    except (Refused, Unreachable) as error:
        status, _, sentence = _reason(error)
        facts = {"next": next, "username": username, "error": sentence, "parked": kept}
        return login_page(visit, status=status, **facts)
    return await _entered(visit, made, next=next, kept=kept)


async def _entered(
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
    expires_at = made["expires_at"]
    visit.site.cookies.write_session(response, token, expires_at=expires_at)
    return response


@router.post("/logout")
async def logout(visit: CurrentVisit) -> Response:
    await _end(visit, visit.session)
    response = visit.see("/", message=Message("You are signed out."))
    visit.site.cookies.erase(response, Cookies.SESSION)
    # Drafts of this person do not stay for the next one on this machine.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@router.get("/signup")
async def signup_form(visit: CurrentVisit) -> Response:
    if visit.account:
        return visit.see("/")
    return await _signup_page(visit)


async def _signup_page(visit: Visit, *, status: int = 200, **facts: Any) -> Response:
    mode = await visit.site.users.sign_up_mode()
    page = {"typed": {}, "errors": {}} | facts
    return visit.render("signup.html", status=status, mode=mode, **page)


@router.post("/signup")
async def signup(visit: CurrentVisit) -> Response:
    names = ("username", "name", "email", "invite", "setup_token")
    typed = {name: visit.field(name).strip() for name in names}
    password = str(visit.form.get("password") or "")
    try:
        await visit.site.users.create_account(visit.client, typed | {"password": password})
        made = await visit.site.users.open_session(visit.client, typed["username"], password)
    except (Refused, Unreachable) as error:
        status, field, sentence = _reason(error)
        return await _signup_page(visit, status=status, typed=typed, errors={field: sentence})
    return await _entered(visit, made, next="/", kept=None)


async def _end(visit: Visit, session: str) -> None:
    """End the session that this browser had; one that cannot be reached runs out by itself."""
    if not session:
        return
    visit.site.visitors.forget(session)
    try:
        await visit.site.users.end_session(session)
    except BackendError:
        return


def _reason(error: Refused | Unreachable) -> tuple[int, str, str]:
    if isinstance(error, Unreachable):
        return 503, "", AWAY
    if error.status == 429:
        wait = f" Try again in {error.retry_after} seconds." if error.retry_after else ""
        return 429, "", "Too many attempts." + (wait or " Try again in a few minutes.")
    field, sentence = SENTENCES.get(error.code, ("", error.detail or "It was refused."))
    return error.status, field, sentence
