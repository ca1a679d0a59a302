"""Promise 1 against kill -9 of the service and of PostgreSQL: every answered save is a version.

Listed exactly once, with its text and its writer; and no version that nobody saved.
"""

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from local_stack.postgres import Postgres
from note_tokens import Issuer
from service_process import ServiceProcess, http_client

pytestmark = pytest.mark.long

SAVES = int(os.environ.get("VERSIONS_TEST_SAVES", "2000"))
KILLS = max(6, SAVES // 500)
NOTES = [f"note-{number}" for number in range(16)]
WRITERS = 32


class Tally:
    """How many saves were answered, all writers' together."""

    def __init__(self) -> None:
        self.count = 0
        self._grew = asyncio.Event()

    def add(self) -> None:
        self.count += 1
        self._grew.set()

    async def reach(self, count: int) -> None:
        while self.count < count:
            self._grew.clear()
            await self._grew.wait()


class Writer:
    """Saves its own words over those of others, again and again until it is answered."""

    def __init__(self, number: int, tally: Tally, headers: dict[str, str]) -> None:
        self.name = f"writer-{number}"
        self.key = NOTES[number % len(NOTES)]
        self.answered: dict[str, int] = {}
        """The version that each text was said to be."""
        self._tally = tally
        self._headers = headers
        self._version = 1

    async def write(self, url: str) -> None:
        async with http_client(url, self._headers) as client:
            number = 0
            while self._tally.count < SAVES:
                number += 1
                await self._save(client, f"{self.name}: {number}")

    async def _save(self, client: httpx.AsyncClient, text: str) -> None:
        while True:
            answer = await self._try(client, text)
            if answer is None or answer.status_code == 503:
                await asyncio.sleep(0.02)
            elif answer.status_code == 412:
                self._version = answer.json()["current"]["version"]
            else:
                assert answer.status_code == 200, answer.text
                self._version = self.answered[text] = answer.json()["version"]
                self._tally.add()
                return

    async def _try(self, client: httpx.AsyncClient, text: str) -> httpx.Response | None:
        """Of the same key each time: what was done and not answered is not done again."""
        headers = {"If-Match": f'"{self._version}"', "Idempotency-Key": text.replace(" ", "")}
        note = {"title": self.name, "body": text}
        try:
            return await client.put(f"/v1/notes/{self.key}", json=note, headers=headers)
        except httpx.TransportError:
            return None


@pytest.fixture
def own_postgres(servers_dir: Path) -> Any:
    server = Postgres(servers_dir / "killed")
    server.start()
    yield server
    server.stop()


@pytest.mark.timeout(1200)
async def test_promise_every_answered_save_is_listed_once_and_none_is_invented(
    own_postgres: Postgres, redis_url: str, issuer: Issuer
):
    chance, tally = random.Random(), Tally()
    database_url = own_postgres.create_database()
    service = ServiceProcess(
        {
            "NOTES_DATABASE_URL": database_url,
            "NOTES_REDIS_URL": redis_url,
            "NOTES_JWKS_URL": issuer.url,
        }
    )
    await service.start()
    async with http_client(service.url, issuer.bearer("first")) as client:
        for key in NOTES:
            first = {"key": key, "title": "first", "body": f"first of {key}"}
            assert (await client.post("/v1/notes", json=first)).status_code == 201
    writers = [
        Writer(number, tally, issuer.bearer(f"writer-{number}")) for number in range(WRITERS)
    ]

    async def kill_at_random() -> None:
        kinds = chance.sample(["service", "postgres"] * KILLS, KILLS)
        for number, kind in enumerate(kinds, 1):
            await tally.reach(number * SAVES // (KILLS + 1))
            await asyncio.sleep(chance.uniform(0, 0.05))
            if kind == "service":
                service.kill()
                await service.start()
            else:
                await asyncio.to_thread(own_postgres.kill)
                await asyncio.to_thread(own_postgres.start)

    try:
        async with asyncio.TaskGroup() as tasks:
            for writer in writers:
                tasks.create_task(writer.write(service.url))
            tasks.create_task(kill_at_random())
        listed = await _listed(service.url)
    finally:
        service.kill()
    stored = await _stored(database_url)
    told = {
        (writer.key, version): (writer.name, text)
        for writer in writers
        for text, version in writer.answered.items()
    }
    assert len(told) == tally.count >= SAVES  # no number was given twice
    told |= {(key, 1): ("first", f"first of {key}") for key in NOTES}
    assert stored == told
    assert sorted(listed) == sorted(told)


async def _listed(url: str) -> list[tuple[str, int]]:
    """Every version of every note, page after page, as the interface lists them."""
    listed = []
    async with http_client(url) as client:
        for key in NOTES:
            cursor: str | None = ""
            while cursor is not None:
                params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
                page = await client.get(f"/v1/notes/{key}/versions", params=params)
                listed += [(key, each["version"]) for each in page.json()["versions"]]
                cursor = page.json()["next"]
    return listed


async def _stored(database_url: str) -> dict[tuple[str, int], tuple[str, str]]:
    connection = await asyncpg.connect(database_url)
    found = await connection.fetch(
        "SELECT key, v.version, v.title, v.body, by_name FROM note_versions v"
        " JOIN notes n ON n.id = note_id"
    )
    await connection.close()
    assert all(row["by_name"] == row["title"] for row in found)
    return {(row["key"], row["version"]): (row["title"], row["body"]) for row in found}
