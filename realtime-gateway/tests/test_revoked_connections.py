"""Tokens that were taken back before their end (contracts/revocations.md) open nothing."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import redis
from gateway_process import GatewayProcess, StartGateway
from raw_client import RawClient
from realtime_gateway.config.options import TokenOptions
from realtime_gateway.node.tokens import TokenVerifier
from realtime_gateway.sessions.claims import ConnectionClaims, TokenError
from service_kit.tokens import Revocations

SECRET = "a-secret-of-at-least-32-bytes-for-tests"


def options(**token: Any) -> dict[str, Any]:
    return {
        "client": {"token": {"hmac_secret_key": SECRET, "check_revocations": True, **token}},
        "channel": {"without_namespace": {}},
    }


def token(*, sid: str = "s-1", gen: int | str = 3, **claims: Any) -> str:
    until = int(time.time()) + 300
    return jwt.encode({"sub": "ann", "sid": sid, "gen": gen, "exp": until, **claims}, SECRET)


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as store:
        yield store


@pytest.fixture
def strict(start_gateway: StartGateway, store: redis.Redis) -> GatewayProcess:
    return start_gateway(options()).wait_ready()


async def test_a_revoked_token_is_answered_as_an_expired_one(
    strict: GatewayProcess, store: redis.Redis
) -> None:
    store.set("revoked:session:s-1", "1", ex=360)
    async with RawClient(strict.ws_url) as client:
        reply = await client.ask("connect", token=token())
        assert reply["error"] == {"code": 109, "message": "token expired"}
        assert (await client.closed())[0] == 3005
    async with RawClient(strict.ws_url) as another:
        await another.connect(token=token(sid="s-2"))
    store.set("revoked:account:ann", "4", ex=360)
    async with RawClient(strict.ws_url) as client:
        assert "error" in await client.ask("connect", token=token(sid="s-2"))
    async with RawClient(strict.ws_url) as client:
        await client.connect(token=token(sid="s-2", gen=4))


async def test_a_revoked_token_refreshes_nothing(
    strict: GatewayProcess, store: redis.Redis
) -> None:
    async with RawClient(strict.ws_url) as client:
        await client.connect(token=token())
        assert "error" not in await client.ask("refresh", token=token())
        store.set("revoked:session:s-1", "1", ex=360)
        await client.send({"id": 9, "refresh": {"token": token()}})
        assert (await client.closed())[0] == 3005


async def test_a_revoked_subscription_token_opens_no_channel(
    strict: GatewayProcess, store: redis.Redis
) -> None:
    async with RawClient(strict.ws_url) as client:
        await client.connect(token=token(sid="s-2"))
        await client.subscribe("$a", token=token(channel="$a"))
        store.set("revoked:session:s-1", "1", ex=360)
        reply = await client.ask("subscribe", channel="$b", token=token(channel="$b"))
        assert reply["error"]["code"] == 109
        await client.send(
            {"id": 9, "sub_refresh": {"channel": "$a", "token": token(channel="$a")}}
        )
        assert (await client.closed())[0] == 3006


async def test_unless_it_is_told_to_the_gateway_does_not_look(
    start_gateway: StartGateway, store: redis.Redis
) -> None:
    gateway = start_gateway(options(check_revocations=False)).wait_ready()
    store.set("revoked:session:s-1", "1", ex=360)
    async with RawClient(gateway.ws_url) as client:
        await client.connect(token=token())


class Reader(Revocations):
    """Says what it is told to, and notes who was asked for."""

    def __init__(self, *, covers: bool = False) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self._covers = covers

    async def is_revoked(self, bearer: Any) -> bool:
        self.asked.append((bearer.user_id, bearer.session_id, bearer.generation))
        return self._covers


async def test_a_token_is_looked_up_by_its_claims_and_only_if_it_is_good() -> None:
    reader = Reader()
    ours = TokenVerifier(TokenOptions(hmac_secret_key=SECRET), None, reader)
    assert ours.connection_now(token()) is None
    assert isinstance(await ours.connection(token()), ConnectionClaims)
    assert await ours.connection(jwt.encode({"sub": "bob"}, "x" * 32)) is TokenError.INVALID
    assert await ours.connection(token(gen="3")) is TokenError.INVALID
    assert isinstance(
        await ours.connection(jwt.encode({"sub": "eve"}, SECRET)), ConnectionClaims
    )
    assert reader.asked == [("ann", "s-1", 3), ("eve", "", 0)]
