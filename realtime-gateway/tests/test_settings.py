"""Options from file, environment and command line; a mistake is named by its place."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from realtime_gateway.config.options import Options
from realtime_gateway.config.settings import InvalidSettings, Loaded, load, paths

EXAMPLE: dict[str, Any] = {
    "client": {
        "allowed_origins": ["http://localhost:3000"],
        "ping_interval": "25s",
        "token": {"hmac_secret_key": "secret", "audience": "realtime"},
        "subscribe_to_user_personal_channel": {"enabled": False},
    },
    "http_api": {"key": "key"},
    "channel": {
        "namespaces": [
            {"name": "notes", "history_size": 300, "history_ttl": "10m", "force_recovery": True,
             "presence": True},
        ],
    },
    "shutdown": {"timeout": "1m30s"},
}  # fmt: skip


def loaded(
    folder: Path, data: object = None, name: str = "gateway.json", **environ: str
) -> Loaded:
    file = folder / name
    text = yaml.safe_dump(data or {}) if name.endswith("yaml") else json.dumps(data or {})
    file.write_text(text)
    return load(file, environ, {})


def refusals(folder: Path, data: object, **environ: str) -> str:
    with pytest.raises(InvalidSettings) as refused:
        loaded(folder, data, **environ)
    return str(refused.value)


@pytest.mark.parametrize("name", ["gateway.json", "gateway.yaml"])
def test_a_file_is_read(tmp_path: Path, name: str) -> None:
    options = loaded(tmp_path, EXAMPLE, name).options
    assert options.client.allowed_origins == ("http://localhost:3000",)
    assert options.client.ping_interval == 25.0
    assert options.client.token.audience == "realtime"
    assert options.shutdown.timeout == 90.0
    (notes,) = options.channel.namespaces
    assert (notes.name, notes.history_size, notes.history_ttl) == ("notes", 300, 600.0)
    assert options.client.pong_timeout == Options().client.pong_timeout


def test_what_only_centrifugo_has_is_named_in_a_warning(tmp_path: Path) -> None:
    warnings = loaded(tmp_path, {**EXAMPLE, "grpc_api": {"enabled": True}}).warnings
    assert [warning.split()[0] for warning in warnings] == [
        "grpc_api",
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"client": {"alowed_origins": []}},
         "client.alowed_origins: there is no such option (did you mean allowed_origins?)"),
        ({"clients": {}}, "clients: there is no such option (did you mean client?)"),
        ({"channel": {"namespaces": [{"name": "ab", "presense": 1}]}},
         "channel.namespaces[0].presense: there is no such option"),
        ({"client": {"insecure": "yes"}}, "client.insecure: true or false is expected"),
        ({"client": {"channel_limit": True}},
         "client.channel_limit: a whole number is expected"),
        ({"client": {"ping_interval": 25}}, "client.ping_interval: a duration is"),
        ({"client": {"ping_interval": "25"}}, "client.ping_interval: a duration is expected"),
        ({"client": {"allowed_origins": "x"}}, "client.allowed_origins: a list is expected"),
        ({"client": []}, "client: an object is expected"),
        ({"client": {"pong_timeout": "30s"}}, "client.pong_timeout must be above 0 and below"),
        ({"engine": {"type": "memory"}}, 'engine.type must be "redis"'),
        ({"engine": {"redis": {"address": "http://x"}}}, "engine.redis.address must be"),
        ({"channel": {"without_namespace": {"force_recovery": True}}},
         "channel.without_namespace.force_recovery needs history_size and history_ttl"),
        ({"channel": {"without_namespace": {"history_size": 5}}},
         "channel.without_namespace: history_size and history_ttl only work together"),
        ({"channel": {"without_namespace": {"force_recovery_mode": "last"}}},
         'channel.without_namespace.force_recovery_mode must be "stream" or "cache"'),
        ({"channel": {"without_namespace": {"auto_cache_recover": True}}},
         'channel.without_namespace.auto_cache_recover needs force_recovery_mode "cache"'),
        ({"channel": {"namespaces": [{"name": "x"}]}}, "channel.namespaces[0].name must be"),
        ({"channel": {"namespaces": [{"name": "ab"}, {"name": "ab"}]}}, "is there twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_its_name_and_place(
    tmp_path: Path, data: object, sentence: str
) -> None:
    assert sentence in refusals(tmp_path, data)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = refusals(tmp_path, {"clint": {}, "http_api": {"kye": "x"}})
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("prefix", ["GATEWAY_", "CENTRIFUGO_"])
def test_every_option_may_come_from_the_environment(tmp_path: Path, prefix: str) -> None:
    environ = {
        "CLIENT_INSECURE": "true",
        "CLIENT_ALLOWED_ORIGINS": "http://a http://b",
        "CLIENT_TOKEN_HMAC_SECRET_KEY": "s",
        "CLIENT_PING_INTERVAL": "500ms",
        "CLIENT_PONG_TIMEOUT": "100ms",
        "HTTP_SERVER_PORT": "9000",
        "CHANNEL_NAMESPACES": '[{"name":"ab","history_size":5,"history_ttl":"1h"}]',
    }
    named = {prefix + name: value for name, value in environ.items()}
    options = loaded(tmp_path, EXAMPLE, **named).options
    assert options.client.insecure is True
    assert options.client.allowed_origins == ("http://a", "http://b")
    assert options.client.token.hmac_secret_key == "s"
    assert options.client.ping_interval == 0.5
    assert options.http_server.port == 9000
    assert options.channel.namespaces[0].history_ttl == 3600.0


def test_a_secret_may_come_as_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    options = loaded(tmp_path, EXAMPLE, GATEWAY_HTTP_API_KEY_FILE=str(secret)).options
    assert options.http_api.key == "from the file"
    missing = str(tmp_path / "missing")
    assert "GATEWAY_HTTP_API_KEY_FILE" in refusals(
        tmp_path, EXAMPLE, GATEWAY_HTTP_API_KEY_FILE=missing
    )


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    told = {"client": {"token": {"audience": "realtime"}}, "http_server": {"port": 81}}
    names = ["CLIENT_TOKEN_AUDIENCE", "HTTP_SERVER_PORT", "PORT", "CLIENT_ALLOWED_ORIGINS"]
    options = loaded(tmp_path, told, **{f"GATEWAY_{name}": "" for name in names}).options
    assert (options.client.token.audience, options.http_server.port) == ("realtime", 81)
    assert options.client.allowed_origins == ()
    (tmp_path / "empty").write_text("\n")
    text = refusals(tmp_path, told, GATEWAY_HTTP_API_KEY_FILE=str(tmp_path / "empty"))
    assert "which is empty" in text


@pytest.mark.parametrize(
    "variable",
    ["GATEWAY_PORT", "GATEWAY_HTTP_SERVER_PORT", "CENTRIFUGO_HTTP_SERVER_PORT"],
)
def test_what_kubernetes_says_of_a_service_is_no_option(tmp_path: Path, variable: str) -> None:
    beside = {"GATEWAY_SERVICE_HOST": "10.0.0.11", "GATEWAY_PORT_8000_TCP_PORT": "8000"}
    found = loaded(tmp_path, EXAMPLE, **{variable: "tcp://10.0.0.11:8000"}, **beside)
    assert found.options.http_server.port == Options().http_server.port
    assert found.warnings == []


def test_a_variable_without_effect_is_named(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, EXAMPLE, GATEWAY_CLIENT_TOKEN_AUDIENZ="x", CENTRIFUGO_GRPC_API_ENABLED="true",
        CENTRIFUGO_CLIENT_CONCURRENCY="3", GATEWAY_HTTP_API_KEYS_FILE="x", GATEWAYS="1",
    )  # fmt: skip
    assert sorted(found.warnings) == [
        "CENTRIFUGO_CLIENT_CONCURRENCY is an option of Centrifugo's without effect here",
        "CENTRIFUGO_GRPC_API_ENABLED is an option of Centrifugo's without effect here",
        "GATEWAY_CLIENT_TOKEN_AUDIENZ: there is no such option "
        "(did you mean GATEWAY_CLIENT_TOKEN_AUDIENCE?)",
        "GATEWAY_HTTP_API_KEYS_FILE: there is no such option "
        "(did you mean GATEWAY_HTTP_API_KEY?)",
    ]


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.json"
    file.write_text('{"http_server":{"port":1,"address":"one"}}')
    environ = {"GATEWAY_PORT": "2", "GATEWAY_HOST": "two"}
    options = load(file, environ, {"http_server.port": 3}).options
    assert (options.http_server.port, options.http_server.address) == (3, "two")


def test_no_refusal_quotes_a_secret(tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text('{"http_api":{"key":"hunter2"')
    with pytest.raises(InvalidSettings) as refused:
        load(tmp_path / "gateway.json", {}, {})
    assert "hunter2" not in str(refused.value)
    data = {"http_api": {"key": ["hunter2"]}, "engine": {"redis": {"address": "x://hunter2"}}}
    assert "hunter2" not in refusals(tmp_path, data)


def test_insecure_is_said_loudly(tmp_path: Path) -> None:
    (warning,) = loaded(
        tmp_path, {"client": {"insecure": True, "allowed_origins": ["*"]}}
    ).warnings
    assert "NO TOKENS ARE CHECKED" in warning


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"websocket": {"message_size_limit": 65_536}}, ["websocket.message_size_limit"]),
        ({"uni_websocket": {"message_size_limit": 65_536}}, []),
        ({"uni_websocket": {"message_size_limit": 65_536, "enabled": True}},
         ["uni_websocket.message_size_limit"]),
        ({"uni_sse": {"max_request_body_size": 65_536, "enabled": True}},
         ["uni_sse.max_request_body_size"]),
        ({"client": {"channel_limit": 2000}},
         ["websocket.message_size_limit", "client.command_burst_limit"]),
        ({"client": {"channel_limit": 350},
          "websocket": {"message_size_limit": 4_000_000}}, ["client.command_burst_limit"]),
        ({"client": {"channel_limit": 2000, "command_rate_limit": 0},
          "websocket": {"message_size_limit": 4_000_000}}, []),
    ],
)  # fmt: skip
def test_limits_that_contradict_each_other_are_told(
    tmp_path: Path, changed: dict[str, Any], names: list[str]
) -> None:
    data = {**EXAMPLE, **changed}
    data["client"] = {**EXAMPLE["client"], **changed.get("client", {})}
    assert [each.split()[0] for each in loaded(tmp_path, data).warnings] == names


def test_the_options_of_notes_need_no_warning() -> None:
    file = Path(__file__).parents[1] / "config" / "notes.json"
    assert load(file, {"GATEWAY_CLIENT_ALLOWED_ORIGINS": "http://a"}, {}).warnings == []


def test_every_option_stands_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    missing = [path for path in paths() if f"`{path.rpartition('.')[2]}`" not in readme]
    assert missing == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--config", "missing.json"], "missing.json cannot be read: No such file"),
        (["--redis", "http://x"], "engine.redis.address must be"),
    ],
)
@pytest.mark.slow
def test_a_process_that_cannot_start_says_why_and_exits_with_2(
    arguments: list[str], sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime_gateway", *arguments],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot start: " in done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
