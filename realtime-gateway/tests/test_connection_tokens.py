"""Tokens of every algorithm we take, and those that must not pass."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from realtime_gateway.config.options import TokenOptions
from realtime_gateway.node.tokens import TokenVerifier
from realtime_gateway.sessions.claims import (
    ConnectionClaims,
    ServerSubscription,
    SubscriptionClaims,
    TokenError,
)
from service_kit.tokens import Jwks

SECRET = "a secret of at least sixty-four bytes, for the longest of the hashes"
PRIVATE: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


def public_jwk(algorithm: str) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm)
    text = made.to_jwk(PRIVATE[algorithm].public_key())
    return {**json.loads(text), "kid": algorithm, "use": "sig"}


class Issuer:
    """An issuer's address, as httpx sees it."""

    def __init__(self) -> None:
        self.is_away = False
        self.fetches = 0
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.fetches += 1
        if self.is_away:
            return httpx.Response(503)
        return httpx.Response(200, json={"keys": [public_jwk(each) for each in PRIVATE]})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    yield issuer
    await issuer.client.aclose()


def verifier(source: Issuer | None = None, /, **options: str) -> TokenVerifier:
    jwks = Jwks("https://issuer.test/jwks", source.client) if source else None
    return TokenVerifier(TokenOptions(**options), jwks)


def hmac(claims: dict[str, Any], *, algorithm: str = "HS256", key: str = SECRET) -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def signed(algorithm: str, claims: dict[str, Any], **headers: Any) -> str:
    headers = {"kid": algorithm, **headers}
    return jwt.encode(claims, PRIVATE[algorithm], algorithm=algorithm, headers=headers)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_verifies_at_once(algorithm: str) -> None:
    token = hmac({"sub": "ann", "info": {"name": "Ann"}}, algorithm=algorithm)
    claims = verifier(hmac_secret_key=SECRET).connection_now(token)
    assert claims == ConnectionClaims("ann", None, {"name": "Ann"})


@pytest.mark.parametrize("algorithm", sorted(PRIVATE))
async def test_a_published_key_is_fetched_once(issuer: Issuer, algorithm: str) -> None:
    ours = verifier(issuer)
    token = signed(algorithm, {"sub": "ann"})
    assert ours.connection_now(token) is None
    assert await ours.connection(token) == ConnectionClaims("ann")
    assert ours.connection_now(token) == ConnectionClaims("ann")
    assert issuer.fetches == 1


async def test_keys_that_cannot_be_fetched_are_not_the_clients_fault(issuer: Issuer) -> None:
    issuer.is_away = True
    token = signed("EdDSA", {"sub": "ann"})
    assert await verifier(issuer).connection(token) is TokenError.UNAVAILABLE
    assert await verifier(issuer).subscription(token) is TokenError.UNAVAILABLE


async def test_a_key_that_nobody_publishes_is_invalid(issuer: Issuer) -> None:
    token = signed("EdDSA", {"sub": "ann"}, kid="unknown")
    assert await verifier(issuer).connection(token) is TokenError.INVALID


@pytest.mark.parametrize(
    "unreadable",
    ["1795716134", "", True, False, [], {}, [1795716134], float("inf"), float("nan"), 10**400,
     -(10**400), 1 << 60],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("claim", ["exp", "expire_at", "both"])
def test_a_time_that_cannot_be_read_refuses(claim: str, unreadable: Any) -> None:
    ours = verifier(hmac_secret_key=SECRET)
    good = int(time.time()) + 60
    times = {"exp": {"exp": unreadable}, "expire_at": {"exp": good, "expire_at": unreadable},
             "both": {"exp": unreadable, "expire_at": good}}[claim]  # fmt: skip
    claims = json.dumps({"sub": "ann", "channel": "c", **times}).encode()
    token = jwt.api_jws.encode(claims, SECRET, algorithm="HS256")
    connection = json.dumps({"sub": "ann", **times}).encode()
    refused = (TokenError.INVALID, TokenError.EXPIRED)
    assert ours.subscription_now(token) in refused
    token = jwt.api_jws.encode(connection, SECRET, algorithm="HS256")
    assert ours.connection_now(token) in refused


@pytest.mark.parametrize(
    ("claim", "unreadable"),
    [("channels", 0), ("channels", ""), ("channels", False), ("subs", 0), ("subs", []),
     ("subs", {"a": {"override": []}}), ("sid", 0), ("sid", None), ("sub", None), ("sub", 7)],
)  # fmt: skip
def test_a_claim_that_cannot_be_read_refuses_a_connection(claim: str, unreadable: Any) -> None:
    token = jwt.api_jws.encode(
        json.dumps({"sub": "ann", claim: unreadable}).encode(), SECRET, algorithm="HS256"
    )
    assert verifier(hmac_secret_key=SECRET).connection_now(token) is TokenError.INVALID


@pytest.mark.parametrize(
    ("claim", "unreadable"),
    [("client", 0), ("client", []), ("override", 0), ("override", []), ("override", ""),
     ("sid", 7), ("channel", 7)],
)  # fmt: skip
def test_a_claim_that_cannot_be_read_refuses_a_subscription(
    claim: str, unreadable: Any
) -> None:
    claims = {"sub": "ann", "channel": "c", claim: unreadable}
    token = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
    assert verifier(hmac_secret_key=SECRET).subscription_now(token) is TokenError.INVALID


def test_lifetimes_are_counted_from_now() -> None:
    ours = verifier(hmac_secret_key=SECRET)
    now = int(time.time())

    def lifetime(**claims: int) -> float | None:
        found = ours.connection_now(hmac({"sub": "ann", **claims}))
        assert isinstance(found, ConnectionClaims)
        return found.lifetime

    assert 58 < (lifetime(exp=now + 60) or 0) <= 60
    assert 88 < (lifetime(exp=now + 60, expire_at=now + 90) or 0) <= 90
    assert lifetime(exp=now + 60, expire_at=0) is None
    assert lifetime() is None


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": -10}, TokenError.EXPIRED),
        ({"nbf": 60}, TokenError.EXPIRED),
        ({"exp": 60, "expire_at": -5}, TokenError.EXPIRED),
        ({"iat": 3600}, ConnectionClaims("ann")),
    ],
)
def test_time_is_checked(claims: dict[str, int], expected: object) -> None:
    now = int(time.time())
    token = hmac({"sub": "ann", **{name: now + delta for name, delta in claims.items()}})
    assert verifier(hmac_secret_key=SECRET).connection_now(token) == expected


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"aud": "realtime", "iss": "us"}, True),
        ({"aud": ["x", "realtime"], "iss": "us"}, True),
        ({"aud": "other", "iss": "us"}, False),
        ({"aud": "realtime", "iss": "them"}, False),
        ({"iss": "us"}, False),
        ({"aud": "realtime"}, False),
    ],
)
def test_audience_and_issuer_are_checked_where_configured(
    claims: dict[str, Any], is_good: bool
) -> None:
    ours = verifier(hmac_secret_key=SECRET, audience="realtime", issuer="us")
    found = ours.connection_now(hmac({"sub": "ann", **claims}))
    assert found == (ConnectionClaims("ann") if is_good else TokenError.INVALID)
    free = verifier(hmac_secret_key=SECRET)
    assert free.connection_now(hmac({"sub": "ann", **claims})) == ConnectionClaims("ann")


@pytest.mark.parametrize(
    "token",
    [
        "", "nonsense", "a.b.c", hmac({"sub": "ann"}, key=SECRET + "x"),
        hmac({"sub": "ann"})[:-2], hmac({"sub": 7}), hmac({"sub": "ann", "channel": "a"}),
        jwt.encode({"sub": "ann"}, None, algorithm="none"),
        signed("EdDSA", {"sub": "ann"}),
    ],
)  # fmt: skip
def test_what_is_no_connection_token_is_invalid(token: str) -> None:
    assert verifier(hmac_secret_key=SECRET).connection_now(token) is TokenError.INVALID


async def test_a_public_key_is_never_taken_for_a_shared_secret(issuer: Issuer) -> None:
    """The classic confusion: HMAC with what everybody may know, naming the published key."""
    published = public_jwk("EdDSA")["x"]
    token = jwt.encode(
        {"sub": "ann"}, published * 2, algorithm="HS256", headers={"kid": "EdDSA"}
    )
    assert verifier(issuer).connection_now(token) is TokenError.INVALID


async def test_where_keys_are_published_the_shared_secret_opens_nothing(
    issuer: Issuer,
) -> None:
    ours = verifier(issuer, hmac_secret_key=SECRET)
    token = jwt.encode({"sub": "ann"}, SECRET, algorithm="HS256", headers={"kid": "EdDSA"})
    assert ours.connection_now(token) is TokenError.INVALID


async def test_an_algorithm_of_another_kind_of_key_is_invalid(issuer: Issuer) -> None:
    token = signed("ES256", {"sub": "ann"}, kid="RS256")
    assert await verifier(issuer).connection(token) is TokenError.INVALID


def test_a_subscription_token_names_its_channel() -> None:
    ours = verifier(hmac_secret_key=SECRET)
    found = ours.subscription_now(hmac({"sub": "ann", "channel": "$a", "client": "c"}))
    assert found == SubscriptionClaims("ann", "$a", "c")
    assert ours.subscription_now(hmac({"sub": "ann"})) is TokenError.INVALID
    late = hmac({"sub": "ann", "channel": "$a", "exp": 1})
    assert ours.subscription_now(late) is TokenError.EXPIRED


def test_the_user_may_stand_in_another_claim() -> None:
    ours = verifier(hmac_secret_key=SECRET, user_id_claim="account")
    assert ours.connection_now(hmac({"account": "ann"})) == ConnectionClaims("ann")


def test_nothing_configured_means_no_token_is_good() -> None:
    assert not verifier().has_keys
    assert verifier().connection_now(hmac({"sub": "ann"})) is TokenError.INVALID


def pem(algorithm: str) -> str:
    return (
        PRIVATE[algorithm]
        .public_key()
        .public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        .decode()
    )


@pytest.mark.parametrize(
    ("option", "algorithm"), [("rsa_public_key", "RS256"), ("ecdsa_public_key", "ES256")]
)
def test_a_configured_public_key_verifies_at_once(option: str, algorithm: str) -> None:
    ours = verifier(**{option: pem(algorithm)})
    assert ours.connection_now(signed(algorithm, {"sub": "ann"})) == ConnectionClaims("ann")
    other = "ES256" if algorithm == "RS256" else "RS256"
    assert ours.connection_now(signed(other, {"sub": "ann"})) is TokenError.INVALID
    assert ours.connection_now(hmac({"sub": "ann"})) is TokenError.INVALID


@pytest.mark.parametrize(
    ("options", "claims", "is_good"),
    [
        ({"audience_regex": "^real"}, {"aud": "realtime"}, True),
        ({"audience_regex": "^real"}, {"aud": ["x", "realtime"]}, True),
        ({"audience_regex": "^real"}, {"aud": "unreal"}, False),
        ({"audience_regex": "^real"}, {}, False),
        ({"issuer_regex": "^notes-"}, {"iss": "notes-users"}, True),
        ({"issuer_regex": "^notes-"}, {"iss": "users"}, False),
    ],
)
def test_audience_and_issuer_may_be_patterns(
    options: dict[str, str], claims: dict[str, Any], is_good: bool
) -> None:
    verdict = verifier(hmac_secret_key=SECRET, **options).connection_now(
        hmac({"sub": "ann", **claims})
    )
    assert isinstance(verdict, ConnectionClaims) is is_good


def test_a_token_names_its_sign_in_and_the_channels_it_brings() -> None:
    given = {
        "sid": "s1",
        "channels": ["news"],
        "subs": {
            "#ann": {
                "info": {"n": 1}, "data": 2,
                "override": {"presence": {"value": True}, "unknown": {"value": True}},
            }
        },
    }  # fmt: skip
    claims = verifier(hmac_secret_key=SECRET).connection_now(hmac({"sub": "ann", **given}))
    assert claims == ConnectionClaims(
        "ann",
        session="s1",
        subscriptions=(
            ServerSubscription("news"),
            ServerSubscription("#ann", {"n": 1}, 2, (("presence", True),)),
        ),
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"sid": 5},
        {"channels": "news"},
        {"channels": [1]},
        {"subs": ["news"]},
        {"subs": {"news": 1}},
        {"subs": {"news": {"override": {"presence": True}}}},
        {"subs": {"news": {"override": {"presence": {"value": 1}}}}},
    ],
)
def test_claims_of_the_wrong_shape_make_a_token_invalid(claims: dict[str, Any]) -> None:
    ours = verifier(hmac_secret_key=SECRET)
    assert ours.connection_now(hmac({"sub": "ann", **claims})) is TokenError.INVALID
