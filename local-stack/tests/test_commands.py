"""`./notes` says plainly what it can do, what is wrong, and what it will not do."""

import ast
import os
import shutil
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from local_stack import files, locks, secret_files
from local_stack.bootstrap import Environment
from local_stack.errors import DiskFull, Failed, NoPasswdEntry, OldGlibc, StackError
from local_stack.lock import held
from local_stack.logs import Log
from local_stack.options import _at_once
from local_stack.suite import is_part
from local_stack.up import operators_choice

pytestmark = pytest.mark.quick  # nothing is installed or started by these commands
ROOT = Path(__file__).resolve().parents[2]


def notes(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "notes", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_help_names_every_command_from_any_directory(tmp_path: Path) -> None:
    done = notes("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("up", "test", "check", "bench", "reset", "secrets", "locks"):
        assert f"\n    {command} " in done.stdout
    assert "./notes up --demo" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["up", "--port", "99999"], "99999 is not a port"),
        (["up", "--frob"], "unknown argument: --frob"),
        (["frob"], "invalid choice: 'frob'"),
        (["bench", "frob"], "invalid choice: 'frob'"),
    ],
)
def test_a_wrong_word_is_named(arguments: list[str], says: str) -> None:
    done = notes(*arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_what_follows_the_name_of_a_benchmark_is_the_benchmarks() -> None:
    assert "{attacks,gateway," in notes("bench", "--help").stdout
    done = notes("bench", "gateway", "--help")
    assert done.returncode == 0
    assert "usage: python -m gateway_bench" in done.stdout


def test_the_help_of_test_says_how_to_run_a_part_of_it() -> None:
    said = notes("test", "--help").stdout
    for part in (
        "--scripts",
        "--quick",
        "--long",
        "--no-browser",
        "--last-failed",
        "notes-service -k relay",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], False),
        (["-x", "--durations=9"], False),
        (["notes-service"], True),
        (["-k", "relay"], True),
        (["-krelay"], True),
        (["-m", "alone"], True),
        (["--last-failed"], True),
    ],
)
def test_all_tests_are_run_unless_some_are_chosen(arguments: list[str], chosen: bool) -> None:
    assert is_part(arguments) is chosen


def test_the_command_stays_readable_for_old_pythons() -> None:
    text = (ROOT / "notes").read_text()
    before, _, after = text.partition("from local_stack.commands import main")
    assert "sys.version_info < (3, 11)" in before
    assert after
    ast.parse(text, feature_version=(3, 4))
    for newer in ("match ", ":=", 'f"', "from __future__", "->"):
        assert newer not in text


def test_reset_deletes_only_after_a_yes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "lock").touch()
    (data / "something").write_text("a note")
    refused = notes("reset", "--data", str(data))
    assert refused.returncode == 1
    assert "Nothing was deleted" in refused.stdout
    assert data.exists()
    assert notes("reset", "--data", str(data), "--yes").returncode == 0
    assert not data.exists()


def test_reset_leaves_a_directory_alone_that_is_not_ours(tmp_path: Path) -> None:
    done = notes("reset", "--data", str(tmp_path), "--yes")
    assert done.returncode == 1
    assert "does not look like a data directory of Notes" in done.stderr
    assert tmp_path.exists()


def test_reset_leaves_a_running_stacks_data_alone(tmp_path: Path) -> None:
    with held(tmp_path):
        done = notes("reset", "--data", str(tmp_path), "--yes")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    assert tmp_path.exists()


def test_secrets_are_written_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    done = notes("secrets", str(folder))
    assert done.returncode == 0
    assert str(folder / secret_files.SETUP_TOKEN) in done.stdout
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(first) == set(secret_files.MAKERS)
    assert not any(text.strip() in done.stdout for text in first.values())
    (folder / "web_secret").unlink()
    kept = len(secret_files.MAKERS) - 1
    assert f"wrote 1 files, kept {kept}" in notes("secrets", str(folder)).stdout
    second = {path.name: path.read_text() for path in folder.iterdir()}
    assert {name for name in first if first[name] != second[name]} == {"web_secret"}


def test_secrets_are_kept_from_others_by_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    old = os.umask(0o077)
    try:
        secret_files.write(folder)
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # Mounted into a container, a file must be readable for the container's user.
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_secret_is_replaced_in_its_file_and_what_to_type_next_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    secret_files.write(folder)
    for name in sorted(secret_files.STEPS):
        path = folder / name
        old, inode = path.read_text().strip(), path.stat().st_ino
        done = notes("secrets", "--rotate", name, str(folder))
        new = path.read_text().strip()
        assert new.split()[0] != old
        # A container that runs has the file, not its name.
        assert path.stat().st_ino == inode
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
        assert old not in done.stdout
        assert new not in done.stdout
        assert "  docker compose " in done.stdout


def test_the_old_encryption_key_stays_behind_the_new_one_until_it_is_forgotten(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "secrets"
    secret_files.write(folder)
    path = folder / secret_files.ENCRYPTION_KEY
    old = path.read_text().strip()
    notes("secrets", "--rotate", secret_files.ENCRYPTION_KEY, str(folder))
    new, kept = path.read_text().split()
    assert kept == old
    notes("secrets", "--forget", secret_files.ENCRYPTION_KEY, str(folder))
    assert path.read_text() == f"{new}\n"


@pytest.mark.parametrize(
    "name", ["smtp_password", "provider_secrets", "nothing", "../web_secret"]
)
def test_a_secret_that_only_the_operator_can_write_is_left_alone(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "secrets"
    secret_files.write(folder)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    done = notes("secrets", "--rotate", name, str(folder))
    assert done.returncode == 1
    assert "nothing to replace here" in done.stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_no_lock_file_names_an_address() -> None:
    for lock in locks.LOCKS:
        assert "://" not in (ROOT / lock.path).read_text()


def test_a_lock_file_that_is_older_than_its_inputs_is_named(tmp_path: Path) -> None:
    for lock in locks.LOCKS:
        for name in [lock.path, *lock.sources]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text((ROOT / name).read_text())
    web = tmp_path / "web" / "pyproject.toml"
    web.write_text(web.read_text().replace('"jinja2>=3.1"', '"jinja2>=3.2"'))
    older = {sentence.split(" is older")[0] for sentence in locks.out_of_step(tmp_path)}
    assert older >= {"requirements/dev.lock", "requirements/web.lock"}
    assert "requirements/node.lock" not in older


def test_an_old_c_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "confstr", lambda name: "glibc 2.17")
    with pytest.raises(OldGlibc, match=r"found: glibc 2\.17.*2\.28 or newer"):
        Environment(tmp_path).ensure()


@pytest.mark.parametrize(
    ("made_by", "is_there", "folder"),
    [
        (None, False, ".venv"),
        (sys.version.split()[0], True, ".venv"),
        ("3.99.1", True, f".venv-{sys.version_info.major}.{sys.version_info.minor}"),
        ("3.99.1", False, ".venv"),
    ],
    ids=["nobody", "this Python", "another Python", "one that is gone"],
)
def test_each_python_has_an_environment_of_its_own(
    made_by: str | None, is_there: bool, folder: str, tmp_path: Path
) -> None:
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    if made_by:
        (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = /x\nversion = {made_by}\n")
        (programs / "python").symlink_to(sys.executable if is_there else "/nowhere/python")
    assert Environment(tmp_path).folder.name == folder


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 5 * 2**20))
    with pytest.raises(DiskFull, match="The disk is full: 5 MiB are free"):
        files.require_room(tmp_path)
    assert "the disk is full" in str(Failed("postgres", "ended", "No space left on device"))


def test_a_user_without_a_name_is_told_so() -> None:
    assert "no passwd entry" in str(NoPasswdEntry(4242))
    assert isinstance(NoPasswdEntry(4242), StackError)


def test_a_log_never_grows_over_twice_its_limit(tmp_path: Path) -> None:
    log = Log("web", tmp_path / "web.log", limit=1000)
    for number in range(1000):
        log.write(f"line {number}\n".encode())
    log.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2200
    assert log.tail(1) == "line 999"


def test_up_hands_on_sign_in_and_mail_and_nothing_else_of_the_environment() -> None:
    chosen = {
        "USERS_PROVIDERS": "[]",
        "USERS_PROVIDER_SECRETS_FILE": "f",
        "USERS_SMTP_HOST": "localhost",
        "USERS_SMTP_PASSWORD_FILE": "f",
    }
    assert (
        operators_choice({**chosen, "USERS_PORT": "1", "USERS_ENCRYPTION_KEY": "x"}) == chosen
    )


@pytest.mark.parametrize(
    ("cores", "memory_gib", "workers"),
    [(1, 2, 2), (2, 8, 2), (2, 16, 3), (4, 12, 4), (64, 256, 6)],
)
def test_as_many_tests_run_at_a_time_as_cores_and_memory_bear(
    cores: int, memory_gib: float, workers: int
) -> None:
    assert _at_once(cores, memory_gib) == workers
