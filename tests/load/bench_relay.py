"""What became of the events that waited while Redis was away: how fast, and in which order."""

import asyncio
import re
import time

import asyncpg
import redis


async def waiting_in(database: asyncpg.Connection) -> int:
    found: int = await database.fetchval("SELECT count(*) FROM outbox")
    return found


async def drained(database: asyncpg.Connection, waiting: int) -> float:
    """Events per second, from the moment the relay begins to the moment all are gone."""
    started = time.perf_counter()
    left = waiting
    while left:
        if left == waiting:
            started = time.perf_counter()  # it has not noticed yet that Redis is back
        await asyncio.sleep(0.005)
        left = await waiting_in(database)
    return waiting / (time.perf_counter() - started)


def out_of_order(subscription: redis.client.PubSub) -> int:
    """Of what arrived on the list's channel: versions of a note that came after a later one."""
    newest: dict[bytes, int] = {}
    wrong = 0
    while message := subscription.get_message(timeout=0.2):
        if message["type"] != "pmessage":
            continue
        found = re.search(rb'"key":"([^"]+)".*?"version":(\d+)', message["data"])
        if found:
            key, version = found[1], int(found[2])
            wrong += version < newest.get(key, 0)
            newest[key] = max(version, newest.get(key, 0))
    if not newest:
        raise RuntimeError("the relay was faster than the subscription: order not seen")
    return wrong
