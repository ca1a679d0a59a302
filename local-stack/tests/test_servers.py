"""PostgreSQL and Valkey from wheels keep what they promise."""

import asyncpg
import redis.asyncio


async def test_a_test_gets_an_empty_database(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    assert (
        await connection.fetchval("select count(*) from pg_tables where schemaname='public'")
        == 0
    )
    await connection.close()


async def test_a_test_gets_an_empty_valkey(redis_url: str) -> None:
    client = redis.asyncio.from_url(redis_url)
    assert await client.dbsize() == 0
    await client.aclose()
