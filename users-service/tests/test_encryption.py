"""What a copy of the database alone does not give away, and how the key is replaced."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pyotp
import pytest
from local_stack.postgres import Postgres
from signing_in import join
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from test_users_process import command
from users_running import ENCRYPTION_KEY, Clock, Service, environment, process
from users_service import database
from users_service.crypto.encryption import DecryptionError, Encryptor
from users_service.crypto.signing_keys import SigningKeys
from users_service.jobs.reencryption import Undecryptable, reencrypt

NOTHING_LOST = Undecryptable(signing_keys=0, totp_secrets=0)


@pytest.fixture
async def table(users_database: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    engine = database.connect(users_database)
    yield async_sessionmaker(engine)
    await engine.dispose()


def new_key() -> str:
    return secrets.token_urlsafe(32)


@pytest.mark.parametrize("wrong", ["", " , ", "short", "ä" * 43, "A" * 44, "A" * 42, "?" * 43])
def test_what_is_no_key_of_32_bytes_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Encryptor.parse(wrong)


def test_a_ciphertext_is_decrypted_for_what_it_is_about_and_unchanged_only() -> None:
    encryptor = Encryptor.parse(ENCRYPTION_KEY)
    ciphertext = encryptor.encrypt(b"a secret", "totp 1")
    assert encryptor.decrypt(ciphertext, "totp 1") == b"a secret"
    assert b"secret" not in ciphertext
    assert encryptor.encrypt(b"a secret", "totp 1") != ciphertext
    changed = [
        ciphertext[:n] + bytes([ciphertext[n] ^ 1]) + ciphertext[n + 1 :]
        for n in range(len(ciphertext))
    ]
    for wrong in (*changed, b"", ciphertext[:10], b"a secret", ciphertext[:-1]):
        with pytest.raises(DecryptionError):
            encryptor.decrypt(wrong, "totp 1")
    with pytest.raises(DecryptionError):
        encryptor.decrypt(ciphertext, "totp 2")


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    old, new = new_key(), new_key()
    ciphertext = Encryptor.parse(old).encrypt(b"x", "it")
    both = Encryptor.parse(f"{new},\n{old}")
    assert both.decrypt(ciphertext, "it") == b"x"
    renewed = both.reencrypted(ciphertext, "it")
    assert Encryptor.parse(new).decrypt(renewed, "it") == b"x"
    with pytest.raises(DecryptionError):
        Encryptor.parse(old).decrypt(renewed, "it")
    assert Encryptor.parse(new + "=").decrypt(renewed, "it") == b"x"


async def test_a_copy_of_the_database_gives_no_second_factor_and_no_signing_key(
    service: Service, people: httpx.AsyncClient, postgres: Postgres
) -> None:
    ivy = await join(people, "ivy")
    secret = (await ivy("POST", "/v1/account/totp")).json()["secret"]
    rows = postgres.execute(
        "SELECT encode(secret, 'hex') FROM totp;"
        "SELECT encode(private_key, 'hex') FROM signing_keys",
        database="users_tests",
    )
    totp, key = (bytes.fromhex(row) for row in rows.split())
    assert secret.encode() not in totp
    assert base64.b32decode(secret) not in totp
    # RFC 8410: a private Ed25519 key in DER holds these bytes before its seed.
    assert bytes.fromhex("04220420") not in key


async def test_what_lay_in_clear_is_encrypted_at_the_next_start_and_works_on(
    service: Service,
    people: httpx.AsyncClient,
    table: async_sessionmaker[AsyncSession],
    postgres: Postgres,
) -> None:
    ivy = await join(people, "ivy")
    await ivy("POST", "/v1/account/totp")
    secret = pyotp.random_base32()
    clear = "UPDATE totp SET secret = convert_to(:'secret', 'UTF8')"
    postgres.execute(clear, database="users_tests", variables={"secret": secret})
    assert await reencrypt(table, Encryptor.parse(ENCRYPTION_KEY)) == NOTHING_LOST
    stored = postgres.execute(
        "SELECT encode(secret, 'escape') FROM totp", database="users_tests"
    )
    assert secret not in stored
    code = pyotp.TOTP(secret).at(int(service.clock().timestamp()))
    done = await ivy("POST", "/v1/account/totp/confirm", json={"code": code})
    assert done.status_code == 200


async def test_replicas_that_start_together_replace_a_key_once(
    service: Service, people: httpx.AsyncClient, table: async_sessionmaker[AsyncSession]
) -> None:
    ivy = await join(people, "ivy")
    await ivy("POST", "/v1/account/totp")
    fresh = new_key()
    both = Encryptor.parse(f"{fresh} {ENCRYPTION_KEY}")
    assert (
        await asyncio.gather(*(reencrypt(table, both) for _ in range(3))) == [NOTHING_LOST] * 3
    )
    assert await reencrypt(table, Encryptor.parse(fresh)) == NOTHING_LOST
    assert await reencrypt(table, Encryptor.parse(ENCRYPTION_KEY)) == Undecryptable(
        signing_keys=1, totp_secrets=1
    )
    await SigningKeys(table, Encryptor.parse(fresh), now=Clock()).published()


async def test_without_the_key_no_code_is_right_and_recovery_codes_still_are(
    service: Service, people: httpx.AsyncClient, postgres: Postgres
) -> None:
    ivy = await join(people, "ivy")
    secret = (await ivy("POST", "/v1/account/totp")).json()["secret"]
    totp = pyotp.TOTP(secret)
    now = int(service.clock().timestamp())
    done = await ivy("POST", "/v1/account/totp/confirm", json={"code": totp.at(now)})
    codes = done.json()["recovery_codes"]
    service.clock.move(minutes=1)
    postgres.execute("UPDATE totp SET secret = '\\x01020304'", database="users_tests")
    sent = {"username": "ivy", "password": "a quiet river at dawn"}
    token = (await people.post("/v1/sessions", json=sent)).json()["second_factor"]["token"]
    tried = {"token": token, "code": totp.at(now + 60)}
    assert (await people.post("/v1/sessions/second-factor", json=tried)).status_code == 403
    tried = {"token": token, "code": codes[0]}
    assert (await people.post("/v1/sessions/second-factor", json=tried)).status_code == 201


@pytest.mark.slow
def test_with_another_key_it_does_not_start_and_a_rotation_helps(
    postgres: Postgres, redis_url: str, tmp_path: Path
) -> None:
    url = postgres.create_database()
    try:
        with process(environment(url, redis_url), tmp_path / "log"):
            pass
        env = environment(url, redis_url, USERS_ENCRYPTION_KEY=new_key())
        refused = command(env)
        assert refused.returncode == 2
        said = refused.stderr.splitlines()[-1]
        assert said.startswith("cannot start: USERS_ENCRYPTION_KEY does not open the signing")
        assert command(env, "rotate-keys", "--at-once").returncode == 0
        with process(env, tmp_path / "log2") as running:
            published = httpx.get(f"{running.url}/.well-known/jwks.json", trust_env=False)
            assert len(published.json()["keys"]) == 1
    finally:
        postgres.drop_database(url)
