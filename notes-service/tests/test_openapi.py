"""The committed description of the interface is true: of the code, and of what it answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from note_tokens import Issuer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from service_process import running

COMMITTED = Path(__file__).parents[2] / "contracts" / "http" / "notes.json"
DOCUMENT = json.loads(COMMITTED.read_text())


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


OPERATIONS = [
    (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
