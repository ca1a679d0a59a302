"""Your sessions: every browser where you are signed in, and ending them."""

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.request_context import CurrentContext, Message

router = APIRouter(prefix="/account/sessions")


@router.get("")
async def listing(context: CurrentContext) -> Response:
    """Shows the sessions, the present one first."""
    found = await context.site.own_account.sessions(context.credentials)
    found.sort(key=lambda each: (each["current"], each["last_seen_at"]), reverse=True)
    return context.render("sessions.html", sessions=found)


@router.post("/others/end")
async def end_others(context: CurrentContext) -> Response:
    """Ends all sessions but this one."""
    ended = await context.site.own_account.end_other_sessions(context.credentials)
    done = f"{ended} other sessions were ended." if ended != 1 else "1 other session was ended."
    return context.redirect("/account/sessions", message=Message(done))


@router.post("/{session_id}/end")
async def end(context: CurrentContext, session_id: str) -> Response:
    """Ends one session, or does nothing if it is over."""
    try:
        await context.site.own_account.end_session(context.credentials, session_id)
    except Refused as refusal:
        # It ended by itself meanwhile, which is what was wanted.
        if refusal.status != 404:
            raise
    return context.redirect("/account/sessions", message=Message("That session was ended."))
