"""The judge of a run with many writers and watchers: what was promised against what was seen.

Pure: it knows no network and no clock. A *record* is what one watcher was told, in order;
`judge` returns every broken promise, none when all were kept:

I1  no committed change stays unseen: a note's versions arrive without a hole
I2  no phantom: an event shows a save that somebody made, and the same one to everybody
I3  the offsets a watcher sees count up by one, from the position it started at
I4  who has written reads that version or a later one
I5  in the end every watcher's state is the database's
I6  no save replaces another silently: one answer per version
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Known(NamedTuple):
    """A note as somebody knows it; `title` is None when it lies in the trash."""

    version: int
    title: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """A save or deletion that was tried. `version` is None when no answer came."""

    key: str
    title: str | None  # unique among all writes; None: a deletion
    base: int  # the version it was made from; 0: a new note
    version: int | None


@dataclass(frozen=True, slots=True)
class Read:
    key: str
    written: int  # the version the reader's own save was answered with
    version: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """The watcher read the whole state; events after `offset` follow."""

    offset: int
    notes: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Seen:
    """An event about a note's text. A comment's event has no version."""

    offset: int
    key: str
    version: int | None = None
    title: str | None = None


Record = list[Loaded | Seen]


class Broken(NamedTuple):
    promise: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Run:
    writes: list[Write]
    reads: list[Read]
    records: Mapping[str, Record]
    final: Mapping[str, Known]


def judge(run: Run) -> list[Broken]:
    broken = [*_overwritten(run.writes), *_stale(run.reads), *_lost(run)]
    for name, record in run.records.items():
        watcher = _Watcher(name, run.writes)
        for entry in record:
            watcher.take(entry)
        broken += [*watcher.broken, *watcher.differs_from(run.final)]
    return broken


class _Watcher:
    def __init__(self, name: str, writes: list[Write]) -> None:
        self.name = name
        self.broken: list[Broken] = []
        self._notes: dict[str, Known] = {}
        self._unsure: set[str] = set()  # left the list while nobody told: version unknown
        self._offset: int | None = None
        self._writes = {(write.key, write.title): write for write in writes}

    def take(self, entry: Loaded | Seen) -> None:
        if isinstance(entry, Loaded):
            self._unsure |= self._notes.keys() - entry.notes.keys()
            self._notes = dict(entry.notes)
        else:
            self._follow(entry)
        self._offset = entry.offset

    def differs_from(self, final: Mapping[str, Known]) -> list[Broken]:
        kept, shown = _not_deleted(final), _not_deleted(self._notes)
        return [
            self._told("I5", f"{key}: shows {shown.get(key)}, database has {kept.get(key)}")
            for key in sorted(kept.keys() | shown.keys())
            if shown.get(key) != kept.get(key)
        ]

    def _follow(self, seen: Seen) -> None:
        if self._offset is not None and seen.offset != self._offset + 1:
            self._tell("I3", f"offset {seen.offset} after {self._offset}")
        if seen.version is None:
            return
        known = self._notes.get(seen.key)
        if known is not None and seen.version <= known.version:
            if seen.version == known.version and seen.title != known.title:
                self._tell("I2", f"{seen.key} v{seen.version} told twice, differently")
            return  # a repeat
        expected = known.version + 1 if known else 1
        # A note that was thrown away before the state was read, and announced after, was
        # never shown: its deletion may come out of the blue, its text may not.
        is_no_news = known is None and (seen.title is None or seen.key in self._unsure)
        if seen.version != expected and not is_no_news:
            self._tell("I1", f"{seen.key}: v{seen.version} came where v{expected} was due")
        self._believe(seen)

    def _believe(self, seen: Seen) -> None:
        assert seen.version is not None
        self._notes[seen.key] = Known(seen.version, seen.title)
        if not self._writes or seen.title is None:
            return
        write = self._writes.get((seen.key, seen.title))
        if write is None:
            self._tell("I2", f"{seen.key} v{seen.version}: nobody wrote {seen.title!r}")
        elif write.version not in (None, seen.version) or write.base != seen.version - 1:
            self._tell("I2", f"{seen.key} v{seen.version}: {seen.title!r} was another save")

    def _tell(self, promise: str, what: str) -> None:
        self.broken.append(self._told(promise, what))

    def _told(self, promise: str, what: str) -> Broken:
        return Broken(promise, self.name, what)


def _not_deleted(notes: Mapping[str, Known]) -> dict[str, Known]:
    return {key: known for key, known in notes.items() if known.title is not None}


def _overwritten(writes: list[Write]) -> list[Broken]:
    answered: set[tuple[str, int]] = set()
    broken = []
    for write in writes:
        if write.version is None:
            continue
        version = (write.key, write.version)
        if version in answered or write.version != write.base + 1:
            broken.append(Broken("I6", "a writer", f"{version}: not the next after its base"))
        answered.add(version)
    return broken


def _stale(reads: list[Read]) -> list[Broken]:
    return [
        Broken("I4", "a writer", f"{read.key}: wrote v{read.written}, read v{read.version}")
        for read in reads
        if read.version < read.written
    ]


def _lost(run: Run) -> list[Broken]:
    """A save that was answered is in the database, or a later one is."""
    return [
        Broken("I1", "database", f"{write.key} v{write.version} was answered and is gone")
        for write in run.writes
        if write.version is not None
        and run.final.get(write.key, Known(0, None)).version < write.version
    ]
