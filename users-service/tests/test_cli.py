"""`notes-users` against a service as a process: once as a process itself, else called here."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey
from users_running import KEY, Process, environment, process
from users_service.cli.legacy import _parser, base_url, main

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def server(
    postgres: Postgres, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    url = postgres.create_database()
    log = tmp_path_factory.mktemp("users") / "log"
    with process(environment(url, valkey.url), log) as running:
        yield running
    assert running.process.returncode == 0
    postgres.drop_database(url)


@pytest.fixture
def environ(server: Process) -> dict[str, str]:
    return {"USERS_API_KEY": ":".join(KEY), "PORT": server.url.rpartition(":")[2]}


@pytest.fixture
def command(environ: dict[str, str]) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "users_service.cli", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def cli(
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    def run(
        *arguments: str, env: dict[str, str] | None = None, typed: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", environ if env is None else env)
            patched.setattr(sys, "stdin", io.StringIO(typed))
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        said = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run


def shown(done: "subprocess.CompletedProcess[str]", what: str = "") -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(what)
    return json.loads(done.stdout.removeprefix(what))


def test_the_life_of_an_account_from_the_command_line(command: Run) -> None:
    cli = command
    names = ["--given-name", "Ivy", "--family-name", "Smith", "--middle-name", "M"]
    made = cli("add", "ivy", "--password", "w0rd", *names, "--email", "ivy@example.org")
    account = shown(made, "Created ")
    assert account == {
        "id": "ivy", "username": "ivy", "provider": "local", "familyName": "Smith",
        "givenName": "Ivy", "middleName": "M", "emails": ["ivy@example.org"], "photos": [],
    }  # fmt: skip
    assert shown(cli("find", "ivy"), "Found ") == account
    assert shown(cli("find-or-create", "ivy"), "Found or Created ") == account
    assert shown(cli("password-check", "ivy", "w0rd")) == {"check": True, "username": "ivy"}
    changed = shown(cli("update", "ivy", "--given-name", "I."), "Updated ")
    assert changed == {**account, "givenName": "I."}
    assert [user["id"] for user in shown(cli("list-users"))] == ["ivy"]
    assert shown(cli("destroy", "ivy"), "Deleted - result= ") == {}
    assert shown(cli("list-users")) == []


def test_an_account_needs_no_password(cli: Run) -> None:
    shown(cli("add", "bare"), "Created ")
    tried = cli("password-check", "bare", "undefined")
    assert (tried.returncode, json.loads(tried.stdout)["check"]) == (1, False)
    shown(cli("destroy", "bare"), "Deleted - result= ")


def test_a_password_may_come_from_standard_input(cli: Run) -> None:
    shown(cli("add", "typed", "--password", "-", typed="typed in\n"), "Created ")
    assert shown(cli("password-check", "typed", "-", typed="typed in\n"))["check"] is True
    shown(cli("destroy", "typed"), "Deleted - result= ")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["find", "nobody"], 1, "there is no account nobody"),
        (["destroy", "nobody"], 1, "there is no account nobody"),
        (["update", "nobody"], 1, "there is no account nobody"),
        (["add", " "], 1, "username is missing"),
        (["-p", "1", "list-users"], 1, "no answer from http://localhost:1"),
        (["-p", "x", "list-users"], 2, "a port is a number, not x"),
        (["list-users", "-h", "localhost:x"], 2, "a port is a number, not x"),
        (["-u", "ftp://x", "list-users"], 2, "--url looks like"),
        (["nonsense"], 2, "invalid choice"),
        ([], 2, "required"),
        (["find"], 2, "required"),
    ],
)
def test_what_went_wrong_is_said_in_one_sentence(
    cli: Run, arguments: list[str], code: int, said: str
) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_account_of_a_name_is_refused(cli: Run) -> None:
    shown(cli("add", "twice"), "Created ")
    again = cli("add", "twice")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "notes-users: the username twice is taken\n"
    shown(cli("destroy", "twice"), "Deleted - result= ")


def test_host_port_and_url_say_where(cli: Run, server: Process) -> None:
    key = {"USERS_API_KEY": ":".join(KEY)}
    port = server.url.rpartition(":")[2]
    for where in (
        ["-u", server.url],
        ["--url", server.url],
        ["-h", "127.0.0.1", "-p", port],
        ["--host", "localhost", "--port", port],
        ["-h", f"127.0.0.1:{port}"],
    ):
        assert shown(cli(*where, "list-users", env=key)) == []
        assert shown(cli("list-users", *where, env=key)) == []


@pytest.mark.parametrize(
    ("line", "base"),
    [
        ("find ivy", "http://localhost:9"),
        ("-h h find ivy", "http://h:9"),
        ("-h h:1 find ivy", "http://h:1"),
        ("find ivy -h h:1", "http://h:1"),
        ("find -h h:1 ivy", "http://h:1"),
        ("find ivy --host=h:1 --port 2", "http://h:2"),
        ("-p 2 find ivy", "http://localhost:2"),
        ("find ivy -p2", "http://localhost:2"),
        ("-p 2 find ivy -h h", "http://h:2"),
        ("-p 2 find ivy -p 3", "http://localhost:3"),
        ("list-users -u https://u:4", "https://u:4"),
        ("list-users -u https://u -h h:1", "https://u:1"),
        ("-h [::1]:5 list-users", "http://[::1]:5"),
        ("list-users -h [::1]", "http://[::1]:9"),
        ("list-users -h ::1", "http://[::1]:9"),
        ("role ivy admin -h h:1", "http://h:1"),
        ("accounts --search x -h h:1", "http://h:1"),
    ],
)
def test_where_the_service_is_stands_before_the_command_or_behind_it(
    line: str, base: str
) -> None:
    assert base_url(_parser().parse_args(line.split()), {"PORT": "9"}) == base


def test_the_api_key_may_lie_in_a_file_and_must_be_right(
    cli: Run, server: Process, tmp_path: Path
) -> None:
    secret = tmp_path / "key"
    secret.write_text(":".join(KEY) + "\n")
    where = ["-u", server.url, "list-users"]
    assert shown(cli(*where, env={"USERS_API_KEY_FILE": str(secret)})) == []
    for env, code, said in [
        ({}, 2, "USERS_API_KEY is not set"),
        ({"USERS_API_KEY": "no-colon"}, 2, "USERS_API_KEY is name:secret"),
        ({"USERS_API_KEY_FILE": "/nowhere"}, 2, "/nowhere"),
        ({"USERS_API_KEY": "them:wrong"}, 1, "the service does not know this API key"),
    ]:
        done = cli(*where, env=env)
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
        assert "wrong" not in done.stderr


def test_help_is_there_although_h_is_the_host(cli: Run) -> None:
    done = cli("--help", env={})
    assert done.returncode == 0
    for command in ("add", "find-or-create", "update", "destroy", "find", "list-users",
                    "password-check", "invite", "USERS_API_KEY"):  # fmt: skip
        assert command in done.stdout
    assert "--family-name" in cli("add", "--help", env={}).stdout


def test_an_invited_administrator_comes_in(cli: Run, server: Process) -> None:
    invited = shown(cli("invite", "--admin"), "Invited ")
    sent = {"username": "boss", "password": "a quiet river", "invite": invited["code"]}
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        account = browser.post("/v1/accounts", json=sent).json()
    assert account["roles"] == ["editor", "admin"]
    refused = cli("destroy", "boss")
    assert refused.returncode == 1
    assert "last administrator" in refused.stderr


def test_an_operator_runs_the_accounts_from_the_command_line(cli: Run, server: Process) -> None:
    shown(cli("add", "ivy", "--password", "w0rd", "--email", "ivy@example.org"), "Created ")
    assert shown(cli("role", "ivy", "reader"))["roles"] == ["reader"]
    assert shown(cli("disable", "IVY"))["disabled_at"] is not None
    disabled = shown(cli("accounts", "--search", "example.org", "--disabled"))["accounts"]
    assert [account["username"] for account in disabled] == ["ivy"]
    admins = shown(cli("accounts", "--role", "admin"))["accounts"]
    assert "ivy" not in [account["username"] for account in admins]
    assert shown(cli("enable", "ivy"))["disabled_at"] is None
    assert shown(cli("end-sessions", "ivy")) == {}
    token = shown(cli("reset-link", "ivy"))["token"]
    sent = {"token": token, "password": "a quiet river"}
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        assert browser.post("/v1/password-resets", json=sent).status_code == 204
    assert shown(cli("password-check", "ivy", "a quiet river"))["check"] is True
    events = [line["event"] for line in shown(cli("audit", "--limit", "3"))["events"]]
    assert events == ["password_checked", "password_reset", "reset_link_created"]
    made = shown(cli("audit", "--event", "roles_changed"))["events"]
    assert [(line["actor"], line["account"]) for line in made] == [("api key them", "ivy")]
    shown(cli("destroy", "ivy"), "Deleted - result= ")


def test_an_operator_revokes_invitations_and_hears_who_does_not_exist(cli: Run) -> None:
    invited = shown(cli("invite"), "Invited ")
    listed = shown(cli("invitations"))["invitations"]
    assert [each["id"] for each in listed] == [invited["id"]]
    assert shown(cli("revoke-invitation", invited["id"])) == {}
    again = cli("revoke-invitation", invited["id"])
    assert (again.returncode, again.stderr) == (
        1,
        "notes-users: there is no such open invitation\n",
    )
    nobody = cli("disable", "nobody")
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "notes-users: there is no account nobody\n",
    )
