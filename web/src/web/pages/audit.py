"""Administration: the audit log. Who did what, when, from where, and how it ended."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.service import Refused
from web.visit import CurrentVisit, Visit

router = APIRouter(prefix="/admin/audit")

# In an administrator's words. What a newer users-service adds is shown by its name.
EVENTS = {
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "reauthenticated": "Proved again who they are",
    "password_checked": "Password checked",
    "password_changed": "Password changed",
    "password_reset": "Password reset by a link",
    "reset_asked": "Letter with a reset link asked for",
    "reset_link_made": "Reset link made",
    "email_proven": "E-mail address proven",
    "sign_in_link_made": "Sign-in link made",
    "session_ended": "One session ended",
    "sessions_ended": "Sessions ended",
    "account_created": "Account made",
    "account_changed": "Account changed",
    "account_deleted": "Account deleted",
    "account_disabled": "Account disabled",
    "account_enabled": "Account enabled",
    "account_exported": "Account exported",
    "roles_changed": "Role changed",
    "totp_added": "Two-step sign-in turned on",
    "totp_removed": "Two-step sign-in turned off",
    "recovery_codes_made": "Recovery codes made",
    "passkey_added": "Passkey added",
    "passkey_removed": "Passkey removed",
    "passkey_renamed": "Passkey renamed",
    "identity_linked": "Provider linked",
    "identity_unlinked": "Provider unlinked",
    "api_token_made": "API token made",
    "api_token_revoked": "API token revoked",
    "api_token_checked": "API token checked",
    "api_key_checked": "API key checked",
    "invitation_made": "Invitation made",
    "invitation_revoked": "Invitation taken back",
}


@router.get("")
async def log(
    visit: CurrentVisit, event: str = "", account: str = "", cursor: str = ""
) -> Response:
    asked = {"event": event if event in EVENTS else "", "account": account.strip()[:255]}
    wanted = {"event": asked["event"], "cursor": cursor if cursor.isdecimal() else ""}
    try:
        found = await _lines(visit, asked["account"], wanted)
    except Refused as refusal:
        if not cursor or refusal.status != 422:
            raise
        return visit.see("/admin/audit")
    page: dict[str, Any] = {"events": EVENTS, "asked": asked, "cursor": wanted["cursor"]}
    return visit.render("audit.html", lines=found["lines"], next=found["next"], **page)


async def _lines(visit: Visit, username: str, wanted: dict[str, str]) -> Any:
    """Those about one account, where its name is asked for."""
    administration, caller = visit.site.administration, visit.caller
    if username:
        found = await administration.accounts(caller, {"username": username, "limit": "1"})
        if not found["accounts"]:
            return {"lines": [], "next": None}
        wanted = wanted | {"account_id": found["accounts"][0]["id"]}
    return await administration.audit(caller, wanted)
