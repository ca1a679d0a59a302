"""Writers who save without pause, each on a thread, and write down what became of every save.

They share a few notes, so versions are fought over; some notes are made and thrown away. What
they wrote down is what `history_checker.judge` compares with what watchers saw.
"""

import random
import threading
from collections.abc import Iterable
from typing import Self

import httpx
from history_checker import Known, Loaded, Read, Run, Seen, Write
from live_client import Watcher
from people import Person, SaveRefused

CONFLICT = 412


class Writers:
    """Used as a context: they write until it ends."""

    def __init__(
        self, people: Iterable[Person], *, prefix: str, seed: int = 1, shared: int = 4
    ) -> None:
        """Every key begins with `prefix`, so that a run is told from others on the stack."""
        self.prefix = prefix
        self.writes: list[Write] = []
        self.reads: list[Read] = []
        self.refusals: list[SaveRefused] = []
        self._people = list(people)
        self._seed = seed
        self._shared = [f"{prefix}-shared-{number}" for number in range(shared)]
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for key in self._shared:
            self._people[0].create("begun", key=key)
            self.writes.append(Write(key, "begun", 0, 1))
        for number, person in enumerate(self._people):
            self._threads.append(threading.Thread(target=self._write, args=[person, number]))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def answered(self) -> int:
        return sum(write.version is not None for write in list(self.writes))

    def final(self) -> dict[str, Known]:
        """What the database holds of this run's notes."""
        return {
            row["key"]: Known(row["version"], row["title"])
            for row in self._people[0].all_notes()
            if row["key"].startswith(self.prefix)
        }

    def run(self, watchers: Iterable[Watcher]) -> Run:
        """All that is known of this run, for the judge."""
        final = self.final()
        for write in self.writes:
            # A deletion without an answer took place if the note is gone.
            if write.title is None and write.key not in final:
                final[write.key] = Known(write.base + 1, None)
        records = {
            f"watcher {number}": [self._of_this_run(entry) for entry in watcher.record]
            for number, watcher in enumerate(watchers)
        }
        return Run(self.writes, self.reads, records, final)

    def _of_this_run(self, entry: Loaded | Seen) -> Loaded | Seen:
        if isinstance(entry, Loaded):
            ours = {k: known for k, known in entry.notes.items() if k.startswith(self.prefix)}
            return Loaded(entry.offset, ours)
        return entry if entry.key.startswith(self.prefix) else Seen(entry.offset, entry.key)

    def _write(self, person: Person, number: int) -> None:
        writer = _Writer(self, person, random.Random(f"{self._seed}-{number}"), number)
        while not self._stopped.is_set():
            try:
                writer.act()
            except SaveRefused as refusal:
                self.refusals.append(refusal)
                self._stopped.wait(0.05)
            except httpx.HTTPError:
                self._stopped.wait(0.05)


class _Writer:
    def __init__(
        self, writers: Writers, person: Person, chance: random.Random, number: int
    ) -> None:
        self._writers, self._person, self._chance = writers, person, chance
        self._name, self._count = f"{writers.prefix}-{number}", 0
        self._versions = dict.fromkeys(writers._shared, 1)

    def act(self) -> None:
        self._count += 1
        if self._chance.random() < 0.1:
            self._make_and_throw_away(f"{self._name}-{self._count}")
        else:
            self._save(self._chance.choice(self._writers._shared))

    def _save(self, key: str) -> None:
        title = f"{self._name} wrote {self._count}"
        base = self._versions[key]
        try:
            saved = self._person.save(key, version=base, title=title)
        except SaveRefused as refusal:
            if refusal.status == CONFLICT:  # refused for certain: no write at all
                self._versions[key] = refusal.facts["current"]["version"]
                return
            self._in_doubt(Write(key, title, base, None))
            raise
        except httpx.HTTPError:
            self._in_doubt(Write(key, title, base, None))
            raise
        self._versions[key] = saved["version"]
        self._writers.writes.append(Write(key, title, base, saved["version"]))
        if self._chance.random() < 0.2:
            found = self._person.read(key)["version"]
            self._writers.reads.append(Read(key, saved["version"], found))

    def _make_and_throw_away(self, key: str) -> None:
        attempt = Write(key, f"{key} begun", 0, None)
        try:
            self._person.create(f"{key} begun", key=key)
            self._writers.writes.append(Write(key, f"{key} begun", 0, 1))
            attempt = Write(key, None, 1, None)
            self._person.delete(key, version=1)
        except (SaveRefused, httpx.HTTPError):
            self._in_doubt(attempt)
            raise
        self._writers.writes.append(Write(key, None, 1, 2))

    def _in_doubt(self, write: Write) -> None:
        self._writers.writes.append(write)
