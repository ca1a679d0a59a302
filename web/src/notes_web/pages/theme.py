"""Light, dark, or as the system says: a cookie, so that no page ever flashes."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from notes_web.request_context import Site, safe_path

router = APIRouter()


@router.post("/theme")
async def choose(request: Request) -> Response:
    """Keeps the choice and goes back to the page."""
    site: Site = request.state.site
    form = request.state.form
    response = RedirectResponse(safe_path(str(form.get("next") or "/")), status_code=303)
    site.cookies.write_theme(response, str(form.get("theme") or "auto"))
    return response
