"""Addresses of the original application, for the links and forms that people kept."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from notes_web.pages.notes import edit, view
from notes_web.pages.notes.draft import Draft, typed
from notes_web.request_context import CurrentContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)

_PAGES = {"view": "", "edit": "/edit", "destroy": "/delete"}


@router.get("/notes/view")
@router.get("/notes/edit")
@router.get("/notes/destroy")
async def moved(context: CurrentContext, key: str = "") -> Response:
    """Redirects an address of the original for good (301)."""
    page = context.request.url.path.rpartition("/")[2]
    target = view.path(key) + _PAGES[page] if key.strip("./") else "/"
    return RedirectResponse(target, status_code=301)


@router.post("/notes/save")
async def save(context: CurrentContext) -> Response:
    """The original's form: it has no version, so an update shows the text before it saves."""
    draft = typed(context, key=context.field("notekey"))
    if context.field("docreate") == "create":
        return await edit.created(context, draft)
    current = await context.site.notes.read(context.token, draft.key)
    words = (draft.title, draft.body, draft.key, current["version"])
    return edit.form(context, Draft(*words), new=False, note=current)


@router.post("/notes/destroy/confirm")
async def destroy(context: CurrentContext) -> Response:
    """Goes to the page that asks before a note is deleted."""
    key = context.field("notekey")
    return context.redirect(view.path(key, "delete") if key.strip("./") else "/")
