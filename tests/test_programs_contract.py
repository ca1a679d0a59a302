"""/api/v1 is what docs/topics/api.md says: notes-service's interface under /api, and the token
for the event stream. Whatever is sent, the answer is one that is documented, and none is a
server error.

The examples are always the same ones: what is found once is found by everybody.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)
from wired_stack import WiredStack

pytestmark = pytest.mark.long

NOTES = Path(__file__).parents[1] / "contracts" / "http" / "notes.json"
CONNECTION_TOKEN = {
    "operationId": "connection_token",
    "responses": {
        "200": {
            "description": "For the event stream",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["token", "expires_at"],
                        "properties": {
                            "token": {"type": "string"},
                            "expires_at": {"type": "string", "format": "date-time"},
                        },
                    }
                }
            },
        }
    },
}
# What the way in answers by itself, before notes-service is asked, as problem details.
BY_THE_WAY = {
    "401": "No personal token, or one that is not good",
    "403": "The token's scopes, or its person's role, do not allow it",
    "404": "No such address: a path with dots",
    "413": "The edge passes no body over 1 MiB on",
    "429": "Too many tries",
    "503": "A service is away",
}


def programs_interface() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(NOTES.read_text())
    document["paths"] = {f"/api{path}": each for path, each in document["paths"].items()}
    document["paths"]["/api/v1/connection-token"] = {"post": CONNECTION_TOKEN}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, words in BY_THE_WAY.items():
                operation["responses"].setdefault(status, {"description": words})
    return document


OPERATIONS = schemathesis.openapi.from_dict(programs_interface())


@pytest.fixture(scope="module")
def program(stack: WiredStack) -> dict[str, str]:
    """The headers of a program that may do everything."""
    person = stack.people.sign_up("Polly")
    wanted = {"name": "everything", "scopes": ["read", "write", "realtime"]}
    shown = {"Authorization": f"Bearer {person.session}"}
    made = httpx.post(
        f"{person.users_url}/v1/api-tokens", json=wanted, headers=shown, trust_env=False
    )
    return {"Authorization": f"Bearer {made.raise_for_status().json()['token']}"}


@OPERATIONS.parametrize()
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_any_request_of_a_program_gets_an_answer_that_is_documented(
    case: schemathesis.Case, stack: WiredStack, program: dict[str, str]
) -> None:
    # Rules go beyond a schema: what is accepted is tested rule by rule elsewhere.
    case.call_and_validate(
        base_url=stack.url,
        headers=program,
        excluded_checks=[
            positive_data_acceptance,
            negative_data_rejection,
            allow_header_conformance,
        ],
    )


def test_the_version_that_an_edge_tells_is_one_to_save_over_however_it_was_compressed(
    stack: WiredStack, program: dict[str, str]
) -> None:
    at = f"{stack.url}/api/v1/notes/compressed"
    words = {"title": "Menu", "body": "soup " * 400}
    with httpx.Client(headers=program, trust_env=False) as edge:
        made = edge.post(at.removesuffix("/compressed"), json={"key": "compressed", **words})
        assert made.status_code == 201
        for version, coding in enumerate(("identity", "gzip", "zstd", "gzip, zstd, br"), 1):
            read = edge.get(at, headers={"Accept-Encoding": coding})
            assert ("content-encoding" in read.headers) == (coding != "identity")
            tag = {"Accept-Encoding": coding, "If-None-Match": read.headers["etag"]}
            assert f'"{version}' in read.headers["etag"]
            assert edge.get(at, headers=tag).status_code == 304
            saved = edge.put(at, json=words, headers={"If-Match": read.headers["etag"]})
            assert (saved.status_code, saved.json()["version"]) == (200, version + 1)
