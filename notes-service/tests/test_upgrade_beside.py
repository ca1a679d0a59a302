"""While the schema is brought up to date, 0.1.0 beside goes on saving and commenting."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from notes_service import schema
from older_schema import RELEASE_0_1_0, at_revision
from service_data.database import driver_url

pytestmark = pytest.mark.slow  # a database made anew

PATIENCE_SECONDS = 30
GATE = 77
AFTER_THE_COPY = '    "ALTER TABLE notes ADD COLUMN changed_lines integer",\n'
A_NOTE = """
    INSERT INTO notes (key, title, body, html, excerpt, words, version, author_id, author_name,
        editor_id, editor_name, created_at, updated_at)
    VALUES ('menu', 'Menu', 'Soup', '', '', '', 1, 'ana', 'Ana', 'ana', 'Ana', now(), now())
"""
LOCK_NOTE = "SELECT id FROM notes WHERE key = 'menu' AND deleted_at IS NULL FOR UPDATE"
SAVE = "UPDATE notes SET body = 'Bread', version = 2 WHERE key = 'menu'"
COMMENT = """
    INSERT INTO comments (note_id, author_id, author_name, text, created_at)
    SELECT id, 'ben', 'Ben', 'Fine', now() FROM notes
"""
COUNT = "UPDATE notes SET comments = comments + 1 WHERE key = 'menu'"
READ = "SELECT text FROM comments"
GATE_IS_WAITED_FOR = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted
"""
NOTES_ARE_WAITED_FOR = """
    SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted
"""


@pytest.fixture
async def old_release(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of 0.1.0, with the limits it has, to a database as it left it."""
    await at_revision(database_url, RELEASE_0_1_0)
    limits = {"statement_timeout": "5000", "lock_timeout": "3000"}
    connection = await asyncpg.connect(database_url, server_settings=limits)
    await connection.execute(A_NOTE)
    yield connection
    await connection.close()


@pytest.fixture
async def onlooker(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def becomes_true(
    onlooker: asyncpg.Connection, question: str, upgrading: asyncio.Task[None]
) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await onlooker.fetchval(question):
            assert not upgrading.done(), "nothing was waited for"
            await asyncio.sleep(0.02)


async def test_promise_while_an_upgrade_copies_every_note_the_last_release_saves_and_comments(
    database_url: str,
    old_release: asyncpg.Connection,
    onlooker: asyncpg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    # The copy takes as long as this test likes.
    scripts = shutil.copytree(schema._SCRIPTS, tmp_path / "migrations")
    copies = scripts / "versions" / "0006_versions.py"
    gate = f'    "SELECT pg_advisory_xact_lock({GATE})",\n'
    before, after = copies.read_text().split(AFTER_THE_COPY)
    copies.write_text(before + gate + AFTER_THE_COPY + after)
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    await onlooker.execute(f"SELECT pg_advisory_lock({GATE})")
    upgrading = asyncio.create_task(schema.upgrade(driver_url(database_url)))
    try:
        await becomes_true(onlooker, GATE_IS_WAITED_FOR, upgrading)
        for change in ((SAVE,), (COMMENT, COUNT)):
            async with old_release.transaction():
                await old_release.execute(LOCK_NOTE)
                for statement in change:
                    await old_release.execute(statement)
        assert await old_release.fetchval(READ) == "Fine"
    finally:
        await onlooker.execute(f"SELECT pg_advisory_unlock({GATE})")
        await upgrading
    assert await onlooker.fetchval("SELECT body FROM notes") == "Bread"
    assert await onlooker.fetchval("SELECT body FROM note_versions") == "Soup"
    assert await onlooker.fetchval("SELECT version_num FROM alembic_version") > "0006"


async def test_an_upgrade_and_a_comment_of_the_last_release_do_not_wait_for_each_other(
    database_url: str, old_release: asyncpg.Connection, onlooker: asyncpg.Connection
):
    async with old_release.transaction():
        await old_release.execute(LOCK_NOTE)
        upgrading = asyncio.create_task(schema.upgrade(driver_url(database_url)))
        # It has changed the comments by now, and wants the notes, of which this has one.
        await becomes_true(onlooker, NOTES_ARE_WAITED_FOR, upgrading)
        await old_release.execute(COMMENT)
        await old_release.execute(COUNT)
    await upgrading
    assert await onlooker.fetchval(READ) == "Fine"
    assert await onlooker.fetchval("SELECT comments FROM notes") == 1
    assert await onlooker.fetchval("SELECT version_num FROM alembic_version") > "0006"
