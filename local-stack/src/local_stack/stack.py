"""The whole system on this machine: servers, services and edge, started and stopped as one.

`./notes up` and the tests use the same class. A started stack answers: every part said it was
ready. A stopped one has left no process. The data outlives both, in `data_dir`.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, Self

from local_stack import services
from local_stack.caddy import Caddy
from local_stack.errors import Interrupted
from local_stack.files import secret
from local_stack.logs import Log, Watcher
from local_stack.ports import free_port
from local_stack.postgres import Postgres
from local_stack.process import Process
from local_stack.services import Service, StackEnvironment
from local_stack.valkey import Valkey

_PREFERRED = {"users": 5858, "gateway": 8000, "notes": 8001, "web": 8002}


class Part(Protocol):
    """Anything of the stack that a test may take away and bring back."""

    process: Process

    @property
    def pid(self) -> int:
        """The process id."""

    def start(self) -> None:
        """Start it."""

    def stop(self) -> None:
        """End it in order, and wait until it is gone."""

    def kill(self) -> None:
        """End it at once, as a crash would."""


class Stack:
    """All parts of the system, with their ports and data."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        gateways: int = 1,
        sign_up: str = "open",
        durable: bool = True,
        usual_ports: bool = False,
        env: Mapping[str, Mapping[str, str]] | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """Ports are free ones unless `port` (the edge's) is given or `usual_ports` are free.

        `env` adds settings to services by name, for example `{"web": {"LOG_LEVEL": "DEBUG"}}`.
        """
        self.data_dir = data_dir.resolve()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._watcher = watcher
        self._usual_ports = usual_ports
        self._stopping = False
        self.postgres = Postgres(
            self.data_dir / "postgres", durable=durable, log=self._log("postgres")
        )
        self.valkey = Valkey(self.data_dir / "valkey", log=self._log("valkey"))
        self.environment = self._environment(port or free_port(), gateways, sign_up)
        self.services = self._services(env or {})
        self.edge = Caddy(
            self.data_dir / "edge",
            port=self._port,
            web=self.environment.web_port,
            gateways=self.environment.gateway_ports,
            log=self._log("edge"),
        )

    @property
    def url(self) -> str:
        """What a person types into a browser."""
        return self.edge.url

    @property
    def logs_dir(self) -> Path:
        """Where the parts' output is kept."""
        return self.data_dir / "logs"

    @property
    def parts(self) -> dict[str, Part]:
        """Every part by its name, in the order in which they start."""
        servers: dict[str, Part] = {"postgres": self.postgres, "valkey": self.valkey}
        return {**servers, **self.services, "edge": self.edge}

    def start(self) -> None:
        """Start everything and wait until all is ready; after a failure nothing is left."""
        self._stopping = False
        steps: list[Callable[[], None]] = [
            lambda: _at_once(part.start for part in (self.postgres, self.valkey)),
            self._make_databases,
            lambda: _at_once(service.start for service in self.services.values()),
            self.edge.start,
        ]
        try:
            for step in steps:
                if self._stopping:  # by another thread
                    raise Interrupted
                step()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, from the outside in; parts that do not run are passed over."""
        self._stopping = True
        self.edge.stop()
        _at_once(service.stop for service in self.services.values())
        _at_once(part.stop for part in (self.postgres, self.valkey))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _environment(self, port: int, gateways: int, sign_up: str) -> StackEnvironment:
        self._port = port
        redis = self.valkey.url
        return StackEnvironment(
            public_url=f"http://localhost:{port}",
            notes_database=self._database_url("notes"),
            users_database=self._database_url("users"),
            redis=redis,
            users_port=self._free("users"),
            notes_port=self._free("notes"),
            web_port=self._free("web"),
            gateway_ports=[self._free("gateway"), *(free_port() for _ in range(gateways - 1))],
            users_api_key=f"operator:{self._secret('users_api_key')}",
            web_users_key=f"web:{self._secret('web_users_key')}",
            users_encryption_key=self._secret("users_encryption_key"),
            gateway_api_key=self._secret("gateway_api_key"),
            web_secret=self._secret("web_secret"),
            sign_up=sign_up,
        )

    def _services(self, env: Mapping[str, Mapping[str, str]]) -> dict[str, Service]:
        environment = self.environment
        made = [
            self._service(
                "users-service", ["users_service"], environment.users_port, services.users
            ),
            self._service(
                "notes-service", ["notes_service"], environment.notes_port, services.notes
            ),
        ]
        for number, port in enumerate(environment.gateway_ports, start=1):
            name = "realtime-gateway" if number == 1 else f"realtime-gateway-{number}"
            arguments = services.gateway_arguments(port)
            made.append(self._service(name, arguments, port, services.gateway))
        made.append(self._service("web", ["notes_web"], environment.web_port, services.web))
        for service in made:
            service.env.update(env.get(service.name, {}))
        return {service.name: service for service in made}

    def _service(
        self,
        name: str,
        arguments: list[str],
        port: int,
        settings: Callable[[StackEnvironment], dict[str, str]],
    ) -> Service:
        env = settings(self.environment)
        return Service(name, arguments, port=port, env=env, log=self._log(name))

    def _log(self, part: str) -> Log:
        return Log(part, self.logs_dir / f"{part}.log", watcher=self._watcher)

    def _make_databases(self) -> None:
        sql = (services.REPOSITORY / "compose" / "databases.sql").read_text()
        names = {
            f"{name}_password": self._secret(f"{name}_database") for name in ("notes", "users")
        }
        self.postgres.execute(sql, variables=names)

    def _database_url(self, name: str) -> str:
        password = self._secret(f"{name}_database")
        return f"postgresql://{name}:{password}@127.0.0.1:{self.postgres.port}/{name}"

    def _secret(self, name: str) -> str:
        folder = self.data_dir / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        return secret(folder / name, lambda: secrets.token_urlsafe(32))

    def _free(self, service: str) -> int:
        return free_port(_PREFERRED[service] if self._usual_ports else None)


def _at_once(actions: Iterable[Callable[[], None]]) -> None:
    """Run them side by side, wait for all, and raise the first failure."""
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(action) for action in actions]
    for each in waiting:
        each.result()
