"""Signing keys: published before use, kept after it, one for all replicas."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from users_running import ENCRYPTION_KEY, Clock
from users_service import database
from users_service.crypto.encryption import Encryptor
from users_service.crypto.signing_keys import SigningKeys

Database = async_sessionmaker[AsyncSession]
ENCRYPTOR = Encryptor.parse(ENCRYPTION_KEY)


@pytest.fixture
async def table(users_database: str) -> AsyncIterator[Database]:
    engine = database.connect(users_database)
    yield async_sessionmaker(engine)
    await engine.dispose()


async def kids(keys: SigningKeys) -> list[str]:
    return [key["kid"] for key in (await keys.published())["keys"]]


async def signing_kid(keys: SigningKeys) -> str:
    return str(jwt.get_unverified_header(await keys.sign({"sub": "x"}))["kid"])


def verify(token: str, published: dict[str, Any]) -> dict[str, Any]:
    by_id = {key.key_id: key for key in jwt.PyJWKSet.from_dict(published).keys}
    key = by_id[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key, algorithms=["EdDSA"]))


async def test_replicas_that_start_together_share_one_first_key(table: Database) -> None:
    replicas = [SigningKeys(table, ENCRYPTOR, now=Clock()) for _ in range(5)]
    await asyncio.gather(*(keys.keep_fresh() for keys in replicas))
    assert {tuple(await kids(keys)) for keys in replicas} == {tuple(await kids(replicas[0]))}
    assert len(await kids(replicas[0])) == 1


async def test_what_is_published_holds_no_private_part(table: Database) -> None:
    keys = SigningKeys(table, ENCRYPTOR, now=Clock())
    await keys.keep_fresh()
    for key in (await keys.published())["keys"]:
        assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
        assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


async def test_the_next_key_is_published_a_day_before_it_signs(table: Database) -> None:
    clock = Clock()
    keys = SigningKeys(table, ENCRYPTOR, now=clock)
    await keys.keep_fresh()
    first = await signing_kid(keys)
    clock.move(days=28, hours=23)
    await keys.keep_fresh()
    assert await kids(keys) == [first]
    clock.move(hours=2)
    await keys.keep_fresh()
    assert len(await kids(keys)) == 2
    assert await signing_kid(keys) == first
    clock.move(days=1)
    assert await signing_kid(keys) != first


async def test_at_any_time_of_a_rotation_every_living_token_verifies(table: Database) -> None:
    clock = Clock()
    keys = SigningKeys(table, ENCRYPTOR, now=clock)
    other_replica = SigningKeys(table, ENCRYPTOR, now=clock)
    await keys.keep_fresh()
    used = set()
    minute = timedelta(minutes=1)
    await keys.rotate()
    tokens: list[str] = []
    for _ in range(100):
        await keys.keep_fresh()
        tokens = [*tokens[-4:], await other_replica.sign({"sub": "x"})]
        used.add(jwt.get_unverified_header(tokens[-1])["kid"])
        for token in tokens:
            assert verify(token, await keys.published()) == {"sub": "x"}
        clock.time += minute
    assert len(used) == 2
    assert len(await kids(keys)) == 1


async def test_a_key_is_known_to_others_before_a_token_of_it_exists(table: Database) -> None:
    clock = Clock()
    keys = SigningKeys(table, ENCRYPTOR, now=clock)
    await keys.keep_fresh()
    fresh = await keys.rotate()
    kept_by_others = await keys.published()
    clock.move(minutes=14)
    assert verify(await keys.sign({"sub": "x"}), kept_by_others) == {"sub": "x"}
    clock.move(minutes=2)
    assert await signing_kid(keys) == fresh
    assert verify(await keys.sign({"sub": "x"}), kept_by_others) == {"sub": "x"}


async def test_a_stolen_key_is_dropped_at_once(table: Database) -> None:
    clock = Clock()
    keys = SigningKeys(table, ENCRYPTOR, now=clock)
    await keys.keep_fresh()
    stolen = await signing_kid(keys)
    fresh = await keys.rotate(at_once=True)
    assert await kids(keys) == [fresh]
    assert await signing_kid(keys) == fresh != stolen


async def test_a_start_after_a_year_makes_a_key_in_time(table: Database) -> None:
    clock = Clock()
    keys = SigningKeys(table, ENCRYPTOR, now=clock)
    await keys.keep_fresh()
    old = await signing_kid(keys)
    clock.move(days=365)
    await keys.keep_fresh()
    assert await signing_kid(keys) == old
    clock.move(minutes=16)
    assert await signing_kid(keys) != old


async def test_known_keys_survive_an_outage_of_the_database(
    users_database: str, table: Database
) -> None:
    clock = Clock()
    await SigningKeys(table, ENCRYPTOR, now=clock).keep_fresh()
    reachable = database.connect(users_database)
    switch = async_sessionmaker(reachable)
    keys = SigningKeys(switch, ENCRYPTOR, now=clock)
    before = await kids(keys)
    switch.configure(bind=database.connect("postgresql://127.0.0.1:1/none"))
    await reachable.dispose()
    clock.move(minutes=5)
    assert await kids(keys) == before
    assert verify(await keys.sign({"sub": "x"}), await keys.published()) == {"sub": "x"}
