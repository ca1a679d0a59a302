import json
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from service_kit.tokens import InvalidToken, Jwks, KeysUnavailable, TokenVerifier


class Issuer:
    """Signs tokens and publishes its keys, unless it is told to be away."""

    def __init__(self):
        self.keys = {}
        self.fetches = 0
        self.away = False
        self.rotate("one")

    def rotate(self, kid):
        self.keys[kid] = Ed25519PrivateKey.generate()
        self.kid = kid

    def publish(self, request):
        self.fetches += 1
        if self.away:
            return httpx.Response(503)
        keys = [
            {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "EdDSA"}
            for kid, key in self.keys.items()
        ]
        return httpx.Response(200, json={"keys": keys})

    def token(self, kid=None, key=None, **claims):
        good = {"iss": "us", "aud": "notes", "sub": "u1", "exp": time.time() + 60}
        given = {name: value for name, value in (good | claims).items() if value is not None}
        headers = {"kid": kid or self.kid}
        return jwt.encode(given, key or self.keys[self.kid], "EdDSA", headers=headers)


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
async def world():
    issuer, clock = Issuer(), Clock()
    transport = httpx.MockTransport(issuer.publish)
    async with httpx.AsyncClient(transport=transport) as client:
        jwks = Jwks("http://us/jwks", client, clock=clock)
        yield issuer, clock, TokenVerifier(jwks, issuer="us", audience="notes")


async def test_a_good_token_tells_who_calls(world):
    issuer, _, verifier = world
    token = issuer.token(name="Ana", roles=["editor"], sid="s1", gen=7)
    identity = await verifier.verify(token)
    assert identity.generation == 7
    assert (identity.user_id, identity.name, identity.session_id) == ("u1", "Ana", "s1")
    assert identity.roles == {"editor"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "realtime"},
        {"iss": "them"},
        {"exp": 1},
        {"sub": None},
        {"exp": None},
        {"aud": None},
        {"kid": "unknown"},
        {"key": Ed25519PrivateKey.generate()},
        {"roles": "admin"},
        {"gen": "7"},
    ],
)
async def test_a_token_that_is_wrong_in_one_point_is_refused(world, wrong):
    issuer, _, verifier = world
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.token(**wrong))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30."])
async def test_what_is_no_token_is_refused(world, token):
    with pytest.raises(InvalidToken):
        await world[2].verify(token)


async def test_a_token_signed_by_its_own_claim_of_a_secret_is_refused(world):
    issuer, _, verifier = world
    claims = {"iss": "us", "aud": "notes", "sub": "u1", "exp": time.time() + 60}
    await verifier.verify(issuer.token())
    forged = jwt.encode(claims, "x" * 32, "HS256", headers={"kid": issuer.kid})
    with pytest.raises(InvalidToken):
        await verifier.verify(forged)


async def test_a_rotated_key_is_fetched_and_the_old_one_stays_good(world):
    issuer, clock, verifier = world
    old = issuer.token()
    await verifier.verify(old)
    issuer.rotate("two")
    clock.now += 10
    await verifier.verify(issuer.token())
    await verifier.verify(old)
    assert issuer.fetches == 2


async def test_a_flood_of_unknown_keys_costs_one_fetch(world):
    issuer, _, verifier = world
    await verifier.verify(issuer.token())
    for n in range(50):
        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.token(kid=f"no-{n}"))
    assert issuer.fetches == 1


async def test_an_outage_of_the_issuer_signs_nobody_out(world):
    issuer, clock, verifier = world
    token = issuer.token()
    await verifier.verify(token)
    issuer.away = True
    clock.now += 3_600
    await verifier.verify(token)


MIXED_KID = "good"


def mixed(good: object) -> list[object]:
    """A key set as Keycloak and others publish it."""
    return [
        {"kid": "enc", "kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kid": "pq", "kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA", "use": "sig"},
        {"kid": "secret", "kty": "oct", "k": "AAAA"},
        {"kid": "x", "kty": "OKP", "crv": "X25519", "x": "AAAA", "use": "sig"},
        {"kid": "odd", "kty": "EC", "crv": "P-999", "x": "AAAA", "y": "AAAA"},
        {"kid": "broken", "kty": "RSA", "n": "!", "e": 5},
        {"kid": MIXED_KID, "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kid": ["a"], "kty": "OKP"}, {"kid": "ops", "kty": "RSA", "key_ops": ["encrypt"]},
        {}, None, "key", 7, [],
        good,
    ]  # fmt: skip


def rsa_key() -> dict[str, object]:
    public = rsa.generate_private_key(65537, 2048).public_key()
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public)), "kid": MIXED_KID}


@pytest.mark.parametrize("is_last", [True, False])
async def test_one_key_that_cannot_be_used_spoils_no_other(is_last):
    listed = mixed(rsa_key()) if is_last else mixed(rsa_key())[::-1]
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": listed}))
    async with httpx.AsyncClient(transport=answers) as client:
        key = await Jwks("https://issuer.test/keys", client).key(MIXED_KID)
    assert key.algorithm_name == "RS256"


@pytest.mark.parametrize(
    ("there", "is_followed"),
    [
        ("/other/keys", True),
        ("https://issuer.test/other/keys", True),
        ("https://evil.test/other/keys", False),
        ("http://issuer.test/other/keys", False),
        ("https://issuer.test:8443/other/keys", False),
        ("/keys", False),
    ],
)
async def test_a_redirect_is_followed_within_the_host(there, is_followed, caplog):
    good = rsa_key()

    def answer(request):
        if request.url.path == "/keys":
            return httpx.Response(302, headers={"Location": there})
        return httpx.Response(200, json={"keys": [good]})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        jwks = Jwks("https://issuer.test/keys", client)
        if is_followed:
            assert (await jwks.key(MIXED_KID)).key_id == MIXED_KID
            return
        with pytest.raises(KeysUnavailable):
            await jwks.key(MIXED_KID)
    assert "status 302" in caplog.text
