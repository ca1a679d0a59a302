"""A schema moves forward once, and a release finds its way on one that is newer than itself."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from service_data import schema
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOCK = 99
GATE = 77
PATIENCE_SECONDS = 30
ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
"""
STEP = """
from alembic import op
from service_data import schema
revision, down_revision, branch_labels, depends_on = {revision!r}, {before!r}, None, None
def upgrade():
    {body}
"""
ADDS_A = 'op.execute("CREATE TABLE notes (a text)")'
ADDS_B = 'op.execute("ALTER TABLE notes ADD b text")'
DROPS_A = 'op.execute("ALTER TABLE notes DROP a"); schema.contract(op, oldest="2")'


class Release:
    """The migrations that a release has: the first `steps` of all."""

    def __init__(self, folder: Path, steps: list[str]) -> None:
        versions = folder / "versions"
        versions.mkdir(parents=True)
        (folder / "env.py").write_text(ENV)
        for number, body in enumerate(steps, start=1):
            before = str(number - 1) if number > 1 else None
            step = STEP.format(revision=str(number), before=before, body=body)
            (versions / f"{number}.py").write_text(step)
        self.folder = folder

    async def start(self, engine: AsyncEngine) -> None:
        await schema.upgrade(engine, scripts=self.folder, lock=LOCK)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


@pytest.fixture
def releases(tmp_path: Path) -> list[Release]:
    steps = [ADDS_A, ADDS_B, DROPS_A]
    # A folder may bear any name, one that alembic's settings would take for a variable too.
    return [
        Release(tmp_path / f"100%({number})s", steps[:number])
        for number in range(1, len(steps) + 1)
    ]


async def columns(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        found = await connection.scalars(
            text(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'notes'"
            )
        )
        return sorted(found)


async def test_replicas_that_start_together_migrate_once(
    engine: AsyncEngine, releases: list[Release]
) -> None:
    await asyncio.gather(*(releases[1].start(engine) for _ in range(4)))
    await releases[1].start(engine)
    assert await columns(engine) == ["a", "b"]


async def test_a_failed_migration_leaves_nothing_behind(
    engine: AsyncEngine, releases: list[Release], tmp_path: Path
) -> None:
    await releases[0].start(engine)
    broken = Release(tmp_path / "broken", [ADDS_A, f'{ADDS_B}; op.execute("nonsense")'])
    with pytest.raises(Exception, match="nonsense"):
        await broken.start(engine)
    assert await columns(engine) == ["a"]
    await releases[1].start(engine)
    assert await columns(engine) == ["a", "b"]


async def test_a_migration_holds_nothing_while_the_next_one_works(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    waits = f'op.execute("SELECT pg_advisory_xact_lock({GATE})")'
    release = Release(tmp_path / "waits", [ADDS_A, f"{waits}; {ADDS_B}"])
    async with engine.connect() as gate, asyncio.timeout(PATIENCE_SECONDS):
        await gate.execute(text(f"SELECT pg_advisory_xact_lock({GATE})"))
        starting = asyncio.create_task(release.start(engine))
        while await columns(engine) != ["a"]:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.02)
        async with engine.begin() as beside:
            await beside.execute(text("INSERT INTO notes VALUES ('written meanwhile')"))
        await gate.rollback()
        await starting
    assert await columns(engine) == ["a", "b"]


async def test_an_upgrade_that_fails_half_way_is_continued_by_the_next_start(
    engine: AsyncEngine, releases: list[Release], tmp_path: Path
) -> None:
    broken = Release(tmp_path / "broken", [ADDS_A, ADDS_B, 'op.execute("nonsense")'])
    with pytest.raises(Exception, match="nonsense"):
        await broken.start(engine)
    assert await columns(engine) == ["a", "b"]
    await releases[2].start(engine)
    assert await columns(engine) == ["b"]


async def test_promise_the_release_before_works_on_an_expanded_schema_and_says_so(
    engine: AsyncEngine, releases: list[Release], caplog: pytest.LogCaptureFixture
) -> None:
    await releases[1].start(engine)
    with caplog.at_level(logging.WARNING):
        await releases[0].start(engine)
    assert await columns(engine) == ["a", "b"]
    assert caplog.messages == ["schema: 2 is newer than this release's 1; used as it is"]


async def test_after_a_contraction_the_release_before_works_and_an_older_one_refuses(
    engine: AsyncEngine, releases: list[Release]
) -> None:
    await releases[2].start(engine)
    await releases[1].start(engine)
    with pytest.raises(schema.SchemaTooNew) as refused:
        await releases[0].start(engine)
    assert (refused.value.found, refused.value.ours) == ("3", "1")
    assert "restore a backup" in str(refused.value)
    assert await columns(engine) == ["b"]
