"""compose.yaml keeps what operators are promised, as far as that shows without an engine.

Every part is hardened and watched, only the edge is reachable, nothing has a default password,
and each service would understand the settings it is given.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from compose_file import ROOT, compose, environment, filled, services
from local_stack import secret_files
from notes_service.settings import Settings as NotesSettings
from notes_web.settings import Settings as WebSettings
from pydantic_settings import BaseSettings
from realtime_gateway.config import settings as gateway_settings
from service_kit import env
from users_service.settings import Settings as UsersSettings

ALL = sorted(services())
SETTINGS: dict[str, type[BaseSettings]] = {
    "users-service": UsersSettings,
    "notes-service": NotesSettings,
    "web": WebSettings,
}
COMMON = {"LOG_FORMAT", "LOG_LEVEL", "NOTES_DEBUG"}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    secret_files.write(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.mark.parametrize("name", ALL)
def test_every_part_is_hardened(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "edge" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert "privileged" not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", ALL)
def test_every_part_is_bounded_watched_and_restarted(name: str) -> None:
    service = services()[name]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]
    health = service["healthcheck"]
    assert {"test", "interval", "timeout", "retries"} <= set(health)
    assert {"start_period", "start_interval"} <= set(health)


@pytest.mark.parametrize("name", ALL)
def test_a_part_starts_when_what_it_needs_is_healthy(name: str) -> None:
    needs = services()[name].get("depends_on", {})
    assert set(needs) <= set(ALL)
    assert {need["condition"] for need in needs.values()} <= {"service_healthy"}
    assert bool(needs) == (name not in ("postgres", "valkey", "prometheus"))


def test_only_the_edge_publishes_a_port_to_others() -> None:
    published = {name: services()[name]["ports"] for name in ALL if "ports" in services()[name]}
    assert published.keys() == {"edge", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    assert not any("network_mode" in service for service in services().values())


def test_the_services_are_out_of_reach_of_the_edge_and_of_grafana() -> None:
    assert services()["edge"]["networks"] == ["public", "front", "watching"]
    assert services()["grafana"]["networks"] == ["watching", "watched-from"]
    assert compose()["networks"]["watching"]["internal"] is True


def test_the_servers_are_out_of_reach_of_the_edge_and_of_the_world() -> None:
    reached = {"data"} & {network for name in ("edge", "prometheus", "grafana")
                          for network in services()[name]["networks"]}  # fmt: skip
    assert reached == set()
    for server in ("postgres", "valkey"):
        assert services()[server]["networks"] == ["data"]
    assert compose()["networks"]["data"]["internal"] is True


def test_promise_only_the_edge_and_users_service_have_a_way_out() -> None:
    """The one for certificates, the other to the providers that people sign in at.

    Grafana, which runs only when it is asked for, needs one for its port on this machine.
    """
    networks = compose()["networks"]
    ways_out = {name for name, options in networks.items() if not options.get("internal")}
    has_one = {name for name in ALL if ways_out.intersection(services()[name]["networks"])}
    assert has_one == {"edge", "users-service", "grafana"}
    assert services()["grafana"]["profiles"] == ["observability"]


def test_providers_come_from_the_environment_and_their_secrets_from_a_file(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [{"name": "work", "issuer": "https://id.example", "client_id": "notes"}]
    given = environment("users-service", secrets)
    given |= {"USERS_PROVIDERS": json.dumps(listed), "USERS_PASSWORD_LOGIN": "off"}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SystemExit, match="2"):
        env.load(UsersSettings, os.environ)
    said = capsys.readouterr().err
    assert "USERS_PROVIDER_SECRETS is wrong" in said
    assert "the client secret of the provider work is missing" in said
    (secrets / "provider_secrets").chmod(0o600)
    (secrets / "provider_secrets").write_text('{"work": "a-client-secret"}')
    settings = env.load(UsersSettings, os.environ)
    assert settings.all_providers()["work"].issuer == "https://id.example"
    assert settings.password_login == "off"


def test_a_mail_server_comes_from_the_environment_and_its_password_from_a_file(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = environment("users-service", secrets)
    given |= {"USERS_SMTP_HOST": "mail.example", "USERS_MAIL_FROM": "notes@notes.example"}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    server = env.load(UsersSettings, os.environ).smtp()
    assert server is not None
    assert (server.host, server.port, server.security) == ("mail.example", 587, "starttls")
    assert (server.user, server.password) == (None, None)
    monkeypatch.setenv("USERS_SMTP_USER", "notes")
    with pytest.raises(SystemExit, match="2"):
        env.load(UsersSettings, os.environ)
    assert "USERS_SMTP_PASSWORD go together" in capsys.readouterr().err
    (secrets / "smtp_password").chmod(0o600)
    (secrets / "smtp_password").write_text("a-mail-password")
    server = env.load(UsersSettings, os.environ).smtp()
    assert server is not None
    assert server.password is not None


def test_a_gateway_node_can_be_started_many_times() -> None:
    gateway = services()["realtime-gateway"]
    assert "container_name" not in gateway
    assert "ports" not in gateway
    assert environment("edge", ROOT)["GATEWAY_DISCOVERY"] == "dns"


def test_promise_live_pages_are_bounded_below_the_memory_of_the_edge() -> None:
    """Measured with TLS: docs/topics/scaling.md. The rest of its files are idle connections."""
    edge, gateway = services()["edge"], services()["realtime-gateway"]
    replicas = int(filled(gateway.get("deploy", {}).get("replicas", 1)))
    limit = int(environment("realtime-gateway", ROOT)["GATEWAY_CLIENT_CONNECTION_LIMIT"])
    pages = replicas * limit
    files = int(filled(edge["ulimits"]["nofile"]["hard"]))
    idle = files - 2 * pages
    assert idle >= pages  # a page takes a connection of its own while it is loaded
    kib = 64 * 1024 + pages * 144 + idle * 40
    assert kib < 0.9 * _kib(filled(edge["mem_limit"]))
    assert limit < 65_536 - 1_000  # the gateway's own files
    assert limit * 8 < _kib(filled(gateway["mem_limit"])) / 2


def _kib(size: str) -> int:
    return int(size[:-1]) * {"m": 1024, "g": 1024 * 1024}[size[-1]]


def test_the_secrets_are_those_that_the_command_writes() -> None:
    assert set(compose()["secrets"]) == set(secret_files.MAKERS)
    for name, secret in compose()["secrets"].items():
        # A file: without it compose refuses to start and tells its path, which is the name.
        assert filled(secret["file"]) == f"./secrets/{name}"
    used = {secret for service in services().values() for secret in service.get("secrets", [])}
    assert used == set(compose()["secrets"])


@pytest.mark.parametrize("name", ALL)
def test_no_secret_stands_in_the_environment(name: str) -> None:
    service = services()[name]
    given = {key: filled(value) for key, value in service.get("environment", {}).items()}
    files = {Path(value).name for key, value in given.items() if key.endswith("_FILE")}
    assert all(
        value.startswith("/run/secrets/")
        for key, value in given.items()
        if key.endswith("_FILE")
    )
    assert files <= set(service.get("secrets", []))
    secret = re.compile(r"password|secret|token|api_?key|database_url|redis", re.IGNORECASE)
    public = {"GATEWAY_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN"}
    public |= {"GATEWAY_CLIENT_TOKEN_JWKS_PUBLIC_ENDPOINT", "USERS_PASSWORD_LOGIN"}
    bare = {key for key in given if secret.search(key) and not key.endswith("_FILE")}
    assert bare <= public


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_service_understands_exactly_the_settings_it_is_given(
    name: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(name, secrets)
    prefix = SETTINGS[name].model_config["env_prefix"]
    known = {prefix + field.upper() for field in SETTINGS[name].model_fields} | COMMON
    assert {key.removesuffix("_FILE") for key in given} <= known
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    settings = env.load(SETTINGS[name], os.environ)
    assert settings.model_dump()["host"] == "0.0.0.0"


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_service_names_the_secret_that_is_empty(
    name: str,
    secrets: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for secret in secrets.iterdir():
        secret.chmod(0o600)
        secret.write_text("\n")
    for key, value in environment(name, secrets).items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SystemExit, match="2"):
        env.load(SETTINGS[name], os.environ)
    assert re.search(rf"{secrets}/\w+, which is empty", capsys.readouterr().err)


def test_the_gateway_understands_its_file_and_its_settings(secrets: Path) -> None:
    given = environment("realtime-gateway", secrets)
    paths = {f"GATEWAY_{path.replace('.', '_').upper()}" for path in gateway_settings.paths()}
    known = paths | {"GATEWAY_HOST", "GATEWAY_PORT"} | COMMON
    assert {key.removesuffix("_FILE") for key in given} <= known
    file = ROOT / "realtime-gateway" / "config" / "notes.json"
    loaded = gateway_settings.load(file, given, {})
    assert loaded.warnings == []
    assert loaded.options.channel.without_namespace.has_history
    assert [namespace.name for namespace in loaded.options.channel.namespaces] == [
        "notes",
        "writing",
    ]
    assert loaded.options.client.allowed_origins == ("http://localhost:3000",)
    assert loaded.options.http_api.key == (secrets / "gateway_api_key").read_text().strip()


def test_sign_up_is_closed_until_the_operator_opens_it() -> None:
    assert environment("users-service", ROOT)["USERS_SIGNUP"] == "closed"
    assert "setup_token" in services()["users-service"]["secrets"]


def test_mounted_files_are_there() -> None:
    mounts = [mount for service in services().values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith(".")]
    assert files
    assert all((ROOT / file).is_file() for file in files)
    assert all(mount.endswith(":ro") for mount in mounts if mount.startswith("."))


def test_the_data_of_postgresql_lies_where_its_image_wants_it() -> None:
    assert "postgres-data:/var/lib/postgresql" in services()["postgres"]["volumes"]


@pytest.mark.slow
def test_docker_compose_itself_accepts_the_file(secrets: Path) -> None:
    asked = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    if not asked or asked.returncode != 0:
        pytest.skip("no docker compose here; the checks above do not need it")
    done = subprocess.run(
        ["docker", "compose", "-f", str(ROOT / "compose.yaml"), "config", "--quiet"],
        env={**os.environ, "SECRETS_DIR": str(secrets)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
