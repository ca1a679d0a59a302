"""The measurements, one after the other on one stack; each leaves rows for the table."""

import asyncio
import gzip
import re
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin

import asyncpg
import httpx
import redis
from bench_clients import Http, Viewers, Writer
from bench_edges import Entrance, Entrances
from bench_relay import drained, out_of_order, waiting_in
from bench_report import Row, percentile
from local_stack.stack import Stack
from people import Person

WRITERS = 32
VIEWERS = 100
PROMISED_RATE = 500.0
NOTES = 96  # three for each writer, so that no writer waits for another

_FILL = """
INSERT INTO notes (key, title, body, html, excerpt, words, version, renderer, derived_from,
                   author_id, author_name, editor_id, editor_name, created_at, updated_at)
SELECT 'filler-' || n, 'Filler ' || n, 'Text of ' || n, '<p>Text of ' || n || '</p>',
       'Text of ' || n, to_tsvector('simple', 'filler text ' || n), 1, 1, 1,
       '{id}', 'Ana', '{id}', 'Ana',
       now() - n * interval '1 minute', now() - n * interval '1 minute'
FROM generate_series(1, {count}) AS n;
VACUUM ANALYZE notes;
CHECKPOINT;
"""


@dataclass(frozen=True, slots=True)
class Size:
    seconds: float = 15.0
    idle_saves: int = 300
    pages: int = 200
    outbox_saves: int = 10_000  # two events each
    notes: int = 100_000


QUICK = Size(seconds=1.0, idle_saves=10, pages=10, outbox_saves=200, notes=1_000)


@dataclass
class Bench:
    stack: Stack
    size: Size
    ana: Person
    ways: Entrances
    versions: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    late: dict[str, list[float]] = field(default_factory=dict)

    async def run(self) -> None:
        self.make_notes(10)
        await self.bytes_for_one_title("10 notes")
        few = await self.home_page("10 notes")
        self.make_notes(NOTES - 10)
        full = await self.home_page(f"{NOTES} notes, a full page of 50")
        await self.updates()
        for way in [self.ways.own, *self.ways.edges]:
            await self.idle_latency(way)
        for edge in self.ways.edges:
            await self.home_page(f"{NOTES} notes{edge.words}", port=edge.port)
        await self.relay_after_outage()
        tell(f"filling up to {self.size.notes:,} notes")
        fill = _FILL.format(id=self.ana.id, count=self.size.notes - NOTES)
        self.stack.postgres.execute(fill, database="notes")
        many_notes = f"{self.size.notes:,} notes"
        await self.bytes_for_one_title(many_notes)
        many = await self.home_page(many_notes)
        growth = "home page, growth"
        self.row(f"{growth} from 10 notes", 100 * (many / few - 1), "%", 20)
        self.row(f"{growth} from a full page of 50", 100 * (many / full - 1), "%", 20)
        self.script()

    def row(self, what: str, figure: float, unit: str, limit: float | None = None) -> None:
        self.rows.append(Row(what, figure, unit, limit))

    def floor(self, what: str, figure: float, unit: str, limit: float) -> None:
        self.rows.append(Row(what, figure, unit, limit, at_least=True))

    def make_notes(self, count: int) -> None:
        for _ in range(count):
            self.versions[self.ana.create("Menu", "Soup")["key"]] = 1

    def viewers(self, count: int, way: Entrance) -> Viewers:
        return Viewers(count, port=way.port, origin=way.origin)

    def writer(self, versions: dict[str, int]) -> Writer:
        return Writer(self.stack.environment.notes_port, self.ana.token, versions)

    def writers(self) -> list[Writer]:
        keys = list(self.versions)
        shares = [keys[number::WRITERS] for number in range(WRITERS)]
        return [self.writer({key: self.versions[key] for key in share}) for share in shares]

    async def write(self, writers: list[Writer], seconds: float, *, rate: float = 0) -> float:
        """All writers at once, as fast as they can or at `rate`; returns saves per second."""
        started = time.perf_counter()
        before = sum(len(writer.seconds) for writer in writers)
        over = started + seconds
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                every = len(writers) / rate if rate else 0
                task = writer.write_until(lambda: time.perf_counter() > over, every=every)
                group.create_task(task)
        for writer in writers:
            self.versions |= writer.versions
        done = sum(len(writer.seconds) for writer in writers) - before
        return done / (time.perf_counter() - started)

    async def updates(self) -> None:
        """As fast as the writers can, then at the rate that was promised."""
        seconds = self.size.seconds
        tell(f"{WRITERS} writers, {VIEWERS} viewers, {seconds:g} s without a pause")
        writers = self.writers()
        with self.viewers(VIEWERS, self.ways.own) as viewers:
            await self.write(writers, min(2.0, seconds))  # warm
            rate = await self.watched(writers, viewers, f"{WRITERS} writers without a pause")
            self.floor(
                f"note updates, {WRITERS} writers, {VIEWERS} viewers", rate, "per s", 500
            )
            tell(f"the same at {PROMISED_RATE:g} per s, {seconds:g} s")
            at_rate = f"{PROMISED_RATE:g} updates per s"
            await self.watched(writers, viewers, at_rate, rate=PROMISED_RATE)
        for edge in self.ways.edges:
            await self.updates_through(edge, writers, at_rate)

    async def updates_through(self, edge: Entrance, writers: list[Writer], load: str) -> None:
        """The promised rate once more, with viewers that come as browsers do."""
        tell(f"the same through {edge.name}")
        own, through = self.late[load], f"{load}{edge.words}"
        with self.viewers(VIEWERS, edge) as viewers:
            before = edge.cpu_seconds()
            await self.watched(writers, viewers, through, rate=PROMISED_RATE)
        frames = VIEWERS * sum(len(writer.seconds) for writer in writers)
        spent = 1e6 * (edge.cpu_seconds() - before) / frames
        self.row(f"the edge's CPU a frame, {through}", spent, "µs")
        for percent in (50, 99):
            times = percentile(self.late[through], percent) / percentile(own, percent)
            self.row(f"viewer lag, p{percent}, {through}, / own port", times, "times")

    async def watched(
        self, writers: list[Writer], viewers: Viewers, load: str, *, rate: float = 0
    ) -> float:
        await viewers.quiet()
        for writer in writers:
            writer.seconds.clear()
        reached = await self.write(writers, self.size.seconds, rate=rate)
        saves = [second for writer in writers for second in writer.seconds]
        due = len(saves) * viewers.count
        seen = await viewers.quiet(due)
        self.late[load] = seen.late
        self.row(f"answer to a save, p50, {load}", 1000 * percentile(saves, 50), "ms")
        self.row(f"viewer lag, p50, {load}", 1000 * percentile(seen.late, 50), "ms", 25)
        self.row(f"viewer lag, p99, {load}", 1000 * percentile(seen.late, 99), "ms", 100)
        self.row(f"frames lost of {due:,}, {load}", due - seen.publications, "frames", 0)
        return reached

    async def idle_latency(self, way: Entrance) -> None:
        tell(f"{self.size.idle_saves} single saves on the idle system{way.words}")
        key = next(iter(self.versions))
        writer = self.writer({key: self.versions[key]})
        http = Http(writer.port)
        with self.viewers(1, way) as viewers:
            for _ in range(self.size.idle_saves):
                await writer.save(http, key)
                await asyncio.sleep(0.02)
            late = (await viewers.quiet(due=self.size.idle_saves)).late
        http.close()
        self.versions |= writer.versions
        for percent, limit in ((50, 5), (99, 20)):
            what = f"change → frame at a client, idle, p{percent}{way.words}"
            self.row(what, 1000 * percentile(late, percent), "ms", limit)

    async def relay_after_outage(self) -> None:
        saves = self.size.outbox_saves
        tell(f"{saves:,} saves while Redis is away, then the relay drains them")
        self.stack.valkey.stop()
        writers = self.writers()
        while sum(len(writer.seconds) for writer in writers) < saves:
            await self.write(writers, 0.5)
        database = await asyncpg.connect(self.stack.environment.notes_database)
        waiting = await waiting_in(database)
        self.stack.valkey.start()
        versions = redis.Redis.from_url(self.stack.valkey.url).pubsub()  # type: ignore[no-untyped-call]
        versions.psubscribe("gateway.client.{home}")
        rate = await drained(database, waiting)
        await database.close()
        self.floor(f"relay, {waiting:,} events after an outage", rate, "per s", 5_000)
        self.row("relay, events out of order", out_of_order(versions), "events", 0)

    async def bytes_for_one_title(self, when: str) -> None:
        tell(f"one changed title at {when}")
        key = next(iter(self.versions))
        writer = self.writer({key: self.versions[key]})
        http = Http(writer.port)
        with self.viewers(10, self.ways.own) as viewers:
            await writer.save(http, key)
            seen = await viewers.quiet(due=viewers.count)
        http.close()
        self.versions |= writer.versions
        per_viewer = seen.bytes / 10
        self.row(f"bytes to each viewer for one title, {when}", per_viewer, "bytes", 1024)

    async def home_page(self, when: str, *, port: int = 0) -> float:
        """p50 of the whole answer on a kept-alive connection, of web itself or by an edge."""
        tell(f"home page at {when}")
        name = self.stack.url.partition("//")[2]
        http = Http(port or self.stack.environment.web_port, host=name)
        seconds = []
        for _ in range(self.size.pages + 10):
            started = time.perf_counter()
            status, _ = await http.request("GET", "/")
            seconds.append(time.perf_counter() - started)
            if status != 200:
                raise RuntimeError(f"the home page answered {status}")
        http.close()
        p50 = 1000 * percentile(seconds[10:], 50)
        self.row(f"home page, {'' if port else 'server time '}p50, {when}", p50, "ms", 30)
        return p50

    def script(self) -> None:
        """All module scripts that the home page starts, as a browser gets them."""
        with httpx.Client(trust_env=False) as http:
            home = http.get(self.stack.url).text
            waiting = re.findall(r'<script type="module" src="([^"]+)"', home)
            seen: dict[str, int] = {}
            while waiting:
                path = waiting.pop()
                source = http.get(urljoin(self.stack.url, path))
                seen[path] = len(gzip.compress(source.content))
                imports = re.findall(r'(?:from|import)\s*"(\.[^"]+)"', source.text)
                found = [urljoin(path, each) for each in imports]
                waiting += [each for each in found if each not in seen]
        self.row("script on the home page", sum(seen.values()) / 1024, "KiB gzip", 45)


def tell(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)
