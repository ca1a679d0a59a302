"""Administration: the audit log. Who did what, when, from where, and how it ended."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.clients.users_types import AuditOut
from notes_web.pages.admin.audit_text import EVENTS, headline, particulars
from notes_web.request_context import CurrentContext, RequestContext

router = APIRouter(prefix="/admin/audit")


@router.get("")
async def log(
    context: CurrentContext, event: str = "", account: str = "", cursor: str = ""
) -> Response:
    """Shows a page of the audit log, of one event or account if asked."""
    asked = {"event": event if event in EVENTS else "", "account": account.strip()[:255]}
    wanted = {"event": asked["event"], "cursor": cursor if cursor.isdecimal() else ""}
    try:
        found = await _lines(context, asked["account"], wanted)
    except Refused as refusal:
        if not cursor or refusal.status != 422:
            raise
        return context.redirect("/admin/audit")
    page: dict[str, Any] = {"events": EVENTS, "asked": asked, "cursor": wanted["cursor"]}
    lines = [
        line | {"headline": headline(line), "particulars": particulars(line["facts"])}
        for line in found["events"]
    ]
    return context.render("audit.html", lines=lines, next=found["next"], **page)


async def _lines(context: RequestContext, username: str, wanted: dict[str, str]) -> AuditOut:
    """Those about one account, where its name is asked for."""
    administration, credentials = context.site.administration, context.credentials
    if username:
        found = await administration.accounts(credentials, {"username": username, "limit": "1"})
        if not found["accounts"]:
            return {"events": [], "next": None}
        wanted = wanted | {"account_id": found["accounts"][0]["id"]}
    return await administration.audit(credentials, wanted)
