"""Who may do what: the caller is who the token says, and nobody else."""

import time

import httpx
import jwt
import pytest
from fastapi import FastAPI, Request
from local_stack.ports import free_port
from note_api import Api, refusal
from note_tokens import Issuer
from notes_service.app import create_app
from notes_service.domain.errors import Unauthenticated
from notes_service.routes.bearer import BearerAuth
from notes_service.settings import Settings
from prometheus_client import Counter
from pydantic import SecretStr
from redis.asyncio import Redis
from service_kit.tokens import Jwks, Revocations, TokenVerifier

WRITES = [
    ("POST", "/notes", {"title": "t", "body": ""}),
    ("PUT", "/notes/menu", {"title": "t", "body": ""}),
    ("DELETE", "/notes/menu", None),
    ("POST", "/notes/menu/restore", None),
    ("POST", "/notes/menu/versions/1/restore", None),
    ("DELETE", "/notes/menu/versions/1", None),
    ("POST", "/notes/menu/comments", {"text": "t"}),
    ("PUT", "/notes/menu/comments/1", {"text": "t"}),
    ("DELETE", "/notes/menu/comments/1", None),
    ("POST", "/notes/menu/comments/1/restore", None),
]
READS = [
    *("/notes", "/notes/menu", "/notes/menu/comments"),
    *("/notes/menu/versions", "/notes/menu/versions/1"),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_writing_needs_a_signed_in_editor(api: Api, method, path, body):
    await api.create("menu")
    options = {"version": 1, "json": body} if body else {"version": 1}
    stranger = await api.send(method, path, by=None, **options)
    assert refusal(stranger) == (401, "unauthenticated")
    assert stranger.headers["www-authenticate"] == "Bearer"
    reader = await api.send(method, path, roles=("reader",), **options)
    assert refusal(reader) == (403, "not_allowed")
    assert (await api.get("/notes/menu")).json()["version"] == 1


async def test_reading_is_public(api: Api):
    await api.create("menu")
    assert {(await api.get(path)).status_code for path in READS} == {200}


class TestPrivate:
    @pytest.fixture
    def app(self, settings: Settings) -> FastAPI:
        return create_app(settings.model_copy(update={"public_read": False}))

    async def test_reading_needs_a_token_where_the_operator_says_so(self, api: Api):
        await api.create("menu")
        for path in READS:
            assert refusal(await api.get(path)) == (401, "unauthenticated")
            assert (await api.get(path, by="ana", roles=("reader",))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "realtime"},
        {"iss": "somebody"},
        {"exp": int(time.time()) - 1},
        {"roles": "admin"},
        {"sub": None},
    ],
)
async def test_a_token_that_is_not_good_is_refused_even_where_reading_is_public(
    api: Api, issuer: Issuer, claims
):
    headers = issuer.bearer("ana", **claims)
    for path in ("/notes", "/trash"):
        answer = await api.client.get(f"/v1{path}", headers=headers)
        assert refusal(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "given", ["Basic YTpi", "Bearer", "Bearer x.y.z", "nonsense", "Bearer é"]
)
async def test_what_is_not_a_token_is_refused(api: Api, given):
    answer = await api.client.get("/v1/notes", headers={"Authorization": given.encode()})
    assert refusal(answer) == (401, "unauthenticated")


async def test_a_token_signed_by_somebody_else_is_refused(api: Api):
    forged = Issuer().bearer("ana", "admin")
    none = jwt.encode({"sub": "ana"}, None, algorithm="none", headers={"kid": "test"})
    for headers in (forged, {"Authorization": f"Bearer {none}"}):
        answer = await api.client.get("/v1/notes", headers=headers)
        assert refusal(answer) == (401, "unauthenticated")


async def test_a_proven_token_is_good_until_it_ends_and_no_longer(
    issuer: Issuer, redis_url: str
):
    now = time.time()
    async with httpx.AsyncClient() as client, Redis.from_url(redis_url) as redis:
        verifier = TokenVerifier(
            Jwks(issuer.url, client), issuer="notes-users", audience="notes"
        )
        revocations = Revocations(redis, Counter("unread", "", registry=None))
        bearer_auth = BearerAuth(
            verifier, revocations, is_reading_public=True, clock=lambda: now
        )
        given = issuer.bearer("ana", exp=int(now) + 100)["Authorization"].encode()
        request = Request({"type": "http", "headers": [(b"authorization", given)]})
        first = await bearer_auth.caller(request)
        assert first == await bearer_auth.caller(request)
        now += 99
        assert first == await bearer_auth.caller(request)
        now += 1
        with pytest.raises(Unauthenticated):
            await bearer_auth.caller(request)


async def test_a_name_that_cannot_be_stored_is_stored_as_far_as_it_can(api: Api):
    headers = api.issuer.bearer("x", name="A\ud800n\x00a")
    note = {"key": "menu", "title": "t", "body": ""}
    created = await api.client.post("/v1/notes", headers=headers, json=note)
    assert created.json()["author"]["name"] == "A?na"


@pytest.mark.parametrize(
    "taken_back", [{"revoked:session:s1": "1"}, {"revoked:account:id-of-ana": "1"}]
)
async def test_a_token_that_was_taken_back_is_refused_for_reading_and_writing(
    api: Api, redis_url: str, taken_back
):
    ana, ben = api.issuer.bearer("ana"), api.issuer.bearer("ben", sid="s2")
    note = {"key": "menu", "title": "t", "body": ""}
    assert (await api.client.post("/v1/notes", headers=ana, json=note)).status_code == 201
    async with Redis.from_url(redis_url) as redis:
        await redis.mset(taken_back)
    for method, path, _ in [*WRITES, *(("GET", path, None) for path in READS)]:
        answer = await api.client.request(method, f"/v1{path}", headers=ana)
        assert refusal(answer) == (401, "token_revoked"), (method, path)
        assert "Bearer" in answer.headers["www-authenticate"]
    assert (await api.client.get("/v1/trash", headers=ben)).status_code == 200
    renewed = api.issuer.bearer("ana", sid="s3", gen=1)
    assert (await api.client.get("/v1/trash", headers=renewed)).status_code == 200


class TestWithoutRedis:
    @pytest.fixture
    def app(self, settings: Settings) -> FastAPI:
        nowhere = SecretStr(f"redis://127.0.0.1:{free_port()}")
        return create_app(settings.model_copy(update={"redis_url": nowhere}))

    async def test_tokens_pass_and_are_counted(self, api: Api):
        assert (await api.create("menu")).status_code == 201
        metrics = (await api.client.get("/metrics")).text
        assert "revocations_unread_total 1.0" in metrics
