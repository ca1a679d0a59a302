"""Addresses of the original application, for the links and forms that people kept."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from web.pages import editing, note
from web.renewing import RenewingRoute
from web.visit import CurrentVisit

router = APIRouter(route_class=RenewingRoute)

_PAGES = {"view": "", "edit": "/edit", "destroy": "/delete"}


@router.get("/notes/view")
@router.get("/notes/edit")
@router.get("/notes/destroy")
async def moved(visit: CurrentVisit, key: str = "") -> Response:
    page = visit.request.url.path.rpartition("/")[2]
    target = note.path(key) + _PAGES[page] if key.strip("./") else "/"
    return RedirectResponse(target, status_code=301)


@router.post("/notes/save")
async def save(visit: CurrentVisit) -> Response:
    """The original's form: it has no version, so an update shows the text before it saves."""
    draft = editing.typed(visit, key=visit.field("notekey"))
    if visit.field("docreate") == "create":
        return await editing.created(visit, draft)
    current = await visit.site.notes.read(visit.token, draft.key)
    words = (draft.title, draft.body, draft.key, current["version"])
    return editing.form(visit, editing.Draft(*words), new=False, note=current)


@router.post("/notes/destroy/confirm")
async def destroy(visit: CurrentVisit) -> Response:
    key = visit.field("notekey")
    return visit.see(note.path(key, "delete") if key.strip("./") else "/")
