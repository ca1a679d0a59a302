"""The servers that are compared: how each is started, spoken to and fed.

A contender's `launch` answers what to run for one scene; it raises NotHere when this machine
lacks what it needs, and the comparison goes on without it and says so.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jwt

from gateway_bench import feed
from gateway_bench.build import NotHere, c_program, node_peers, source
from gateway_bench.dialect import Dialect, centrifuge, compact, raw, socketio
from gateway_bench.edge import CADDY, HAPROXY, Edge
from gateway_bench.feed import Feed, Log
from gateway_bench.process import program

_PREFIX = "bench."
_LOG = "bench"  # the gateway's prefix: apart from anything else that lives in this Redis
_NCHAN_MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/etc/nginx/modules")
_SEEDED = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where servers run: their folder and Redis, and what an operator told us about nginx."""

    folder: Path
    cache: Path
    redis_url: str
    open_files: int
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nginx: str | None = None
    nchan_module: str | None = None
    haproxy: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """One way to start a server for one scene, and how its clients and its publisher talk."""

    command: Sequence[str]
    dialect: Dialect
    feed: Feed
    env: Mapping[str, str] = field(default_factory=dict)
    tokens: Sequence[str] = ()
    metrics: str | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that takes part, and how it is launched."""

    name: str
    about: str
    launch: Callable[[Place, int, int, bool], Launch]  # (place, port, clients, history)
    full: bool = False  # knows sessions, history and tokens, so that every workload applies
    edge: Edge | None = None  # what its clients come through

    @property
    def tls(self) -> bool:
        """Whether its clients come by TLS."""
        return self.edge is not None and self.edge.tls


def _gateway(place: Place, port: int, clients: int, history: bool) -> Launch:
    channel = {"allow_subscribe_for_client": True}
    kept = channel | {"history_size": 100, "history_ttl": "10m", "force_recovery": True}
    namespaces = [{"name": "bench", **channel}, {"name": "kept", **kept}]
    config = place.folder / f"gateway-{port}.json"
    config.write_text(
        compact({"channel": {"namespaces": namespaces}, "engine": {"redis": {"prefix": _LOG}}})
    )
    log = Log(_LOG, "kept:" if history else "bench:", 100 if history else 0)
    recovery = feed.seeded(place.redis_url, log, _SEEDED) if history else None
    return Launch(
        [
            sys.executable,
            "-m",
            "realtime_gateway",
            "--config",
            str(config),
            "--port",
            str(port),
        ],
        centrifuge(namespace=log.namespace, recovery=recovery),
        feed.gateway_redis(place.redis_url, log),
        {
            "GATEWAY_CLIENT_TOKEN_HMAC_SECRET_KEY": place.secret,
            "GATEWAY_ENGINE_REDIS_ADDRESS": place.redis_url,
            "LOG_LEVEL": "WARNING",
        },
        user_tokens(place.secret, clients),
        f"http://127.0.0.1:{port}/metrics",
    )


def _c(*options: str) -> Callable[[Place, int, int, bool], Launch]:
    def launch(place: Place, port: int, _clients: int, _history: bool) -> Launch:
        redis = urlsplit(place.redis_url)
        where = [str(port), redis.hostname or "127.0.0.1", str(redis.port or 6379), _PREFIX]
        return Launch(
            [str(c_program("baseline", place.cache)), *where, *options],
            raw(),
            feed.plain_redis(place.redis_url, _PREFIX),
            {"BASELINE_REDIS_PASSWORD": unquote(redis.password)} if redis.password else {},
        )

    return launch


def _node(script: str) -> Callable[[Place, int, int, bool], Launch]:
    def launch(place: Place, port: int, _clients: int, _history: bool) -> Launch:
        folder = node_peers(place.cache)
        return Launch(
            [program("node") or "node", str(folder / script)],
            socketio() if script == "socketio.js" else raw(),
            feed.socketio_redis(place.redis_url)
            if script == "socketio.js"
            else feed.plain_redis(place.redis_url, _PREFIX),
            _environment(place, port),
        )

    return launch


def _fastapi(place: Place, port: int, _clients: int, _history: bool) -> Launch:
    return Launch(
        [sys.executable, "-m", "gateway_bench.fastapi_peer"],
        raw(),
        feed.plain_redis(place.redis_url, _PREFIX),
        _environment(place, port),
    )


def _nchan(place: Place, port: int, _clients: int, _history: bool) -> Launch:
    nginx = place.nginx or program("nginx")
    name = "ngx_nchan_module.so"
    modules = [Path(folder) / name for folder in _NCHAN_MODULES]
    given = Path(place.nchan_module) if place.nchan_module else None
    module = given or next((path for path in modules if path.exists()), None)
    if nginx is None or module is None:
        raise NotHere("nginx with Nchan is not installed (Debian: libnginx-mod-nchan)")
    folder = place.folder / f"nchan-{port}"
    folder.mkdir()
    config = folder / "nginx.conf"
    facts = {"folder": folder, "module": module, "port": port, "files": place.open_files}
    config.write_text(source("nchan.conf").read_text(encoding="utf-8").format(**facts))
    # Nchan does not listen to plain PUBLISH; its publisher address is the nearest way.
    return Launch(
        [nginx, "-c", str(config), "-e", str(folder / "error.log")],
        raw("/sub/{}"),
        feed.http_post(f"http://127.0.0.1:{port}/pub/{{}}"),
    )


def user_tokens(secret: str, count: int) -> list[str]:
    """One HS256 connection token per client, each for a user of its own, good for a day."""
    until = int(time.time()) + 86_400
    claims = [{"sub": f"bench-{n}", "exp": until} for n in range(count)]
    return [jwt.encode(claim, secret, algorithm="HS256") for claim in claims]


def _environment(place: Place, port: int) -> dict[str, str]:
    mode = os.environ.get("NODE_ENV", "production")
    return {
        "PORT": str(port), "REDIS_URL": place.redis_url, "PREFIX": _PREFIX, "NODE_ENV": mode
    }  # fmt: skip


def _through(edge: Edge, name: str) -> Contender:
    about = f"this gateway through {edge.name}{', TLS' if edge.tls else ''}"
    return Contender(name, about, _gateway, full=True, edge=edge)


GATEWAY = Contender("gateway", "this gateway: sessions, tokens, limits", _gateway, full=True)
C_SINGLE = Contender("c", "C, one send per frame: the kernel's limit", _c())
C_JOINED = Contender("c-joined", "C, frames of one read joined", _c("--joined"))
CONTENDERS = (
    GATEWAY,
    _through(CADDY, "caddy"),
    _through(HAPROXY, "haproxy"),
    _through(replace(CADDY, tls=True), "caddy-tls"),
    _through(replace(HAPROXY, tls=True), "haproxy-tls"),
    C_SINGLE,
    C_JOINED,
    Contender("nchan", "nginx with Nchan, one worker", _nchan),
    Contender("ws", "Node, ws", _node("ws.js")),
    Contender("socketio", "Node, Socket.IO 4 with the Redis adapter", _node("socketio.js")),
    Contender("fastapi", "FastAPI, queue and task per client", _fastapi),
)
