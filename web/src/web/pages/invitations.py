"""Administration: invitations. A code is shown in the answer that made it, and never again."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.pages.accounts import ROLES
from web.pages.refusals import reason
from web.service import Refused
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(prefix="/admin/invitations")


@router.get("")
async def listing(visit: CurrentVisit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, *, status: int = 200, **said: Any) -> Response:
    found = await visit.site.administration.invitations(visit.caller)
    facts: dict[str, Any] = {"roles": ROLES, "made": None, "email": "", "errors": {}} | said
    facts["letters"] = await visit.site.letters.are_sent()
    facts["site_url"] = visit.site.public_url
    return visit.render("invitations.html", status=status, invitations=found, **facts)


@router.post("")
async def invite(visit: CurrentVisit) -> Response:
    role, email = visit.field("role"), visit.field("email").strip()
    try:
        made = await visit.site.administration.invite(
            visit.caller, role if role in ROLES else "editor", email
        )
    except Refused as refusal:
        if refusal.code not in ("invalid_field", "mail_off", "too_many_letters"):
            raise
        errors = {"email": "An e-mail address looks like name@example.org."}
        if refusal.status == 429:
            errors = {"email": reason(refusal)[2]}
        return await _shown(visit, status=refusal.status, email=email, errors=errors)
    return await _shown(visit, made=made)


@router.post("/{invitation_id}/revoke")
async def revoke(visit: CurrentVisit, invitation_id: str) -> Response:
    try:
        await visit.site.administration.revoke(visit.caller, invitation_id)
    except Refused as refusal:
        # It was used or ran out meanwhile: nothing is left to take back.
        if refusal.status != 404:
            raise
    gone = Message("The invitation was revoked.")
    return visit.see("/admin/invitations", message=gone)
