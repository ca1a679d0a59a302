"""The four Python services as processes: how each is started, and with which settings.

They are programs to us, never imports. Settings are the environment variables that compose.yaml
gives them too; `env` may be changed between two starts.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_stack.logs import Log
from local_stack.process import Process
from local_stack.readiness import Server

REPOSITORY = Path(__file__).resolve().parents[3]
# What a service may know of the machine; everything else it is told by name.
_INHERITED = (
    "HOME", "LANG", "LC_ALL", "LOG_FORMAT", "LOG_LEVEL", "NOTES_DEBUG", "PATH", "TMPDIR", "TZ",
)  # fmt: skip


class Service(Server):
    """One service process that tells by GET /ready when it can work."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        port: int,
        env: Mapping[str, str],
        log: Log,
    ) -> None:
        self.name = name
        self.port = port
        self.env = {
            **{key: os.environ[key] for key in _INHERITED if key in os.environ},
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self.process = Process(
            name, [sys.executable, "-m", *arguments], env=self.env, cwd=REPOSITORY, log=log
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ready_url(self) -> str:
        """What answers once it can work."""
        return f"{self.url}/ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEnvironment:
    """What the services need to know of each other and of the servers below them."""

    public_url: str
    notes_database: str
    users_database: str
    redis: str
    users_port: int
    notes_port: int
    web_port: int
    gateway_ports: Sequence[int]
    users_api_key: str
    web_users_key: str
    users_encryption_key: str
    gateway_api_key: str
    web_secret: str
    sign_up: str

    @property
    def jwks(self) -> str:
        """Where the keys of access tokens are published."""
        return f"http://127.0.0.1:{self.users_port}/.well-known/jwks.json"


def users(environment: StackEnvironment) -> dict[str, str]:
    """The settings of users-service, as environment variables."""
    return {
        "USERS_PORT": str(environment.users_port),
        "USERS_DATABASE_URL": environment.users_database,
        "USERS_REDIS_URL": environment.redis,
        "USERS_API_KEYS": environment.users_api_key,
        "USERS_FORWARDING_KEYS": environment.web_users_key,
        "USERS_ENCRYPTION_KEY": environment.users_encryption_key,
        "USERS_SIGNUP": environment.sign_up,
        "USERS_PUBLIC_URL": environment.public_url,
        "USERS_GATEWAY_URL": f"http://127.0.0.1:{environment.gateway_ports[0]}",
        "USERS_GATEWAY_API_KEY": environment.gateway_api_key,
    }


def notes(environment: StackEnvironment) -> dict[str, str]:
    """The settings of notes-service, as environment variables."""
    return {
        "NOTES_PORT": str(environment.notes_port),
        "NOTES_DATABASE_URL": environment.notes_database,
        "NOTES_REDIS_URL": environment.redis,
        "NOTES_JWKS_URL": environment.jwks,
    }


def gateway(environment: StackEnvironment) -> dict[str, str]:
    """The settings of a gateway node, as environment variables."""
    return {
        "GATEWAY_CLIENT_ALLOWED_ORIGINS": environment.public_url,
        "GATEWAY_CLIENT_TOKEN_JWKS_PUBLIC_ENDPOINT": environment.jwks,
        "GATEWAY_HTTP_API_KEY": environment.gateway_api_key,
        "GATEWAY_ENGINE_REDIS_ADDRESS": environment.redis,
    }


def gateway_arguments(port: int) -> list[str]:
    """The module and the arguments of a gateway node."""
    config = str(REPOSITORY / "realtime-gateway" / "config" / "notes.json")
    return ["realtime_gateway", "--config", config, "--port", str(port)]


def web(environment: StackEnvironment) -> dict[str, str]:
    """The settings of web, as environment variables."""
    return {
        "WEB_PORT": str(environment.web_port),
        "WEB_PUBLIC_URL": environment.public_url,
        "WEB_NOTES_URL": f"http://127.0.0.1:{environment.notes_port}",
        "WEB_USERS_URL": f"http://127.0.0.1:{environment.users_port}",
        "WEB_USERS_API_KEY": environment.web_users_key,
        "WEB_GATEWAY_URL": f"http://127.0.0.1:{environment.gateway_ports[0]}",
        "WEB_GATEWAY_API_KEY": environment.gateway_api_key,
        "WEB_SECRET": environment.web_secret,
        "WEB_TRUSTED_PROXIES": "127.0.0.1",
    }
