"""What can be wrong with the machine, in sentences a person can act on.

Errors carry the facts; the sentence is made in `__str__`. The command line prints it and
nothing else.
"""

from dataclasses import dataclass


class StackError(Exception):
    """The stack cannot do what it was asked to do."""


class Interrupted(StackError):
    """Stopped while it was starting."""

    def __str__(self) -> str:
        return "Stopped before it was ready."


@dataclass(eq=False)
class PortTaken(StackError):
    """Something else listens on the port."""

    port: int
    holder: str | None = None

    def __str__(self) -> str:
        by = f" by {self.holder}" if self.holder else " by another program"
        return f"Port {self.port} is already in use{by}. Stop it, or choose another: --port N"


@dataclass(eq=False)
class PortForbidden(StackError):
    """Only root may listen on the port."""

    port: int

    def __str__(self) -> str:
        return (
            f"Port {self.port} is for root only on this machine. Choose one from 1024: --port N"
        )


@dataclass(eq=False)
class AlreadyRunning(StackError):
    """Another ./notes uses the same data."""

    pid: int
    data_dir: str

    def __str__(self) -> str:
        return (
            f"Notes already runs on this data (process {self.pid}, {self.data_dir}). "
            "Stop it with Ctrl-C, or use another directory: --data DIR"
        )


@dataclass(eq=False)
class MissingProgram(StackError):
    """A program that is needed is not installed."""

    program: str
    package: str

    def __str__(self) -> str:
        return (
            f"{self.program} is missing: the package {self.package} has no files for this "
            "platform. Notes runs on Linux (x86_64, aarch64; glibc 2.28 or newer) and macOS; "
            "elsewhere use docker compose."
        )


@dataclass(eq=False)
class DiskFull(StackError):
    """No space is left."""

    directory: str
    free_mib: int
    needed_mib: int

    def __str__(self) -> str:
        return (
            f"The disk is full: {self.free_mib} MiB are free for {self.directory}, "
            f"{self.needed_mib} MiB are needed. Make room, or use another directory: --data DIR"
        )


@dataclass(eq=False)
class NotWritable(StackError):
    """A folder cannot be written to."""

    directory: str
    reason: str

    def __str__(self) -> str:
        return (
            f"Cannot write to {self.directory}: {self.reason}. "
            "Use another directory: --data DIR"
        )


@dataclass(eq=False)
class NoPasswdEntry(StackError):
    """PostgreSQL does not start for a user without a name."""

    uid: int

    def __str__(self) -> str:
        return (
            f"The user id {self.uid} has no name on this machine (no passwd entry), and "
            "PostgreSQL refuses to run without one. Run as a user that has one, or as root."
        )


@dataclass(eq=False)
class NoRootlessWay(StackError):
    """PostgreSQL does not run as root, and there is no other user to become."""

    directory: str

    def __str__(self) -> str:
        return (
            "PostgreSQL does not run as root, and this machine refuses user namespaces, so it "
            f"must run as the user nobody, who cannot reach {self.directory}. "
            "Use a directory everyone may enter, for example --data /var/tmp/notes, "
            "or run as an ordinary user."
        )


@dataclass(eq=False)
class Failed(StackError):
    """A part ended, or did not become ready in time."""

    part: str
    what: str
    log_tail: str = ""

    def __str__(self) -> str:
        if "No space left on device" in self.log_tail:
            return f"{self.part} {self.what}: the disk is full. Make room, or use --data DIR"
        tail = f"\nIts last words:\n{self.log_tail}" if self.log_tail else ""
        return f"{self.part} {self.what}.{tail}"


@dataclass(eq=False)
class OldGlibc(StackError):
    """The C library is too old for the wheels of PostgreSQL and Valkey."""

    found: str

    def __str__(self) -> str:
        return (
            f"This machine's C library is too old or another one (found: {self.found}): the "
            "database's ready-made files need glibc 2.28 or newer (Debian 10, Ubuntu 18.10, "
            "RHEL 8). Use docker compose instead."
        )


@dataclass(eq=False)
class CannotInstall(StackError):
    """Packages could not be installed."""

    what: str
    advice: str

    def __str__(self) -> str:
        return f"Installation stopped: {self.what}.\n{self.advice}".rstrip()


@dataclass(eq=False)
class UnknownSecret(StackError):
    """No secret has that name."""

    name: str
    folder: str
    known: list[str]

    def __str__(self) -> str:
        known = ", ".join(self.known)
        return f"{self.name} in {self.folder} is nothing to replace here. There are: {known}"
