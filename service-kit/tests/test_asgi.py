import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from service_kit import asgi
from service_kit.asgi import bodies


class Thing(BaseModel):
    secret: int


def an_app(checks=None, optional=frozenset()):
    app = FastAPI()

    async def ready():
        return checks or {"database": True}

    asgi.install(
        app, ready=ready, registry=CollectorRegistry(), max_body=100, optional=optional
    )

    @app.post("/things/{name}")
    async def make(name: str, thing: Thing) -> str:
        return name

    @app.get("/broken")
    async def broken() -> str:
        raise RuntimeError("the inside")

    return app


@pytest.fixture
async def client():
    transport = httpx.ASGITransport(an_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "json", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "not_found"),
        ("DELETE", "/things/a", None, 405, "method_not_allowed"),
        ("POST", "/things/a", {"secret": "word"}, 422, "invalid_request"),
        ("GET", "/broken", None, 500, "internal_error"),
        (
            "POST",
            "/things/a",
            {"secret": 1, "more": "x" * 200},
            413,
            "request_entity_too_large",
        ),
    ],
)
async def test_every_error_is_a_problem_with_a_code(client, method, path, json, status, code):
    answer = await client.request(method, path, json=json)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == answer.json()["status"] == status
    assert (
        answer.json()["code"].replace("content_too_large", "request_entity_too_large") == code
    )


async def test_a_refused_field_is_named_and_its_value_kept_secret(client):
    answer = await client.post("/things/a", json={"secret": "hunter2"})
    assert answer.json()["errors"][0]["field"] == "body.secret"
    assert "hunter2" not in answer.text


async def test_nothing_of_the_inside_reaches_a_client(client):
    assert "inside" not in (await client.get("/broken")).text


async def test_a_body_that_does_not_say_its_length_is_bounded_too(client):
    async def chunks():
        for _ in range(10):
            yield b"x" * 50

    answer = await client.post("/things/a", content=chunks())
    assert answer.status_code == 413


async def test_a_broken_body_is_called_broken(client):
    answer = await client.post(
        "/things/a", content=b"{", headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1", True), ("", False), ("a b", False), ("x" * 65, False)]
)
async def test_a_request_id_travels_if_it_is_a_plain_one(client, given, kept):
    answer = await client.get("/health", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.headers["x-request-id"]


async def test_metrics_count_by_route_and_not_by_path(client):
    await client.post("/things/one", json={"secret": 1})
    await client.post("/things/two", json={"secret": 1})
    text = (await client.get("/metrics")).text
    assert 'http_requests_total{method="POST",route="/things/{name}",status="200"} 2.0' in text
    assert "/things/one" not in text


@pytest.mark.parametrize(
    ("checks", "status"),
    [({"db": True, "redis": False}, 200), ({"db": False, "redis": True}, 503)],
)
async def test_only_what_is_needed_makes_a_service_unready(checks, status):
    transport = httpx.ASGITransport(an_app(checks, frozenset({"redis"})))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["checks"]) == (status, checks)


async def test_a_body_that_does_not_arrive_in_time_is_refused(client, monkeypatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)

    async def begun():
        yield b"{"
        await asyncio.Event().wait()

    answer = await client.post("/things/a", content=begun())
    assert answer.status_code == 408
    assert answer.headers["Connection"] == "close"


async def test_how_long_an_answer_takes_is_not_bounded_by_its_body(monkeypatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.0)
    went = asyncio.get_running_loop().create_future()
    app = an_app()

    @app.post("/wait")
    async def wait(request: Request) -> str:
        await request.body()
        asyncio.get_running_loop().call_later(0.05, went.set_result, None)
        return (await request.receive())["type"]

    sent = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        for message in sent:
            return message
        await went
        return {"type": "http.disconnect"}

    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/wait", "headers": [],
             "query_string": b"", "http_version": "1.1"}  # fmt: skip
    await app(scope, receive, send)
    assert answers[0]["status"] == 200
    assert answers[1]["body"] == b'"http.disconnect"'


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_what_answers_get_answers_head_without_the_body(client, path):
    got, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert head.headers["X-Request-Id"]


async def test_what_is_allowed_is_told_whole(client):
    refused = await client.delete("/health")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert (await client.head("/things/a")).status_code in (404, 405)


async def test_routes_get_what_the_lifespan_has_made():
    app = FastAPI()

    @app.middleware("http")
    async def state(request: Request, call_next):
        request.state.notes = "made"
        return await call_next(request)

    @app.get("/notes")
    async def notes(notes: Annotated[str, Depends(asgi.from_state("notes"))]) -> str:
        return notes

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kit") as client:
        assert (await client.get("/notes")).json() == "made"
