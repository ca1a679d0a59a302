"""The service as an operator meets it: start, stop, several at once, its log."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from local_stack.postgres import Postgres
from service_kit import env
from users_running import KEY, PASSWORD, Process, environment, process
from users_service.settings import Settings

pytestmark = pytest.mark.slow

Refusal = Callable[[dict[str, str]], str]

CANARIES = ("canary-password", "canary-wrong", "canary-clear", "canary-key", "canary-setup")


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


def command(env: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "users_service", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """What the service says on the way out, read here: a start of Python costs a second."""

    def said(environ: dict[str, str]) -> str:
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", environ)
            with pytest.raises(SystemExit) as ended:
                env.load(Settings, environ)
        assert ended.value.code == 2
        return capsys.readouterr().err

    return said


@pytest.mark.long
def test_replicas_that_start_together_on_an_empty_database_make_the_tables_once(
    empty_database: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(empty_database, redis_url)
    with ExitStack() as stack:
        started: list[Process] = []

        def start(n: int) -> None:
            started.append(stack.enter_context(process(env, tmp_path / f"log{n}")))

        threads = [threading.Thread(target=start, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sets = [httpx.get(f"{p.url}/.well-known/jwks.json", trust_env=False) for p in started]
        assert len(sets) == 2
        assert sets[0].json() == sets[1].json()
        assert len(sets[0].json()["keys"]) == 1
    assert [p.process.returncode for p in started] == [0, 0]
    assert command(env, "migrate").returncode == 0
    rotated = command(env, "rotate-keys")
    assert (rotated.returncode, len(rotated.stdout.strip())) == (0, 32)


def test_ctrl_c_ends_it_cleanly_too(
    users_database: str, redis_url: str, tmp_path: Path
) -> None:
    # Every other test here ends its service by SIGTERM and finds the same.
    with process(environment(users_database, redis_url), tmp_path / "log") as running:
        assert httpx.get(f"{running.url}/health", trust_env=False).json() == {"status": "ok"}
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=15) == 0
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize(
    "missing",
    ["USERS_DATABASE_URL", "USERS_REDIS_URL", "USERS_API_KEYS", "USERS_ENCRYPTION_KEY"],
)
def test_a_missing_setting_is_named(missing: str, refusal: Refusal) -> None:
    given = environment("postgresql://x/y", "redis://x")
    del given[missing]
    assert refusal(given) == f"cannot start: {missing} is not set (nor {missing}_FILE)\n"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("USERS_API_KEYS", "canary-key"),
        ("USERS_SIGNUP", "sometimes"),
        ("USERS_ENCRYPTION_KEY", "canary-key"),
        ("USERS_DATABASE_URL", "mysql://canary-key@x/y"),
        ("USERS_REDIS_URL", "http://canary-key"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    setting: str, value: str, refusal: Refusal
) -> None:
    said = refusal({**environment("postgresql://x/y", "redis://x"), setting: value})
    assert said.startswith(f"cannot start: {setting} is wrong")
    assert "canary" not in said


def test_with_a_wrong_setting_and_a_missing_one_nothing_starts() -> None:
    given = {**environment("postgresql://x/y", "redis://x"), "USERS_SIGNUP": "canary"}
    del given["USERS_API_KEYS"]
    done = command(given)
    assert done.returncode == 2
    first, second = sorted(done.stderr.splitlines())
    assert first == "cannot start: USERS_API_KEYS is not set (nor USERS_API_KEYS_FILE)"
    assert second.startswith("cannot start: USERS_SIGNUP is wrong")
    assert "canary" not in done.stderr


def test_an_unreachable_database_is_said_in_one_line(redis_url: str) -> None:
    done = command(environment("postgresql://u:canary-key@127.0.0.1:1/none", redis_url))
    assert done.returncode == 1
    assert "the database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr


def act(running: Process) -> tuple[str, list[str]]:
    """Everything that takes a secret, done rightly and wrongly; returns answers and tokens."""
    account = {"username": "ivy", "password": "canary-password"}
    answers = []
    with httpx.Client(base_url=running.url, trust_env=False) as people:
        setup = {**account, "setup_token": "canary-setup-token"}
        for body in (setup, setup, account, {**account, "username": "a b"}):
            answers.append(people.post("/v1/accounts", json=body))
        signed_in = people.post("/v1/sessions", json=account)
        for wrong in ("canary-wrong", "canary-wrong" + "x" * 900):
            answers.append(people.post("/v1/sessions", json={**account, "password": wrong}))
        token = signed_in.json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        access = people.post("/v1/tokens", headers=headers).json()["token"]
        answers.append(people.get("/v1/sessions/current", headers=headers))
        answers.append(people.get("/find/ivy", auth=("them", "canary-key-wrong")))
        answers.append(people.delete("/v1/sessions/current", headers=headers))
        answers.append(people.delete("/v1/sessions/current", headers=headers))
    with httpx.Client(base_url=running.url, trust_env=False, auth=KEY) as program:
        code = program.post("/v1/invitations").json()["code"]
        clear: dict[str, object] = {"username": "old", "password": "canary-clear"}
        for given in (clear, clear, {**clear, "username": "\0"}, {**clear, "emails": 7}):
            answers.append(program.post("/create-user", json=given))
        answers.append(program.post("/create-user", data=clear))
        answers.append(program.post("/find-or-create", json={**clear, "provider": "x"}))
        answers.append(program.post("/update-user/old", json=clear))
        answers.append(program.post("/password-check", json=clear))
        answers.append(
            program.post("/password-check", json={**clear, "password": "canary-wrong"})
        )
        answers.append(program.get("/list"))
        json_type = {"Content-Type": "application/json"}
        broken = b'{"username": "old", "password": "canary-clear'
        answers.append(program.post("/create-user", content=broken, headers=json_type))
    return "\n".join(answer.text for answer in answers), [token, access, code]


def test_no_answer_and_no_log_line_holds_a_secret_and_each_login_is_one_line(
    users_database: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(
        users_database,
        redis_url,
        USERS_SETUP_TOKEN="canary-setup-token",
        USERS_API_KEYS=":".join(KEY) + ",other:canary-key-right",
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        NOTES_DEBUG="*",
    )
    with process(env, tmp_path / "log") as running:
        answers, tokens = act(running)
    log = running.log.read_text()
    for secret in (
        *CANARIES,
        *tokens,
        KEY[1],
        PASSWORD,
        "$argon2",
        "$2b$",
        "INSERT",
        "SELECT 1",
    ):
        assert secret not in log, secret
        assert secret not in answers, secret
    lines = [json.loads(line) for line in log.splitlines()]
    checks = [line for line in lines if line["message"].startswith("password check: ")]
    assert [line["message"].split()[-1] for line in checks] == [
        "ok", "wrong_credentials", "wrong_credentials", "ok", "wrong_credentials",
    ]  # fmt: skip
    assert all(len(line["account"]) == 36 for line in checks)
    assert [line["address"] for line in checks] == ["127.0.0.1"] * 3 + [None] * 2


def test_while_the_database_is_away_answers_are_503_and_then_all_is_well(
    servers_dir: Path, redis_url: str, tmp_path: Path
) -> None:
    postgres = Postgres(servers_dir / "users-postgres", durable=False)
    postgres.start()
    url = postgres.create_database("users")
    sent = {"username": "ivy", "password": PASSWORD}
    with (
        process(environment(url, redis_url), tmp_path / "log") as running,
        httpx.Client(base_url=running.url, trust_env=False, timeout=30) as client,
    ):
        assert client.post("/v1/accounts", json=sent).status_code == 201
        postgres.stop()
        for answer in (
            client.post("/v1/sessions", json=sent),
            client.get("/list", auth=KEY),
            client.get("/v1/sign-up"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json()["checks"] == {"database": False, "redis": True}
        assert client.get("/.well-known/jwks.json").json()["keys"]
        postgres.start()
        assert client.post("/v1/sessions", json=sent).status_code == 201
        assert client.get("/ready").status_code == 200
    postgres.stop()
    assert "Traceback" not in running.log.read_text()
