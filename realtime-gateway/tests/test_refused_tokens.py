"""A refused token leaves a line in the log: the check and the claim, never the token."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import jwt
import pytest
from gateway_process import insecure
from in_process import Client, node, until
from realtime_gateway.config.options import TokenOptions
from realtime_gateway.node.token_log import LINES_A_SECOND, TokenLog
from realtime_gateway.node.tokens import TokenVerifier

SECRET = "a secret of at least thirty-two bytes"
OPTIONS = TokenOptions(
    hmac_secret_key=SECRET, audience="realtime", issuer="notes", issuer_regex="^notes$"
)
GOOD: dict[str, Any] = {"sub": "hunter2", "aud": "realtime", "iss": "notes"}


def token(key: str = SECRET, **changed: Any) -> str:
    said = {name: value for name, value in (GOOD | changed).items() if value is not None}
    return jwt.encode(said, key)


def raw(head: object, body: object) -> str:
    parts = [json.dumps(each).encode() for each in (head, body)]
    return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nonsense", "form: its head cannot be read"),
        ("", "form: its head cannot be read"),
        (raw({"alg": "HS256"}, GOOD), "form: it is no JSON Web Token"),
        (raw({"alg": "none"}, GOOD) + ".", "alg: no key is configured for it"),
        (raw({"alg": "hunter2"}, GOOD) + ".", "alg: no key is configured for it"),
        (token("another secret of at least thirty-two"), "signature: it does not fit the key"),
        (token(aud="hunter2"), "aud: not the audience that is wanted"),
        (token(aud=None), "aud: it is missing"),
        (token(iss=None), "iss: it is missing"),
        (token(exp=1), "exp: it has expired"),
        (token(exp="hunter2"), "exp: not a time"),
        (token(expire_at="hunter2"), "expire_at: not a time"),
        (token(expire_at=1), "expire_at: it has expired"),
        (token(nbf=4_102_444_800), "nbf: not yet"),
        (token(nbf="hunter2"), "nbf: not a time"),
        (token(sub=5), "sub: not a text"),
        (token(sid=5), "sid: not a text"),
        (token(channel="a"), "channel: a subscription token opens no connection"),
        (token(sub="\ud800"), "sub: not a text"),
        (token(info={"a": [float("inf")]}), "info: not JSON"),
        (token(subs={"a": {"data": float("nan")}}), "data: not JSON"),
        (token(subs={"a": {"info": float("nan")}}), "info: not JSON"),
        (token(channels=5), "channels, subs: they cannot be read"),
    ],
    ids=range(23),
)
def test_the_check_and_the_claim_are_named(
    given: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.tokens")
    TokenVerifier(OPTIONS, None).connection_now(given)
    assert caplog.messages == [f"token refused: {told}"]
    assert "hunter2" not in caplog.text
    assert not [part for part in given.split(".") if part and part in caplog.text]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "channel: it is missing"),
        ({"channel": 5}, "channel: not a text"),
        ({"channel": "a", "info": float("nan")}, "info: not JSON"),
        ({"channel": "a", "data": [float("-inf")]}, "data: not JSON"),
        ({"channel": "a", "client": 5}, "client: not a text"),
        ({"channel": "a", "override": {"presence": 5}}, "override: it cannot be read"),
    ],
)
def test_so_they_are_of_a_subscription(
    changed: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.tokens")
    TokenVerifier(OPTIONS, None).subscription_now(token(**changed))
    assert caplog.messages == [f"token refused: {told}"]


def test_a_good_one_leaves_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.tokens")
    TokenVerifier(OPTIONS, None).connection_now(token())
    TokenVerifier(OPTIONS, None).subscription_now(token(channel="a"))
    assert caplog.messages == []


def test_a_flood_costs_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.tokens")
    now = [10.0]
    token_log = TokenLog(lambda: now[0])
    verifier = TokenVerifier(OPTIONS, None, token_log=token_log)
    for _ in range(1_000):
        verifier.connection_now("nonsense")
    assert len(caplog.messages) == LINES_A_SECOND
    now[0] = 11.0
    verifier.connection_now("nonsense")
    assert caplog.messages[LINES_A_SECOND:] == [
        f"tokens refused: {1_000 - LINES_A_SECOND} more",
        "token refused: form: its head cannot be read",
    ]


async def test_a_good_one_of_somebody_else_is_named_too(
    tmp_path: Path, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    options = insecure(
        insecure=False,
        token={"hmac_secret_key": SECRET},
        disallow_anonymous_connection_tokens=True,
    )
    caplog.set_level(logging.INFO, "gateway.tokens")
    async with node(tmp_path, redis_url, options) as gateway:
        for method, claims in (
            ("subscribe", {"sub": "u", "channel": "b"}),
            ("subscribe", {"sub": "v", "channel": "a"}),
            ("subscribe", {"sub": "u", "channel": "a", "client": "c"}),
            ("refresh", {"sub": "v"}),
        ):
            client = Client(gateway)
            await client.answer("connect", token=jwt.encode({"sub": "u"}, SECRET))
            request = {"channel": "a"} if method == "subscribe" else {}
            asked = {"token": jwt.encode(claims, SECRET), **request}
            client.say({"id": 9, method: asked})
            await until(client.closed)
            client.go()
        nobody = Client(gateway)
        nobody.say({"id": 1, "connect": {"token": jwt.encode({}, SECRET)}})
        await until(nobody.closed)
    assert caplog.messages == [
        "token refused: channel: another one's than the subscription's",
        "token refused: sub: another one's than the subscription's",
        "token refused: client: another one's than the subscription's",
        "token refused: sub: another user's than the connection's",
        "token refused: sub: nobody's",
    ]
