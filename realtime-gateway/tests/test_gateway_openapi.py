"""The committed description of the server API is true: of the code, and of what it answers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from gateway_process import GatewayProcess

COMMITTED = Path(__file__).parents[2] / "contracts" / "http" / "gateway.json"
DOCUMENT = json.loads(COMMITTED.read_text())


@pytest.mark.slow
def test_the_committed_openapi_is_what_the_code_says() -> None:
    """If it is not: python -m realtime_gateway.api.openapi > contracts/http/gateway.json"""
    done = subprocess.run(
        [sys.executable, "-m", "realtime_gateway.api.openapi"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == DOCUMENT


def fits(answer: dict[str, Any], method: str) -> None:
    response = DOCUMENT["paths"][f"/api/{method}"]["post"]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {**schema, "components": DOCUMENT["components"]})


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("publish", {"data": {"n": 1}}),
        ("history", {"limit": 10}),
        ("history_remove", {}),
        ("subscribe", {"user": "ann"}),
        ("unsubscribe", {"user": "ann"}),
        ("presence", {}),
        ("presence_stats", {}),
    ],
)
def test_answers_about_a_channel_are_what_is_documented(
    gateway: GatewayProcess, channel: str, method: str, parameters: dict[str, Any]
) -> None:
    gateway.publish(channel, 0)
    fits(gateway.api(method, channel=channel, **parameters), method)
    fits(gateway.api(method, channel="nowhere:x", **parameters), method)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("broadcast", {"data": 1, "channels": ["a", "nowhere:b"]}),
        ("disconnect", {"user": "ann"}),
        ("refresh", {"user": "ann"}),
        ("channels", {}),
        ("info", {}),
    ],
)
def test_other_answers_are_what_is_documented(
    gateway: GatewayProcess, method: str, parameters: dict[str, Any]
) -> None:
    answer = gateway.api(method, **parameters)
    assert "result" in answer
    fits(answer, method)


def test_a_broadcast_answers_for_each_channel(gateway: GatewayProcess, channel: str) -> None:
    answer = gateway.api("broadcast", data=1, channels=[channel, "nowhere:b", channel])
    first, second, third = answer["result"]["responses"]
    assert (first["result"]["offset"], third["result"]["offset"]) == (1, 2)
    assert second["error"]["code"] == 102


@pytest.mark.parametrize("parallel", [False, True])
def test_a_batch_answers_each_command_in_its_place(
    gateway: GatewayProcess, channel: str, parallel: bool
) -> None:
    commands = [
        {"publish": {"channel": channel, "data": 1}},
        {"publish": {"channel": "nowhere:b", "data": 1}},
        {"fly": {}},
        {"publish": {}, "info": {}},
        {"presence_stats": {"channel": channel}},
    ]
    replies = gateway.api("batch", commands=commands, parallel=parallel)["replies"]
    assert replies[0]["publish"]["offset"] == 1
    assert [reply["error"]["code"] for reply in replies[1:]] == [102, 104, 107, 108]
    assert gateway.api("batch", commands={})["error"]["code"] == 107
