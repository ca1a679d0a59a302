"""Promises 1 and 2 of ARCHITECTURE.md against kill -9, at random points, under writes.

A save that was answered is in PostgreSQL and stays there. Every committed change is announced,
none is invented; per note in commit order; repeats are recognisable.
"""

import asyncio
import random

import httpx
import pytest
from note_tokens import Issuer
from notes_service.jobs.relay import Relay
from notes_service.metrics import Metrics
from notes_service.store import notes
from notes_service.store.database import Database
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from relay_probe import EVERYTHING, heard, without_repeats
from service_kit.channel_log import ChannelLog
from service_kit.tasks import background
from service_process import ServiceProcess, http_client
from test_relay import emptied

pytestmark = pytest.mark.long

ROUNDS = 50
KEYS = [f"note-{number}" for number in range(4)]


class Writer:
    """Saves one note again and again, and remembers what it was told."""

    def __init__(self, key: str, headers: dict[str, str]) -> None:
        self.key = key
        self.answered = 0
        self.saved = asyncio.Event()
        self._headers = headers

    async def write(self, url: str) -> None:
        """Until the service dies under it."""
        async with http_client(url, self._headers) as client:
            try:
                await self._write(client)
            except httpx.TransportError:
                return

    async def _write(self, client: httpx.AsyncClient) -> None:
        path = f"/v1/notes/{self.key}"
        if self.answered == 0:
            first = {"key": self.key, "title": "1", "body": ""}
            await client.post("/v1/notes", json=first)
        version = (await client.get(path)).json()["version"]
        # What was answered before the crash is there after it.
        assert version >= self.answered
        while True:
            self.answered = version
            version += 1
            answer = await client.put(
                path,
                json={"title": str(version), "body": f"*{version}*"},
                headers={"If-Match": f'"{version - 1}"'},
            )
            assert answer.status_code == 200
            self.saved.set()


@pytest.mark.timeout(300)
async def test_kill_9_at_random_points_loses_no_save_and_no_event_and_invents_none(
    notes_url: str, redis_url: str, issuer: Issuer, database: Database
):
    chance = random.Random()
    environment = {
        "NOTES_DATABASE_URL": notes_url,
        "NOTES_REDIS_URL": redis_url,
        "NOTES_JWKS_URL": issuer.url,
        "NOTES_HISTORY_SIZE": str(EVERYTHING.size),
    }
    writers = [Writer(key, issuer.bearer("ana")) for key in KEYS]
    for _ in range(ROUNDS):
        service = ServiceProcess(environment)
        await service.start()
        for writer in writers:
            writer.saved.clear()
        writing = asyncio.gather(*(writer.write(service.url) for writer in writers))
        # Saving, publishing and forgetting are all going on from the first answer on.
        await chance.choice(writers).saved.wait()
        await asyncio.sleep(chance.uniform(0, 0.1))
        service.kill()
        await writing

    redis = Redis.from_url(redis_url)
    relay = Relay(
        notes_url,
        ChannelLog(redis),
        history=EVERYTHING,
        metrics=Metrics(CollectorRegistry()),
    )
    async with background(relay.run(), name="relay"):
        await emptied(database)
    home = await heard(redis, "home")
    for writer in writers:
        assert writer.answered > 1
        stored = await _stored(database, writer.key)
        assert stored >= writer.answered
        of_note = [event for event in home if event["note"]["key"] == writer.key]
        _assert_all_and_only(of_note, list(range(1, stored + 1)))
        own = await heard(redis, f"notes:{writer.key}")
        _assert_all_and_only(own, list(range(2, stored + 1)))
    await redis.aclose()


def _assert_all_and_only(events, versions):
    once = without_repeats(events)
    assert [event["note"]["version"] for event in once] == versions
    assert all(event["note"]["title"] == str(event["note"]["version"]) for event in once)
    # A repeat says what was said before, word by word.
    first = {event["id"]: event for event in once}
    assert all(event == first[event["id"]] for event in events)


async def _stored(database: Database, key: str) -> int:
    async with database.statements() as connection:
        note = await notes.summary(connection, key)
    assert note is not None
    return note.version
