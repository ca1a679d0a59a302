"""The secret files that compose.yaml mounts: made once, one value each, replaced by name only.

Standard library only. Addresses with a password in them are secrets as a whole, and the server
reads its password out of the same file as its client: the two cannot disagree.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from local_stack.errors import UnknownSecret
from local_stack.files import rewrite, secret

SETUP_TOKEN = "setup_token"  # noqa: S105 (a file's name)
# The folder keeps others out. The files are readable because a container's user is not theirs.
_FOLDER_MODE, _FILE_MODE = 0o700, 0o444


def _random() -> str:
    return secrets.token_urlsafe(32)


MAKERS: dict[str, Callable[[], str]] = {
    "postgres_password": _random,
    "notes_database_url": lambda: f"postgresql://notes:{_random()}@postgres:5432/notes",
    "users_database_url": lambda: f"postgresql://users:{_random()}@postgres:5432/users",
    "redis_url": lambda: f"redis://:{_random()}@valkey:6379/0",
    # What operators and their programs show; web's is believed about addresses alone.
    "users_api_key": lambda: f"operator:{_random()}",
    "web_users_key": lambda: f"web:{_random()}",
    # 32 bytes, as AES-256 wants them. A backup of the database is worth little without it.
    "users_encryption_key": _random,
    "gateway_api_key": _random,
    "web_secret": _random,
    "grafana_password": _random,
    # A JSON object: client secrets by the names of PROVIDERS, for the operator to fill in.
    "provider_secrets": lambda: "{}",
    # For the operator to fill in, where the mail server wants one.
    "smtp_password": lambda: "(none)",
    SETUP_TOKEN: lambda: secrets.token_urlsafe(16),
}


def write(folder: Path) -> list[str]:
    """Make the files that are missing or empty; returns their names."""
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    missing = [name for name in MAKERS if not _has_text(folder / name)]
    for name in missing:
        secret(folder / name, MAKERS[name], mode=_FILE_MODE)
    return missing


ENCRYPTION_KEY = "users_encryption_key"

_ROLES = (
    "docker compose exec postgres"
    " psql -q -U notes_admin -d postgres -f /docker-entrypoint-initdb.d/notes.sql"
)
_ANEW = "docker compose up --detach --wait --force-recreate"
_GRAFANA = (
    "docker compose exec grafana sh -c 'grafana cli admin reset-admin-password"
    " --password-from-stdin < /run/secrets/grafana_password'"
)
# What takes a new value to where it counts. The operator's own secrets are written by hand.
STEPS: dict[str, list[str]] = {
    "postgres_password": [_ROLES],
    "notes_database_url": [_ROLES, f"{_ANEW} notes-service"],
    "users_database_url": [_ROLES, f"{_ANEW} users-service"],
    "redis_url": [f"{_ANEW} valkey users-service notes-service realtime-gateway"],
    "users_api_key": [f"{_ANEW} users-service"],
    "web_users_key": [f"{_ANEW} users-service web"],
    "gateway_api_key": [f"{_ANEW} realtime-gateway users-service web"],
    "web_secret": [f"{_ANEW} web"],
    "grafana_password": [_GRAFANA],
    SETUP_TOKEN: [f"{_ANEW} users-service"],
    ENCRYPTION_KEY: [
        f"{_ANEW} users-service",
        f"./notes secrets --forget {ENCRYPTION_KEY}",
        f"{_ANEW} users-service",
    ],
}


def rotate(folder: Path, name: str) -> list[str]:
    """Replace a secret's value; returns the commands that make it count.

    The old encryption key stays behind the new one, to open what it sealed, until `forget`.
    Raises UnknownSecret for one that is not there, or that only the operator can write.
    """
    if name not in STEPS or not _has_text(folder / name):
        raise UnknownSecret(name, str(folder), sorted(STEPS))
    old = (folder / name).read_text().strip()
    new = MAKERS[name]()
    rewrite(folder / name, f"{new} {old}" if name == ENCRYPTION_KEY else new)
    return STEPS[name]


def forget(folder: Path, name: str) -> None:
    """Take out the old value that `rotate` left behind the new one."""
    if name != ENCRYPTION_KEY or not _has_text(folder / name):
        raise UnknownSecret(name, str(folder), [ENCRYPTION_KEY])
    rewrite(folder / name, (folder / name).read_text().split()[0])


def _has_text(path: Path) -> bool:
    return path.exists() and bool(path.read_text().strip())
