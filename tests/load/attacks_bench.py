"""Measures what strangers can do to everybody else: ./notes bench attacks

Starts a whole stack of its own, on one core where there are two, and has somebody save and
somebody look while hostile clients, on the other core, do their worst. Every figure stands
beside the same run's without them. `--quick` does all of it small; its figures mean nothing.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # people.py lives beside the tests

import httpx
import psutil
import redis
from bench_attackers import Attackers, Behaviour, churn, flood, pin, visit_channels
from bench_clients import Http, Viewers, Writer
from bench_measures import tell
from bench_report import Row, as_json, missed, percentile, table
from bench_stack import own_stack
from local_stack.stack import Stack
from people import People, Person

STACK_CORE, OTHER_CORE = 0, 1
SAVES_A_SECOND = 5
# The costliest shapes that are known: what opens and never closes, emphasis, tables, lines.
PREVIEWS = ("![" * 131_072, "*a_ " * 65_536, "|a" * 131_072, "- x\n" * 65_536, "x " * 131_072)


@dataclass(frozen=True, slots=True)
class Size:
    seconds: float = 20.0
    channels: int = 100_000
    pages: int = 1_000
    patience: float = 120.0  # until what reading left in Redis has to be gone


QUICK = Size(seconds=1.5, channels=200, pages=5, patience=1.0)


@dataclass
class Bench:
    stack: Stack
    people: People
    size: Size
    rows: list[Row] = field(default_factory=list)

    async def run(self) -> None:
        ana = self.people.sign_up("Ana")
        writer = self._writer(ana)
        calm = await self.lag(writer)
        self.rows.append(Row("save → event, p99, nobody else", calm * 1000, "ms"))
        bound = max(100.0, 3000 * calm)
        crowds: list[tuple[str, Behaviour, int]] = [
            ("one sends 60 kB of commands without pause", flood, 1),
            ("ten do", flood, 10),
            ("50 churn subscriptions", churn, 50),
        ]
        await self._preview_once(ana)  # what renders has started
        before, memory = self._state(), self._memory()
        for words, behaviour, count in crowds:
            tell(words)
            port = self.stack.environment.gateway_ports[0]
            with Attackers(behaviour, count, port=port, core=OTHER_CORE) as attackers:
                late = await self.lag(writer)
                closes = attackers.end()
            self.rows.append(Row(f"save → event, p99, {words}", late * 1000, "ms", bound))
            closed = sum(number for code, number in closes.items() if code.isdigit())
            self.rows.append(Row(f"closed with a code, {words}", closed, "", 1, at_least=True))
            tell(f"closed with: {dict(closes)}")
        await self.previews(writer, self.people.sign_up("Ben"))
        await asyncio.sleep(min(60.0, self.size.patience))
        for what, number in self._state().items():
            self.rows.append(Row(f"a minute later, {what}", number - before[what], "more", 0))
        for name, mebibytes in self._memory().items():
            grown = mebibytes - memory[name]
            self.rows.append(Row(f"a minute later, memory of {name}", grown, "MiB more", 16))
        await self.keys()

    async def lag(self, writer: Writer) -> float:
        """p99 from the moment that an event bears to its frame at a viewer, in seconds."""
        with Viewers(1, port=self.stack.environment.gateway_ports[0]) as viewers:
            before = len(writer.seconds)
            await self._write(writer)
            seen = await viewers.quiet(len(writer.seconds) - before)
        return percentile(seen.late, 99)

    async def previews(self, writer: Writer, ben: Person) -> None:
        """Ten people look at the costliest texts at once, again and again; Ana saves."""
        await self._write(writer)
        calm = percentile(writer.seconds, 99)
        people = [ben, *(self.people.sign_up(f"Guest {n}") for n in range(9))]
        tell("ten people preview 256 KiB of the worst")
        over = asyncio.Event()
        answers: Counter[int] = Counter()
        before = len(writer.seconds)
        async with asyncio.TaskGroup() as group:
            for number, person in enumerate(people):
                body = PREVIEWS[number % len(PREVIEWS)]
                group.create_task(self._preview(person, body, over, answers))
            await asyncio.sleep(1)
            await self._write(writer)
            over.set()
        tell(f"previews were answered with: {dict(answers)}")
        self.rows.append(Row("a save, p99, nobody else", calm * 1000, "ms"))
        late = percentile(writer.seconds[before:], 99)
        self.rows.append(Row("a save, p99, ten preview 256 KiB", late * 1000, "ms", 500))

    async def _preview(
        self, person: Person, body: str, over: asyncio.Event, answers: Counter[int]
    ) -> None:
        while not over.is_set():
            answers[await self._preview_once(person, body)] += 1

    async def _preview_once(self, person: Person, body: str = "*Soup*") -> int:
        url = f"http://127.0.0.1:{self.stack.environment.notes_port}/v1/preview"
        headers = {"Authorization": f"Bearer {person.token}"}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            return (await http.post(url, json={"body": body}, headers=headers)).status_code

    async def keys(self) -> None:
        """What is left in Redis by strangers who look at what does not exist."""
        tell(f"{self.size.channels:,} channels and {self.size.pages:,} addresses that are none")
        connection = redis.Redis.from_url(self.stack.valkey.url)  # type: ignore[no-untyped-call]
        before = connection.dbsize()
        await visit_channels(self.stack.environment.gateway_ports[0], self.size.channels)
        http = Http(self.stack.environment.web_port, host=self.stack.url.partition("//")[2])
        for number in range(self.size.pages):
            await http.request("GET", f"/notes/nowhere-{number}")
        http.close()
        at_once = connection.dbsize() - before
        self.rows.append(Row("keys in Redis, right after", at_once, "more"))
        await asyncio.sleep(self.size.patience)
        left = max(0, connection.dbsize() - before)
        self.rows.append(Row("keys in Redis, two minutes later", left, "more", 0))

    async def _write(self, writer: Writer) -> None:
        over = time.perf_counter() + self.size.seconds
        await writer.write_until(lambda: time.perf_counter() > over, every=1 / SAVES_A_SECOND)

    def _writer(self, ana: Person) -> Writer:
        versions = {ana.create("Menu", "Soup")["key"]: 1 for _ in range(4)}
        return Writer(self.stack.environment.notes_port, ana.token, versions)

    def _state(self) -> dict[str, int]:
        port = self.stack.environment.gateway_ports[0]
        key = {"X-API-Key": self.stack.environment.gateway_api_key}
        url = f"http://127.0.0.1:{port}/api/info"
        node = httpx.post(url, json={}, headers=key, trust_env=False).json()["result"]["nodes"][
            0
        ]
        return {
            "connections": node["num_clients"],
            "subscriptions": node["num_subs"],
            "channels": node["num_channels"],
        }

    def _memory(self) -> dict[str, float]:
        """Resident MiB of what strangers reach, with what each has started."""
        found = {}
        for name in ("realtime-gateway", "notes-service", "web"):
            process = psutil.Process(self.stack.services[name].pid)
            family = [process, *process.children(recursive=True)]
            found[name] = sum(each.memory_info().rss for each in family) / 2**20
        return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="./notes bench attacks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    load_before = os.getloadavg()[0]
    tell(f"starting a stack of its own (the machine's load is {load_before:.1f})")
    pin(STACK_CORE)
    with own_stack("attacks") as stack, People(stack) as people:
        pin(OTHER_CORE)
        bench = Bench(stack, people, QUICK if arguments.quick else Size())
        asyncio.run(bench.run())
    print(table(bench.rows))
    if arguments.json:
        arguments.json.write_text(
            as_json(bench.rows, quick=arguments.quick, load_before=load_before)
        )
    return 1 if missed(bench.rows) and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
