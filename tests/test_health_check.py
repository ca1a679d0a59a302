"""compose/health.py, the check inside each container: what is healthy, and what is hung."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from compose_file import ROOT

PROGRAM = ROOT / "compose" / "health.py"


class Service(ThreadingHTTPServer):
    """Answers as it is told, or not at all."""

    statuses = {"/health": 200, "/ready": 200}  # noqa: RUF012
    silent = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Answers(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        if not self.server.silent:
            self.send_response(self.server.statuses[self.path])
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Check:
    """The program with a memory and a clock of its own, and nothing that it can kill."""

    def __init__(self, module: Any, port: int) -> None:
        self.killed = 0
        self.now = 1000.0
        self._module, self._port = module, port

    def asks(self, *, after: float = 10.0) -> bool:
        """Whether it says healthy, `after` seconds."""
        self.now += after
        return int(self._module.main(self._port)) == 0


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(("127.0.0.1", 0), _Answers) as service:
        service.statuses = dict(Service.statuses)
        thread = Thread(target=service.serve_forever)
        thread.start()
        yield service
        service.shutdown()
        thread.join()


@pytest.fixture
def check(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    spec = importlib.util.spec_from_file_location("health_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = Check(module, service.port)
    monkeypatch.setattr(module, "MEMORY", str(tmp_path / "health"))
    monkeypatch.setattr(module, "tell", lambda _: None)
    monkeypatch.setattr(module, "time", type("Clock", (), {"monotonic": lambda: made.now}))
    monkeypatch.setattr(module, "kill", lambda: setattr(made, "killed", made.killed + 1))
    return made


def test_a_service_is_healthy_where_it_is_ready(service: Service, check: Check) -> None:
    assert check.asks()
    service.statuses["/ready"] = 503
    assert not check.asks()


def test_what_is_not_ready_for_hours_is_never_killed(service: Service, check: Check) -> None:
    service.statuses["/ready"] = 503
    assert not any(check.asks() for _ in range(1000))
    assert not check.killed


def test_a_service_that_is_silent_for_a_minute_is_killed(
    service: Service, check: Check
) -> None:
    assert check.asks()
    service.silent = True
    for _ in range(5):
        assert not check.asks()
    assert not check.killed
    check.asks()
    assert check.killed == 1


def test_one_answer_in_between_starts_the_minute_anew(service: Service, check: Check) -> None:
    check.asks()
    for silent in (True, True, True, False, True, True, True):
        service.silent = silent
        check.asks(after=15)
    assert not check.killed


def test_a_long_pause_of_the_machine_kills_nothing(service: Service, check: Check) -> None:
    check.asks()
    service.silent = True
    check.asks(after=3600)
    check.asks()
    assert not check.killed


def test_a_start_that_takes_long_is_waited_for(service: Service, check: Check) -> None:
    service.silent = True
    assert not any(check.asks() for _ in range(100))
    assert not check.killed


@pytest.mark.parametrize("status", [500, 503])
def test_a_service_that_answers_badly_answers(
    service: Service, check: Check, status: int
) -> None:
    service.statuses = {"/health": status, "/ready": status}
    assert not any(check.asks() for _ in range(20))
    assert not check.killed


@pytest.mark.slow
def test_the_program_runs_on_a_bare_python(service: Service, tmp_path: Path) -> None:
    asked = [sys.executable, "-IS", str(PROGRAM), str(service.port)]
    env = {"TMPDIR": str(tmp_path)}
    assert subprocess.run(asked, env=env, check=False).returncode == 0
    service.statuses["/ready"] = 503
    assert subprocess.run(asked, env=env, check=False).returncode == 1
