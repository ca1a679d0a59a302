"""/v1/titles: the note that somebody means who begins to type its title."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from service_kit.asgi import from_state

from notes_service import representations
from notes_service.representations import TitlesOut
from notes_service.routes.answers import answer
from notes_service.routes.bearer import Reader
from notes_service.routes.problems import documented
from notes_service.use_cases.finding import Finding

router: Final = APIRouter(prefix="/v1", tags=["notes"])

MOST: Final = 20


@router.get("/titles", response_model=TitlesOut, responses=documented())
async def list_titles(
    me: Reader,
    finding: Annotated[Finding, Depends(from_state("finding"))],
    q: Annotated[str, Query(description="The first letters of words of the title")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 10,
) -> Response:
    """Titles that begin so, then those with words that do; newest change first without `q`."""
    found = await finding.by_title(q, limit=limit)
    return answer({"notes": [representations.summary(note) for note in found]})
