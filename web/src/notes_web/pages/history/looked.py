"""What somebody looked at: told by the island of a note in view, never by reading it."""

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.request_context import CurrentContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)


@router.post("/notes/{key}/looked")
async def looked(context: CurrentContext, key: str) -> Response:
    """Remembers the version for the person's other devices; 204."""
    token, version = context.token, context.version
    if version == 0:
        raise Refused(422, "invalid_version", "say which version was looked at")
    await context.site.notes.looked(token, key, version)
    return Response(status_code=204)
