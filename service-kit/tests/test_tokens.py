import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from service_kit.tokens import InvalidToken, Jwks, TokenVerifier


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
