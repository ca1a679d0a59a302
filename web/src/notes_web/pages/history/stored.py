"""Which stored version a number means.

A deletion counts a note's version up without another text, and nothing is stored for it: such
a number means the version before it. A return from the trash is stored like any save. A version
that an administrator deleted is passed over where the one before is looked for.
"""

from notes_web.clients.http import Refused
from notes_web.clients.notes_types import WholeVersionOut
from notes_web.request_context import RequestContext
from notes_web.text import numbers


def number(said: str) -> int | None:
    """None for what is no number that a version could have."""
    return numbers.number(said) or None


def demanded(said: str) -> int:
    """The number in an address; raises `Refused` with 404 if there can be no such version."""
    found = number(said)
    if found is None:
        raise _no_version()
    return found


async def version(context: RequestContext, key: str, said: int) -> WholeVersionOut:
    """The version that the number means; `Refused` with 404 or 410 if there is none."""
    try:
        return await context.site.notes.version(context.principal.token, key, said)
    except Refused as refusal:
        if refusal.code != "version_not_found":
            raise
        found = await before(context, key, said)
        if found is None:
            raise _no_version() from refusal
        return found


async def before(context: RequestContext, key: str, said: int) -> WholeVersionOut | None:
    """The version before that number; None if there is none among the last fifty."""
    notes, token = context.site.notes, context.principal.token
    found = await notes.versions(token, key, before=said)
    last = next((each for each in found["versions"] if not each["deleted"]), None)
    return await notes.version(token, key, last["version"]) if last else None


def _no_version() -> Refused:
    return Refused(404, "version_not_found", "the note has no such version")
