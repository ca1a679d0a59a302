"""The service as an operator runs it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from local_stack.postgres import Postgres
from note_api import refusal
from note_tokens import Issuer
from service_process import ServiceProcess, running

pytestmark = pytest.mark.slow

Environment = dict[str, str]


@pytest.fixture
def environment(notes_url: str, redis_url: str, issuer: Issuer) -> Environment:
    return {
        "NOTES_DATABASE_URL": notes_url,
        "NOTES_REDIS_URL": redis_url,
        "NOTES_JWKS_URL": issuer.url,
    }


def run(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "notes_service", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["NOTES_DATABASE_URL", "NOTES_REDIS_URL", "NOTES_JWKS_URL"])
def test_a_missing_setting_ends_the_start_with_its_name(name):
    settings = {
        "NOTES_DATABASE_URL": "postgresql://u:secret@h/d",
        "NOTES_REDIS_URL": "redis://h",
        "NOTES_JWKS_URL": "http://h",
    }
    del settings[name]
    done = run(settings)
    assert done.returncode == 2
    assert done.stderr == f"cannot start: {name} is not set (nor {name}_FILE)\n"


def test_an_unknown_command_explains_the_known_ones():
    done = run({}, "dance")
    assert done.returncode == 2
    assert "migrate" in done.stderr


async def test_it_stops_cleanly_when_it_is_told_to(environment: Environment):
    service = ServiceProcess(environment)
    await service.start()
    assert await asyncio.to_thread(service.terminate) == 0


async def test_it_says_whether_it_is_ready_and_what_it_counts(
    environment: Environment, issuer: Issuer
):
    async with running(environment) as service, httpx.AsyncClient(base_url=service.url) as http:
        assert (await http.get("/health")).json() == {"status": "ok"}
        ready = await http.get("/ready")
        assert ready.json() == {
            "status": "ready",
            "checks": {"postgresql": True, "redis": True},
        }
        note = {"title": "t", "body": "b"}
        created = await http.post("/v1/notes", json=note, headers=issuer.bearer("ana"))
        assert created.status_code == 201
        metrics = (await http.get("/metrics")).text
        assert 'notes_saves_total{kind="create"} 1.0' in metrics
        assert "notes_relay_lag_seconds" in metrics
        assert 'http_requests_total{method="POST",route="/v1/notes",status="201"}' in metrics


async def test_redis_is_not_needed_for_readiness(environment: Environment):
    without = environment | {"NOTES_REDIS_URL": "redis://127.0.0.1:1/0"}
    async with running(without) as service, httpx.AsyncClient(base_url=service.url) as http:
        ready = await http.get("/ready")
        assert (ready.status_code, ready.json()["checks"]["redis"]) == (200, False)


async def test_while_postgresql_is_away_answers_are_503_and_come_back_by_themselves(
    environment: Environment, servers_dir: Path, issuer: Issuer
):
    server = Postgres(servers_dir / "postgres-that-dies", durable=True)
    server.start()
    url = server.create_database()
    acknowledged: list[str] = []
    try:
        async with (
            running(environment | {"NOTES_DATABASE_URL": url}) as service,
            httpx.AsyncClient(
                base_url=service.url, headers=issuer.bearer("ana"), timeout=20
            ) as http,
        ):

            async def create(number: int) -> httpx.Response:
                key = f"n{number}"
                note = {"key": key, "title": "t", "body": "b"}
                answer = await http.post("/v1/notes", json=note)
                if answer.status_code == 201:
                    acknowledged.append(key)
                return answer

            assert (await create(0)).status_code == 201
            writing = [asyncio.create_task(create(number)) for number in range(1, 60)]
            await asyncio.sleep(0.02)
            await asyncio.to_thread(server.kill)
            for answer in await asyncio.gather(*writing):
                assert answer.status_code == 201 or refusal(answer) == (503, "unavailable")
            away = await http.get("/v1/notes")
            assert refusal(away) == (503, "unavailable")
            assert away.headers["retry-after"] == "1"
            assert (await http.get("/ready")).status_code == 503
            assert (await http.get("/health")).status_code == 200

            await asyncio.to_thread(server.start)
            for _ in range(500):
                if (await http.get("/ready")).status_code == 200:
                    break
                await asyncio.sleep(0.01)
            assert (await create(100)).status_code == 201
            for key in acknowledged:
                assert (await http.get(f"/v1/notes/{key}")).status_code == 200
    finally:
        server.stop()
