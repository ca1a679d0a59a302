"""Administration: invitations. A code is shown in the answer that made it, and never again."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.accounts import ROLES
from web.service import Refused
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/admin/invitations")


@router.get("")
async def listing(visit: CurrentVisit) -> Response:
    return await _shown(visit, made=None)


async def _shown(visit: Visit, *, made: Any) -> Response:
    found = await visit.site.administration.invitations(visit.caller)
    facts = {"roles": ROLES, "made": made, "site_url": visit.site.public_url}
    return visit.render("invitations.html", invitations=found, **facts)


@router.post("")
async def invite(visit: CurrentVisit) -> Response:
    role = visit.field("role")
    made = await visit.site.administration.invite(
        visit.caller, role if role in ROLES else "editor"
    )
    return await _shown(visit, made=made)


@router.post("/{invitation_id}/revoke")
async def revoke(visit: CurrentVisit, invitation_id: str) -> Response:
    try:
        await visit.site.administration.revoke(visit.caller, invitation_id)
    except Refused as refusal:
        # It was used or ran out meanwhile: nothing is left to take back.
        if refusal.status != 404:
            raise
    gone = Message("The invitation was taken back.")
    return visit.see("/admin/invitations", message=gone)
