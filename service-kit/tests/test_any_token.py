"""Whatever is shown as a token, the answer is whose it is, or InvalidToken: nothing else.

The examples are always the same ones.
"""

import asyncio
import base64
import string
import time
from json import dumps

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm
from service_kit.tokens import Identity, InvalidToken, Jwks, TokenVerifier

pytestmark = pytest.mark.slow

KEY = Ed25519PrivateKey.generate()
JWK = {**OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one", "alg": "EdDSA"}
GOOD = {"iss": "us", "aud": "notes", "sub": "u1"}
URL_SAFE = string.ascii_letters + string.digits + "-_"

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
always_the_same = settings(max_examples=150, derandomize=True)


def verified(token):
    """What the verifier says of it: an identity, or "refused"."""

    async def verify():
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": [JWK]}))
        async with httpx.AsyncClient(transport=transport) as client:
            verifier = TokenVerifier(Jwks("http://us", client), issuer="us", audience="notes")
            return await verifier.verify(token)

    try:
        return asyncio.run(verify())
    except InvalidToken as error:
        is_quoted = len(token) >= 12 and token in str(error)
        return "refused, and told to everybody" if is_quoted else "refused"


def signed(claims, **header):
    return jwt.encode(claims, KEY, "EdDSA", headers={"kid": "one", **header})


@always_the_same
@given(st.text(max_size=60))
def test_any_text_is_refused(text):
    assert verified(text) == "refused"


@always_the_same
@given(st.lists(st.text(URL_SAFE, max_size=24), min_size=3, max_size=3))
def test_anything_that_looks_like_a_token_is_refused(parts):
    assert verified(".".join(parts)) == "refused"


@always_the_same
@given(st.data())
def test_a_good_token_with_any_one_character_changed_is_refused(data):
    token = signed(GOOD | {"exp": int(time.time()) + 60})
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(URL_SAFE + "."))
    changed = token[:at] + other + token[at + 1 :]
    if _bytes(changed) != _bytes(token):
        assert verified(changed) == "refused"


def _bytes(token):
    # The last character of a part has bits that mean nothing.
    parts = token.split(".")
    if any(len(part) % 4 == 1 for part in parts):
        return parts
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts]


@always_the_same
@given(st.dictionaries(st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat"]), json))
def test_registered_claims_of_any_shape_are_good_or_refused(claims):
    given_claims = GOOD | {"exp": int(time.time()) + 60} | claims
    try:
        token = signed(given_claims)
    except TypeError:
        return  # not even the library would write such a token
    found = verified(token)
    if found != "refused":
        assert (given_claims["iss"], found.user_id) == ("us", given_claims["sub"])
        assert given_claims["aud"] == "notes" or "notes" in given_claims["aud"]


@always_the_same
@given(st.dictionaries(st.sampled_from(["name", "roles", "sid", "scope", "jti"]), json))
def test_our_own_claims_of_any_shape_make_texts_or_are_refused(claims):
    found = verified(signed(GOOD | {"exp": int(time.time()) + 60} | claims))
    if found != "refused":
        assert isinstance(found, Identity)
        assert isinstance(found.name, str)
        assert all(isinstance(role, str) for role in found.roles)
        assert isinstance(claims.get("roles", []), list)


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"kid": 1}, {"kid": ""}])
def test_a_header_that_names_another_way_is_refused(header):
    token = signed(GOOD | {"exp": int(time.time()) + 60})
    head = jwt.utils.base64url_encode(
        dumps({"alg": "EdDSA", "kid": "one", "typ": "JWT"} | header).encode()
    )
    assert verified(".".join([head.decode(), *token.split(".")[1:]])) == "refused"
