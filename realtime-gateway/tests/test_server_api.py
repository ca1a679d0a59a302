"""The server API in Centrifugo's shapes, and the addresses for operators."""

from typing import Any

import httpx
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from raw_client import RawClient
from realtime_gateway.api.schema import REQUESTS, BatchRequest


def post(gateway: GatewayProcess, path: str, **options: Any) -> httpx.Response:
    options.setdefault("headers", {"X-API-Key": "api-key"})
    return httpx.post(f"{gateway.http_url}{path}", **options)


def test_a_publication_gets_its_place(gateway: GatewayProcess, channel: str) -> None:
    first = gateway.api("publish", channel=channel, data={"n": 1})["result"]
    second = gateway.api("publish", channel=channel, data={"n": 2}, tags={"a": "b"})["result"]
    assert (first["offset"], second["offset"]) == (1, 2)
    page = gateway.api("history", channel=channel, limit=-1)["result"]
    assert page["publications"] == [
        {"data": {"n": 1}, "offset": 1},
        {"data": {"n": 2}, "tags": {"a": "b"}, "offset": 2},
    ]
    assert (page["offset"], page["epoch"]) == (2, first["epoch"])


def test_history_is_a_window(gateway: GatewayProcess, channel: str) -> None:
    for number in range(1, 6):
        top = gateway.publish(channel, number)

    def offsets(**more: Any) -> list[int]:
        page = gateway.api("history", channel=channel, **more)["result"]
        return [each["offset"] for each in page["publications"]]

    since = {"offset": 2, "epoch": top["epoch"]}
    assert offsets() == []
    assert offsets(limit=2) == [1, 2]
    assert offsets(limit=2, reverse=True) == [5, 4]
    assert offsets(limit=2, since=since) == [3, 4]
    assert offsets(limit=-1, since=since, reverse=True) == [1]
    wrong = {"offset": 2, "epoch": "other"}
    answer = gateway.api("history", channel=channel, limit=1, since=wrong)
    assert answer["error"]["code"] == 112


async def test_a_publication_may_skip_the_history(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe(channel)
        assert gateway.publish(channel, "gone", skip_history=True) == {}
        assert await client.publication() == {"data": "gone"}
    assert gateway.api("history", channel=channel, limit=5)["result"]["publications"] == []


def test_a_repeated_idempotency_key_publishes_once(
    gateway: GatewayProcess, channel: str
) -> None:
    answers = [gateway.publish(channel, 1, idempotency_key="k") for _ in range(2)]
    assert answers[0] == answers[1]
    assert gateway.publish(channel, 1, idempotency_key="l")["offset"] == 2


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("publish", {"data": 1}, 107),
        ("publish", {"channel": "a"}, 107),
        ("publish", {"channel": 7, "data": 1}, 107),
        ("publish", {"channel": "x" * 256, "data": 1}, 107),
        ("publish", {"channel": "a", "data": 1, "tags": {"a": 1}}, 107),
        ("publish", {"channel": "nowhere:a", "data": 1}, 102),
        ("history", {"channel": "nowhere:a"}, 102),
        ("history", {"channel": "plain:a"}, 108),
        ("history", {"channel": "a", "limit": "5"}, 107),
        ("history", {"channel": "a", "since": 5}, 107),
        ("history", {}, 107),
    ],
)
def test_what_is_wrong_with_a_command_is_told_with_its_code(
    gateway: GatewayProcess, method: str, parameters: dict[str, Any], code: int
) -> None:
    answer = gateway.api(method, **parameters)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]


@pytest.mark.parametrize("path", ["/api/publish", "/api/history", "/api/info"])
@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": "ümlaut".encode()}]
)
def test_without_the_key_nothing_is_done(
    gateway: GatewayProcess, path: str, headers: dict[str, Any]
) -> None:
    assert post(gateway, path, headers=headers, content=b"not even JSON").status_code == 401


def test_the_key_may_come_as_authorization(gateway: GatewayProcess) -> None:
    answer = post(gateway, "/api/info", headers={"Authorization": "apikey api-key"}, json={})
    assert answer.status_code == 200


def test_without_a_configured_key_nobody_is_let_in(start_gateway: StartGateway) -> None:
    options = insecure()
    options["http_api"] = {}
    gateway = start_gateway(options).wait_ready()
    assert post(gateway, "/api/info", headers={"X-API-Key": ""}, json={}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"channel":"a","data":NaN}',
        b'{"user":"u","x":-Infinity}',
    ],
)
def test_a_body_that_is_no_object_is_a_bad_request(
    gateway: GatewayProcess, body: bytes
) -> None:
    assert post(gateway, "/api/publish", content=body).status_code == 400


async def test_info_tells_of_this_node(gateway: GatewayProcess, channel: str) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe(channel)
        (node,) = gateway.api("info")["result"]["nodes"]
    assert (node["num_clients"], node["num_users"], node["num_subs"]) == (1, 1, 1)
    assert node["uid"]
    assert node["name"]
    assert node["version"]


async def test_metrics_count_what_happens(gateway: GatewayProcess, channel: str) -> None:
    before = gateway.metric("node_messages_sent_count_total")
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe(channel)
        gateway.publish(channel, 1)
        await client.publication()
        assert gateway.metric("client_connections_inflight") == 1
        assert gateway.metric("client_subscriptions_inflight") == 1
    assert gateway.metric("node_messages_sent_count_total") == before + 1


async def test_metrics_tell_how_long_things_take_and_what_was_refused(
    gateway: GatewayProcess, channel: str
) -> None:
    def count(name: str, **labels: str) -> float:
        return gateway.metric(f"{name}_seconds_count", **labels)

    lag, refused = count("node_pub_sub_lag"), {"code": "102", "method": "Subscribe"}
    subscribes = count("client_command_duration", method="Subscribe")
    errors = gateway.metric("client_num_reply_errors_total", **refused)
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe(channel)
        await client.ask("subscribe", channel="nowhere:x")
        gateway.publish(channel, 1)
        await client.publication()
        assert gateway.metric("transport_buffered_bytes") == 0
        assert gateway.metric("node_num_users") == 1
    assert count("node_pub_sub_lag") == lag + 1
    assert count("client_command_duration", method="Subscribe") == subscribes + 2
    assert gateway.metric("client_num_reply_errors_total", **refused) == errors + 1
    assert count("node_loop_lag") > 0
    assert count("node_loop_pause") > count("node_loop_lag")
    assert gateway.metric("node_loop_longest_pause_seconds") > 0
    assert gateway.metric("broker_redis_pub_sub_away") == 0


def test_health_and_readiness_are_told(gateway: GatewayProcess) -> None:
    assert httpx.get(f"{gateway.http_url}/health").json() == {"status": "ok"}
    ready = httpx.get(f"{gateway.http_url}/ready").json()
    assert ready["checks"] == {"redis": True, "pubsub": True, "accepting": True}


def test_the_key_is_never_logged(gateway: GatewayProcess) -> None:
    post(gateway, "/api/info", json={})
    assert "api-key" not in gateway.log


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("publish", {"channel": "a", "data": 1, "skip_history": None, "idempotency_key": None,
                     "tags": None}),
        ("broadcast", {"channels": ["a"], "data": 1, "skip_history": None}),
        ("disconnect", {"user": "u", "client": None, "session": None, "whitelist": None,
                        "disconnect": {"code": 3000, "reason": None}}),
        ("refresh", {"user": "u", "client": None, "expired": None, "expire_at": None}),
        ("subscribe", {"user": "u", "channel": "a", "client": None,
                       "recover_since": {"offset": None, "epoch": None}, "override": None}),
        ("unsubscribe", {"user": "u", "channel": "a", "client": None, "session": None}),
        ("history", {"channel": "a", "limit": None, "reverse": None,
                     "since": {"offset": 0, "epoch": None}}),
        ("channels", {"pattern": None}),
        ("info", {"any": None}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_null_is_as_good_as_absent(method: str, request_: dict[str, Any]) -> None:
    made = REQUESTS[method][0].model_validate(request_)
    told = {name: value for name, value in request_.items() if value is not None}
    assert made == REQUESTS[method][0].model_validate(told)


def test_null_is_as_good_as_absent_in_a_batch() -> None:
    assert BatchRequest.model_validate({"commands": [], "parallel": None}).parallel is False
