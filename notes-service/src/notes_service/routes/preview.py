"""/v1/preview: what a body will look like, without saving it."""

from typing import Final

from fastapi import APIRouter, Response

from notes_service.representations import PreviewIn, PreviewOut
from notes_service.routes.answers import answer
from notes_service.routes.bearer import SignedIn
from notes_service.routes.notes import UseCases
from notes_service.routes.problems import documented

router: Final = APIRouter(prefix="/v1", tags=["notes"])


@router.post("/preview", response_model=PreviewOut, responses=documented(413))
async def preview(draft: PreviewIn, me: SignedIn, notes: UseCases) -> Response:
    """Render a body without saving it."""
    return answer({"html": await notes.preview(draft.body, caller=me)})
