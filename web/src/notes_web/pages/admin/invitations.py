"""Administration: invitations. A code is shown in the answer that made it, and never again."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.pages.admin.accounts import ROLES
from notes_web.pages.error_messages import describe
from notes_web.request_context import CurrentContext, Message, RequestContext

router = APIRouter(prefix="/admin/invitations")


@router.get("")
async def listing(context: CurrentContext) -> Response:
    """Shows the open invitations and the form for a new one."""
    return await _shown(context)


async def _shown(context: RequestContext, *, status: int = 200, **said: Any) -> Response:
    found = await context.site.administration.invitations(context.credentials)
    facts: dict[str, Any] = {"roles": ROLES, "made": None, "email": "", "errors": {}} | said
    facts["emails_are_sent"] = await context.site.emails.are_sent()
    facts["site_url"] = context.site.public_url
    return context.render("invitations.html", status=status, invitations=found, **facts)


@router.post("")
async def invite(context: CurrentContext) -> Response:
    """Makes an invitation, sends it if there is an address, and shows its link once."""
    role, email = context.field("role"), context.field("email").strip()
    try:
        made = await context.site.administration.invite(
            context.credentials, role if role in ROLES else "editor", email
        )
    except Refused as refusal:
        if refusal.code not in ("invalid_field", "mail_disabled", "too_many_emails"):
            raise
        errors = {"email": "Enter an e-mail address such as name@example.org."}
        if refusal.status == 429:
            errors = {"email": describe(refusal)[2]}
        return await _shown(context, status=refusal.status, email=email, errors=errors)
    return await _shown(context, made=made)


@router.post("/{invitation_id}/revoke")
async def revoke(context: CurrentContext, invitation_id: str) -> Response:
    """Revokes an invitation, or does nothing if it was used."""
    try:
        await context.site.administration.revoke(context.credentials, invitation_id)
    except Refused as refusal:
        # It was used or ran out meanwhile: nothing is left to take back.
        if refusal.status != 404:
            raise
    gone = Message("The invitation was revoked.")
    return context.redirect("/admin/invitations", message=gone)
