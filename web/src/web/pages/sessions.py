"""Your sessions: every browser where you are signed in, and ending them."""

from fastapi import APIRouter
from starlette.responses import Response

from web.service import Refused
from web.visit import CurrentVisit, Message

router = APIRouter(prefix="/account/sessions")


@router.get("")
async def listing(visit: CurrentVisit) -> Response:
    found = await visit.site.own.sessions(visit.caller)
    found.sort(key=lambda each: (each["current"], each["last_seen_at"]), reverse=True)
    return visit.render("sessions.html", sessions=found)


@router.post("/others/end")
async def end_others(visit: CurrentVisit) -> Response:
    ended = await visit.site.own.end_other_sessions(visit.caller)
    done = f"{ended} other sessions were ended." if ended != 1 else "1 other session was ended."
    return visit.see("/account/sessions", message=Message(done))


@router.post("/{session_id}/end")
async def end(visit: CurrentVisit, session_id: str) -> Response:
    try:
        await visit.site.own.end_session(visit.caller, session_id)
    except Refused as refusal:
        # It ended by itself meanwhile, which is what was wanted.
        if refusal.status != 404:
            raise
    return visit.see("/account/sessions", message=Message("That session was ended."))
