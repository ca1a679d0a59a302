"""Statements about what people look for: which notes are found, and which come first.

The order is the exact title, all words in the title, words in the text, titles that are nearly
what was typed; among each the newest change. Until `jobs.rederivation` has derived its words a
note is found by those of the release before.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import NoteSummary
from notes_service.store import rows
from notes_service.store.lists import Cursor
from notes_service.tables import notes
from notes_service.text import former_words
from notes_service.text.search import Query, Term

COUNTED: Final = 1000
"""More than this is told as "more than"."""
BODIES_BYTES: Final = 512 * 1024
"""How much text of a page's notes is looked through for passages."""

_EXACT, _IN_TITLE, _IN_TEXT, _NEAR = range(4)


class Found(NamedTuple):
    """A note, and how well it matched: the lower the tier, the better."""

    note: NoteSummary
    tier: int


async def page(
    connection: AsyncConnection,
    query: Query,
    typed: str,
    *,
    after: Cursor | None,
    limit: int,
    author_id: str | None,
) -> list[Found]:
    """Return the notes that `query` finds, best first, beginning after the cursor."""
    chosen = _chosen(query, typed, author_id).add_columns(_tier(query, typed).label("tier"))
    all_of_them = chosen.subquery()
    statement = select(all_of_them)
    time, id_, tier = all_of_them.c.updated_at, all_of_them.c.id, all_of_them.c.tier
    if after is not None:
        later = and_(tier == after.tier, tuple_(time, id_) < (after.time, after.id))
        statement = statement.where(or_(tier > after.tier, later))
    ordered = statement.order_by(tier, time.desc(), id_.desc()).limit(limit)
    return [
        Found(rows.summary(found), found.tier) for found in await connection.execute(ordered)
    ]


async def count(
    connection: AsyncConnection, query: Query, typed: str, *, author_id: str | None
) -> int:
    """COUNTED + 1 for all that are more."""
    some = _chosen(query, typed, author_id).limit(COUNTED + 1).subquery()
    return await connection.scalar(select(func.count()).select_from(some)) or 0


async def bodies(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, str]:
    """The texts of these notes, the first ones first, as far as BODIES_BYTES go."""
    each_id = func.unnest(cast(bindparam("ids"), ARRAY(BigInteger)))
    placed = each_id.table_valued("id", with_ordinality="place")
    wanted = placed.render_derived(name="wanted")
    so_far = func.sum(func.octet_length(notes.c.body)).over(order_by=wanted.c.place)
    sized = (
        select(notes.c.id, so_far.label("so_far"))
        .join(wanted, wanted.c.id == notes.c.id)
        .subquery()
    )
    query = select(notes.c.id, notes.c.body).join(sized, sized.c.id == notes.c.id)
    found = await connection.execute(
        query.where(sized.c.so_far <= BODIES_BYTES), {"ids": list(ids)}
    )
    return {each.id: each.body for each in found}


def _chosen(query: Query, typed: str, author_id: str | None) -> Select[Any]:
    chosen = select(*rows.SUMMARY).where(
        rows.IS_LIVE,
        or_(_says(query), _resembles(query), _said_before(typed)),
        *(not_(func.coalesce(_holds(term), false())) for term in query.without),
    )
    return chosen if author_id is None else chosen.where(notes.c.author_id == author_id)


def _tier(query: Query, typed: str) -> ColumnElement[int]:
    in_title = or_(false(), *(and_(*map(_is_in_title, terms)) for terms in query.alternatives))
    return cast(
        case(
            (and_(notes.c.found_title == query.title, literal(query.title) != ""), _EXACT),
            (in_title, _IN_TITLE),
            (or_(_says(query), _said_before(typed)), _IN_TEXT),
            else_=_NEAR,
        ),
        Integer,
    )


def _says(query: Query) -> ColumnElement[bool]:
    """All terms of one of the alternatives."""
    if not query.alternatives:
        return true() if query.without else false()
    return or_(*(and_(*map(_holds, terms)) for terms in query.alternatives))


def _holds(term: Term) -> ColumnElement[bool]:
    condition = _has(*term.lexemes)
    if term.is_phrase:
        condition = and_(condition, func.strpos(notes.c.found_text, term.sequence) > 0)
    return or_(condition, _has(term.whole)) if term.whole else condition


def _is_in_title(term: Term) -> ColumnElement[bool]:
    if not term.signs:
        return true()
    wanted = [term.sequence, *([f" {term.whole} "] if term.whole else [])]
    return or_(*(func.strpos(notes.c.found_title, each) > 0 for each in wanted))


def _has(*lexemes: str) -> ColumnElement[bool]:
    quoted = (each.replace("\\", "\\\\").replace("'", "''") for each in lexemes)
    wanted = " & ".join(f"'{each}'" for each in quoted)
    return notes.c.lexemes.bool_op("@@")(cast(literal(wanted), TSQUERY))


def _resembles(query: Query) -> ColumnElement[bool]:
    """A title that is nearly what was typed, where what is strict holds."""
    if not query.resembled:
        return false()
    strict = (_holds(term) for term in query.terms if term.is_strict)
    return and_(literal(query.resembled).bool_op("<%")(notes.c.found_title), *strict)


def _said_before(typed: str) -> ColumnElement[bool]:
    wanted = func.websearch_to_tsquery("simple", former_words.of_query(typed))
    return and_(notes.c.lexemes.is_(None), notes.c.words.bool_op("@@")(wanted))
