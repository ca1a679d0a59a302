"""The committed description of the interface is true: of the code, and of what it answers."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from note_tokens import Issuer
from service_process import running

COMMITTED = Path(__file__).parents[2] / "contracts" / "http" / "notes.json"
DOCUMENT = json.loads(COMMITTED.read_text())


@pytest.mark.slow
def test_the_committed_openapi_is_what_the_service_says():
    """If it is not: python -m notes_service openapi > contracts/http/notes.json"""
    done = subprocess.run(
        [sys.executable, "-m", "notes_service", "openapi"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == DOCUMENT


def test_every_operation_says_how_it_refuses():
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            assert {"401", "422", "503"} <= operation["responses"].keys(), (method, path)


@pytest.mark.long
async def test_whatever_is_sent_every_answer_is_documented_and_none_is_a_server_error(
    notes_url: str, redis_url: str, issuer: Issuer
):
    environment = {
        "NOTES_DATABASE_URL": notes_url,
        "NOTES_REDIS_URL": redis_url,
        "NOTES_JWKS_URL": issuer.url,
    }
    async with running(environment) as service:
        done = await asyncio.to_thread(
            _schemathesis, service.url, issuer.bearer("ana")["Authorization"]
        )
    assert done.returncode == 0, done.stdout[-6000:]


def _schemathesis(url: str, authorization: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", str(COMMITTED)),
            *("--url", url, "-H", f"Authorization: {authorization}"),
            *("--max-examples", "10", "--checks", "all"),
            # The same examples for everybody, so that what is found can be found again.
            "--generation-deterministic",
            # Some rules (stripped lengths, NUL, versions) are not sayable in JSON Schema; and
            # Starlette names only the first route's methods in Allow.
            *("--exclude-checks", "positive_data_acceptance,allow_header_conformance"),
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
