"""OpenTelemetry spans of the server API, as a collector gets them from a real gateway."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.ports import free_port
from local_stack.valkey import Valkey
from otlp_receiver import Receiver

QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "50"}  # milliseconds


def traced() -> dict[str, Any]:
    return insecure() | {"opentelemetry": {"enabled": True, "api": True}}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Path, receiver: Receiver
) -> Iterator[GatewayProcess]:
    valkey = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    valkey.start()
    folder = tmp_path_factory.mktemp("gateway")
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    gateway = GatewayProcess(folder, traced(), valkey.url, **endpoint, **QUICKLY)
    yield gateway.wait_ready(60)
    gateway.kill()
    valkey.stop()


PARENT = secrets.token_hex(8)


def post(gateway: GatewayProcess, method: str, body: Any) -> str:
    """The id of the trace that it was part of."""
    trace = secrets.token_hex(16)
    headers = {"X-API-Key": "api-key", "traceparent": f"00-{trace}-{PARENT}-01"}
    url = f"{gateway.http_url}/api/{method}"
    assert httpx.post(url, json=body, headers=headers, timeout=20).status_code == 200
    return trace


def test_a_command_continues_the_callers_trace(
    gateway: GatewayProcess, receiver: Receiver
) -> None:
    trace = post(gateway, "publish", {"channel": "news", "data": 1})
    command = receiver.wait(trace, "publish")
    request = receiver.wait(trace, "POST /api/publish")
    assert (request.parent, command.parent) == (PARENT, request.id)
    assert command.facts == {"gateway.method": "publish", "gateway.channel": "news"}
    assert command.error is None
    assert command.about["service.name"] == "realtime-gateway"
    assert command.about["service.instance.id"].endswith(f"_{gateway.port}")


def test_a_refused_command_tells_its_error(gateway: GatewayProcess, receiver: Receiver) -> None:
    trace = post(gateway, "history", {"channel": "nowhere:x"})
    command = receiver.wait(trace, "history")
    assert command.facts["gateway.error.code"] == 102
    assert command.error == "unknown channel"


def test_each_command_of_a_batch_has_a_span(
    gateway: GatewayProcess, receiver: Receiver
) -> None:
    commands = [
        {"broadcast": {"channels": ["a", "b"], "data": 1}}, {"presence": {"channel": "a"}},
        {"nonsense": {}},
    ]  # fmt: skip
    trace = post(gateway, "batch", {"commands": commands, "parallel": True})
    request = receiver.wait(trace, "POST /api/batch")
    made = {name: receiver.wait(trace, name) for name in ("broadcast", "presence", "unknown")}
    assert {each.parent for each in made.values()} == {request.id}
    assert made["broadcast"].facts["gateway.channels"] == ["a", "b"]
    assert made["broadcast"].facts["gateway.channels.count"] == 2
    codes = {name: each.facts.get("gateway.error.code") for name, each in made.items()}
    assert codes == {"broadcast": None, "presence": 108, "unknown": 104}


def test_nothing_secret_and_nothing_else_is_traced(
    gateway: GatewayProcess, receiver: Receiver
) -> None:
    httpx.get(f"{gateway.http_url}/metrics")
    httpx.get(f"{gateway.http_url}/ready")
    trace = post(gateway, "publish", {"channel": "news", "data": "the text of a note"})
    receiver.wait(trace, "publish")
    receiver.wait(trace, "POST /api/publish")
    assert not any("metrics" in span.name or "ready" in span.name for span in receiver.spans)
    told = json.dumps([span.facts for span in receiver.spans])
    assert "the text of a note" not in told
    assert "api-key" not in told


def test_the_standard_variables_are_obeyed_and_the_last_spans_are_sent_at_the_end(
    start_gateway: StartGateway, receiver: Receiver
) -> None:
    gateway = start_gateway(
        insecure(),
        GATEWAY_OPENTELEMETRY_ENABLED="true",
        GATEWAY_OPENTELEMETRY_API="true",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.url}/v1/traces",
        OTEL_EXPORTER_OTLP_HEADERS="x-tenant=notes",
        OTEL_SERVICE_NAME="live",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
        OTEL_BSP_SCHEDULE_DELAY="60000",
    ).wait_ready(60)
    trace = post(gateway, "info", {})
    assert gateway.stop() == 0
    command = receiver.wait(trace, "info")
    assert command.about["service.name"] == "live"
    assert command.about["deployment.environment.name"] == "test"
    assert receiver.headers["x-tenant"] == "notes"


def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    start_gateway: StartGateway,
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    gateway = start_gateway(traced(), OTEL_EXPORTER_OTLP_ENDPOINT=away, **QUICKLY).wait_ready()
    for number in range(20):
        assert gateway.publish("news", number)["offset"] == number + 1
    time.sleep(0.5)
    assert gateway.stop() == 0


@pytest.mark.slow
def test_nothing_of_it_is_loaded_unless_it_is_wanted(redis_url: str) -> None:
    program = """
import asyncio, sys
from realtime_gateway.app import Gateway
from realtime_gateway.config.options import Options
async def main():
    Gateway(Options())
asyncio.run(main())
wanted = ("opentelemetry.exporter", "opentelemetry.sdk.trace", "realtime_gateway.api.tracing")
print([name for name in sys.modules if name.startswith(wanted)])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_without_its_packages_it_says_what_is_missing(tmp_path: Path) -> None:
    config = tmp_path / "gateway.json"
    config.write_text(json.dumps(traced()))
    program = (
        "import sys; sys.modules['opentelemetry.exporter'] = None; "
        "from realtime_gateway.__main__ import main; "
        f"sys.exit(main(['--config', {str(config)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'realtime-gateway[opentelemetry]'" in done.stderr
