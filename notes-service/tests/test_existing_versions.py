"""What was there before there were versions becomes each note's first one."""

import asyncio

import asyncpg
import pytest
from notes_service import schema
from older_schema import at_revision
from service_data.database import driver_url

pytestmark = pytest.mark.slow  # a database made anew

_NOTE = """
    INSERT INTO notes (key, title, body, html, excerpt, words, version, author_id, author_name,
        editor_id, editor_name, created_at, updated_at, deleted_at, deleter_id, deleter_name)
    VALUES ($1, 'Menu', $2, '', '', '', $3, 'ana', 'Ana', 'ben', 'Ben', now(),
        '2026-11-01T12:00Z', $4, $5, $5)
"""


async def test_each_existing_note_in_the_trash_or_not_gets_the_version_that_it_reads(
    database_url: str,
):
    await at_revision(database_url, "0005")
    connection = await asyncpg.connect(database_url)
    long = "".join(f"{number}\n" for number in range(30_000))
    gone_at = await connection.fetchval("SELECT now()")
    await connection.execute(_NOTE, "live", long, 3, None, None)
    await connection.execute(_NOTE, "gone", "Soup", 7, gone_at, "cai")
    await asyncio.gather(*(schema.upgrade(driver_url(database_url)) for _ in range(2)))
    found = await connection.fetch(
        "SELECT v.*, n.key, pg_column_compression(v.body) AS compressed FROM note_versions v"
        " JOIN notes n ON n.id = note_id ORDER BY n.key"
    )
    await connection.close()
    gone, live = found
    assert (gone["key"], gone["version"], gone["body"]) == ("gone", 6, "Soup")
    assert (live["key"], live["version"], live["body"]) == ("live", 3, long)
    for row in found:
        assert (row["by_name"], row["via"], row["title"]) == ("Ben", "page", "Menu")
        assert row["at"].isoformat() == "2026-11-01T12:00:00+00:00"
        assert row["changed_lines"] is None
