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
from local_stack.readiness import wait_until_answers

REPOSITORY = Path(__file__).resolve().parents[3]
# What a service may know of the machine; everything else it is told by name.
_INHERITED = (
    "HOME", "LANG", "LC_ALL", "LOG_FORMAT", "LOG_LEVEL", "NOTES_DEBUG", "PATH", "TMPDIR", "TZ",
)  # fmt: skip


class Service:
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
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it can work."""
        self.process.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        wait_until_answers(self.process, f"{self.url}/ready")

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
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
        return f"http://127.0.0.1:{self.users_port}/.well-known/jwks.json"


def users(around: Surroundings) -> dict[str, str]:
    return {
        "USERS_PORT": str(around.users_port),
        "USERS_DATABASE_URL": around.users_database,
        "USERS_REDIS_URL": around.redis,
        "USERS_API_KEYS": around.users_api_key,
        "USERS_FORWARDING_KEYS": around.web_users_key,
        "USERS_ENCRYPTION_KEY": around.users_encryption_key,
        "USERS_SIGNUP": around.sign_up,
        "USERS_PUBLIC_URL": around.public_url,
        "USERS_GATEWAY_URL": f"http://127.0.0.1:{around.gateway_ports[0]}",
        "USERS_GATEWAY_API_KEY": around.gateway_api_key,
    }


def notes(around: Surroundings) -> dict[str, str]:
    return {
        "NOTES_PORT": str(around.notes_port),
        "NOTES_DATABASE_URL": around.notes_database,
        "NOTES_REDIS_URL": around.redis,
        "NOTES_JWKS_URL": around.jwks,
    }


def gateway(around: Surroundings) -> dict[str, str]:
    return {
        "GATEWAY_CLIENT_ALLOWED_ORIGINS": around.public_url,
        "GATEWAY_CLIENT_TOKEN_JWKS_PUBLIC_ENDPOINT": around.jwks,
        "GATEWAY_HTTP_API_KEY": around.gateway_api_key,
        "GATEWAY_ENGINE_REDIS_ADDRESS": around.redis,
    }


def gateway_arguments(port: int) -> list[str]:
    config = str(REPOSITORY / "realtime-gateway" / "config" / "notes.json")
    return ["realtime_gateway", "--config", config, "--port", str(port)]


def web(around: Surroundings) -> dict[str, str]:
    return {
        "WEB_PORT": str(around.web_port),
        "WEB_PUBLIC_URL": around.public_url,
        "WEB_NOTES_URL": f"http://127.0.0.1:{around.notes_port}",
        "WEB_USERS_URL": f"http://127.0.0.1:{around.users_port}",
        "WEB_USERS_API_KEY": around.web_users_key,
        "WEB_GATEWAY_URL": f"http://127.0.0.1:{around.gateway_ports[0]}",
        "WEB_GATEWAY_API_KEY": around.gateway_api_key,
        "WEB_SECRET": around.web_secret,
        "WEB_TRUSTED_PROXIES": "127.0.0.1",
    }
