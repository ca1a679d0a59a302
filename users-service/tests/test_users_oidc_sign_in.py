"""Sign-in with an OpenID provider, and every way in which it must be refused (T17)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from issuer import CLIENT, SECRET, Issuer
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import SecretStr, ValidationError
from signing_in import Someone, join, told
from users_running import KEY, PASSWORD, Service, running, some_settings
from users_service.domain.accounts import names_like, new_username
from users_service.oidc import providers

pytestmark = pytest.mark.slow

BACK = "https://notes.example/users/sign-in/op"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    server = await asyncio.start_server(issuer.answer, "127.0.0.1", issuer.port)
    async with server:
        yield issuer


def listed(issuer: Issuer, **others: Any) -> dict[str, Any]:
    client = {"client_id": CLIENT, "client_secret": SECRET}
    return {"name": "op", "issuer": issuer.url, **client, **others}


@pytest.fixture
async def service(
    users_database: str, redis_url: str, issuer: Issuer
) -> AsyncIterator[Service]:
    settings = some_settings(
        users_database,
        redis_url,
        public_url="https://notes.example",
        providers=SecretStr(json.dumps([listed(issuer), listed(issuer, name="other")])),
    )
    async with running(settings) as service:
        yield service


async def start(client: httpx.AsyncClient, name: str = "op") -> dict[str, str]:
    answer = await client.post(f"/v1/sign-in/{name}", json={"redirect_uri": BACK})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def finish(
    client: httpx.AsyncClient, issuer: Issuer, name: str = "op", **others: Any
) -> httpx.Response:
    begun = await start(client)
    brought = issuer.consent(begun["authorization_url"])
    sent = {"flow": begun["flow"], **brought, **others}
    return await client.post(f"/v1/sign-in/{name}/callback", json=sent)


async def link(someone: Someone, issuer: Issuer) -> httpx.Response:
    path = "/v1/account/identities/op"
    begun = (await someone("POST", path, json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    return await someone("POST", f"{path}/callback", json=sent)


async def test_an_external_identity_gets_an_account_once(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    first = (await finish(people, issuer)).json()
    again = (await finish(people, issuer)).json()
    assert first["account"] == again["account"]
    assert (first["account"]["username"], first["account"]["name"]) == ("ivy", "Ivy Smith")
    assert first["account"]["roles"] == ["editor"]
    issuer.subject = "subject-2"
    second = (await finish(people, issuer)).json()
    assert second["account"]["username"] == "ivy-2"
    ways = (await people.get("/v1/sign-in")).json()
    listed = {"name": "op", "title": "op", "issuer": issuer.url, "reauthenticates": True}
    assert (ways["passwords"], ways["passkeys"], ways["providers"][0]) == (True, True, listed)


async def test_a_username_or_an_address_that_exists_here_opens_nothing(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    ivy = await join(people, "ivy", email="ivy@example.org")
    stranger = (await finish(people, issuer)).json()["account"]
    assert stranger["id"] != ivy.id
    assert stranger["username"] == "ivy-2"


@pytest.mark.parametrize(
    ("wanted", "first"),
    [("ivy", "ivy"), ("ivy@example.org", "ivy"), ("..", "person"), (None, "person"),
     ("a b\0c", "abc"), ("x" * 99, "x" * 60)],
)  # fmt: skip
def test_a_username_from_a_provider_becomes_one_that_fits(
    wanted: str | None, first: str
) -> None:
    names = list(names_like(wanted, 3))
    assert names == [first, f"{first}-2", f"{first}-3"]
    assert all(new_username(name) == name for name in names)


NOW = int(time.time())
WRONG_CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"iss": None},
    {"aud": "another-client"},
    {"aud": None},
    {"aud": [CLIENT, "another-client"]},
    {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    {"azp": "another-client"},
    {"nonce": "another"},
    {"nonce": None},
    {"exp": NOW - 3600},
    {"exp": None},
    {"iat": NOW + 3600},
    {"iat": None},
    {"sub": None},
    {"sub": ""},
]


@pytest.mark.parametrize("claims", WRONG_CLAIMS)
async def test_an_id_token_with_a_wrong_claim_is_refused(
    people: httpx.AsyncClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    await refused(people, await finish(people, issuer))


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"kid": "k2"}])
async def test_an_id_token_that_is_not_signed_by_the_issuer_is_refused(
    people: httpx.AsyncClient, issuer: Issuer, header: dict[str, Any]
) -> None:
    issuer.header = header
    await refused(people, await finish(people, issuer))
    issuer.header = {}
    issuer.signs_with = ec.generate_private_key(ec.SECP256R1())
    await refused(people, await finish(people, issuer))


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"code": "unknown"},
        {"flow": "unknown"},
        {"name": "other"},
    ],
)
async def test_an_answer_that_this_flow_did_not_ask_for_is_refused(
    people: httpx.AsyncClient, issuer: Issuer, wrong: dict[str, Any]
) -> None:
    await refused(people, await finish(people, issuer, **wrong))


async def test_a_flow_serves_once_and_for_ten_minutes(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    begun = await start(people)
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    path = "/v1/sign-in/op/callback"
    assert (await people.post(path, json=sent)).status_code == 201
    assert told(await people.post(path, json=sent)) == (403, "sign_in_refused")
    begun = await start(people)
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    service.clock.move(minutes=10)
    assert told(await people.post(path, json=sent)) == (403, "sign_in_refused")


@pytest.mark.parametrize(
    "keys", [None, [], {}, "keys", [None, 7, "k1"], [{}], [{"kid": "k1", "kty": "EC"}],
             [{"kid": "k1", "kty": "oct", "k": "c2VjcmV0"}]],
)  # fmt: skip
async def test_keys_that_are_none_are_refused(
    people: httpx.AsyncClient, issuer: Issuer, keys: Any
) -> None:
    issuer.jwks = {"keys": keys}
    await refused(people, await finish(people, issuer))


def others(key: Any = None, **more: Any) -> dict[str, Any]:
    """A public key that is not the issuer's own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), **more}


def an_rsa_key() -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return RSAAlgorithm.to_jwk(key, as_dict=True)


async def test_a_single_key_needs_no_name(people: httpx.AsyncClient, issuer: Issuer) -> None:
    """OpenID Connect Core 10.1: only where there are several a token says which."""
    own = issuer.public_jwk()
    for keys, kid in [
        ([own], None),
        ([own], "k1"),
        ([{**own, "kid": "k1"}], None),
        ([{**own, "use": "sig"}, others(use="enc")], None),
        ([own, an_rsa_key()], None),  # the only one of its kind
        ([{**own, "kid": "k1"}, others(kid="k2")], "k1"),
    ]:
        issuer.jwks, issuer.header = {"keys": keys}, {"kid": kid}
        people_again = await finish(people, issuer)
        assert people_again.status_code == 201, (keys, kid)


async def test_among_several_keys_a_token_without_a_name_is_nobodys(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    own = issuer.public_jwk()
    for keys, kid in [
        ([own, others()], None),
        ([{**own, "kid": "k1"}, others(kid="k2")], None),
        ([own, others(kid="k2")], "k3"),
        ([others()], None),
    ]:
        issuer.jwks, issuer.header = {"keys": keys}, {"kid": kid}
        service.clock.move(minutes=11)
        await refused(people, await finish(people, issuer))


async def test_a_key_without_a_name_is_replaced_and_nobody_notices(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.header = {"kid": None}
    for _ in range(2):
        issuer.jwks = {"keys": [issuer.public_jwk()]}
        assert (await finish(people, issuer)).status_code == 201
        issuer.key = ec.generate_private_key(ec.SECP256R1())


async def test_userinfo_may_be_signed(people: httpx.AsyncClient, issuer: Issuer) -> None:
    said = {"sub": "subject-1", "preferred_username": "Ivy.Smith"}
    issuer.userinfo_says = (200, issuer.signed(iss=issuer.url, aud=CLIENT, **said))
    came = (await finish(people, issuer)).json()
    assert came["account"]["username"] == "Ivy.Smith"
    issuer.userinfo_says = (200, issuer.signed(sub="subject-2"))
    assert told(await finish(people, issuer)) == (403, "sign_in_refused")


@pytest.mark.parametrize(
    "says",
    [(403, '{"error": "insufficient_scope"}'), (401, ""), (404, "<h1>nothing</h1>"),
     (200, "<h1>hello</h1>"), (200, "[]"), (200, ""), (302, "")],
    ids=str,
)  # fmt: skip
async def test_userinfo_that_is_not_told_keeps_nobody_out(
    people: httpx.AsyncClient, issuer: Issuer, says: tuple[int, str]
) -> None:
    issuer.userinfo_says = says
    answer = await finish(people, issuer)
    assert answer.status_code == 201, answer.text
    assert answer.json()["account"]["name"] == "Ivy Smith"  # of the ID token


async def test_userinfo_signed_by_somebody_else_or_for_somebody_else_names_nobody(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    thief = Issuer()
    said = {"sub": "subject-1", "preferred_username": "boss"}
    for token in (
        thief.signed(**said),
        issuer.signed(**said, iss="https://evil.example"),
        issuer.signed(**said, aud="another-client"),
        jwt.encode(said, None, "none"),
        jwt.encode(said, "s" * 32, "HS256"),
        "a.b.c", "a.b.c.d.e",
    ):  # fmt: skip
        issuer.userinfo_says = (200, token)
        came = await finish(people, issuer)
        assert came.json()["account"]["username"] != "boss"


async def test_userinfo_about_somebody_else_is_refused(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.userinfo = {"sub": "subject-2"}
    await refused(people, await finish(people, issuer))


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"},
     {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": None},
     {"jwks_uri": "https://["}, {"token_endpoint": 7}, {"issuer": ["https://x"]}],
)  # fmt: skip
async def test_a_provider_whose_metadata_points_elsewhere_is_not_used(
    people: httpx.AsyncClient, issuer: Issuer, metadata: dict[str, Any]
) -> None:
    issuer.metadata = metadata
    answer = await people.post("/v1/sign-in/op", json={"redirect_uri": BACK})
    assert told(answer) == (403, "sign_in_refused")


async def test_only_this_site_is_returned_to_and_only_known_providers_are_asked(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    for wrong in ("https://evil.example/", "https://notes.example.evil/", "/users", ""):
        answer = await people.post("/v1/sign-in/op", json={"redirect_uri": wrong})
        assert told(answer) == (403, "invalid_redirect")
    answer = await people.post("/v1/sign-in/nobody", json={"redirect_uri": BACK})
    assert told(answer) == (404, "provider_not_found")
    issuer.down = True
    answer = await people.post("/v1/sign-in/op", json={"redirect_uri": BACK})
    assert told(answer) == (503, "provider_away")


async def test_a_signed_in_person_links_a_provider_and_nobody_else_can(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    ivy, bob = await join(people, "ivy"), await join(people, "bob")
    begun = await start(people)
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    stolen = await ivy("POST", "/v1/account/identities/op/callback", json=sent)
    assert told(stolen) == (403, "sign_in_refused")
    assert (await link(ivy, issuer)).status_code == 204
    assert (await finish(people, issuer)).json()["account"]["id"] == ivy.id
    assert told(await link(bob, issuer)) == (409, "identity_taken")
    service.clock.move(minutes=15)
    sent = {"redirect_uri": BACK}
    stale = await ivy("POST", "/v1/account/identities/op", json=sent)
    assert told(stale) == (403, "reauthentication_required")


async def test_a_provider_is_unlinked_unless_it_is_the_last_sign_in_method(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.claims = {"auth_time": service.clock().timestamp()}
    came = (await finish(people, issuer)).json()
    ivy = Someone(people, came["account"]["id"], came["token"])
    path = "/v1/account/identities/op"
    assert told(await ivy("DELETE", path)) == (409, "last_sign_in_method")
    changed = await ivy("PUT", "/v1/account/password", json={"new_password": PASSWORD})
    ivy = Someone(people, ivy.id, changed.json()["token"])
    assert (await ivy("DELETE", path)).status_code == 204
    assert told(await ivy("DELETE", path)) == (404, "identity_not_found")
    assert (await finish(people, issuer)).json()["account"]["id"] != ivy.id


async def test_a_disabled_account_and_a_closed_house_let_nobody_in(
    users_database: str, redis_url: str, issuer: Issuer
) -> None:
    settings = some_settings(
        users_database, redis_url, public_url="https://notes.example", signup="closed",
        providers=SecretStr(json.dumps([listed(issuer)])),
    )  # fmt: skip
    async with running(settings) as service:
        people = service.client()
        assert told(await finish(people, issuer)) == (403, "signup_closed")


async def test_an_invitation_lets_a_new_person_in_by_a_provider_once(
    users_database: str, redis_url: str, issuer: Issuer
) -> None:
    settings = some_settings(
        users_database, redis_url, public_url="https://notes.example", signup="invite",
        providers=SecretStr(json.dumps([listed(issuer)])),
    )  # fmt: skip
    async with running(settings) as service:
        people = service.client()

        async def come(invite: str) -> httpx.Response:
            asked = {"redirect_uri": BACK, "invite": invite}
            begun = (await people.post("/v1/sign-in/op", json=asked)).json()
            sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
            return await people.post("/v1/sign-in/op/callback", json=sent)

        made = await people.post("/v1/invitations", json={"role": "reader"}, auth=KEY)
        code = made.json()["code"]
        assert told(await come("")) == (403, "signup_closed")
        assert told(await come("unknown")) == (403, "invalid_invite")
        assert (await people.get("/v1/accounts", auth=KEY)).json()["accounts"] == []
        first = (await come(code)).json()["account"]
        assert first["roles"] == ["reader"]
        # Whoever has an account needs none, and uses none up.
        assert (await come("unknown")).json()["account"] == first
        issuer.subject = "subject-2"
        assert told(await come(code)) == (403, "invalid_invite")


async def test_a_client_secret_of_any_characters_is_shown_as_the_standard_says(
    users_database: str, redis_url: str, issuer: Issuer
) -> None:
    """RFC 6749 2.3.1: form-encoded, then Basic."""
    issuer.secret = "a b:c%d+e/f=é&"
    issuer.shown_secret = "a+b%3Ac%25d%2Be%2Ff%3D%C3%A9%26"
    settings = some_settings(
        users_database, redis_url, public_url="https://notes.example",
        providers=SecretStr(json.dumps([listed(issuer, client_secret=issuer.secret)])),
    )  # fmt: skip
    async with running(settings) as service:
        assert (await finish(service.client(), issuer)).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [{"issuer": "http://op.example"}, {"name": "No Name"}, {"kind": "saml"}, {"secret": "x"}],
)
def test_a_provider_is_named_wrongly_without_telling_its_secret(wrong: dict[str, Any]) -> None:
    said = json.dumps([{**listed(Issuer()), **wrong}])
    with pytest.raises(ValidationError):
        providers.parse(said)
    with pytest.raises(ValidationError) as refusal:
        some_settings("postgresql://x", "redis://x", providers=SecretStr(said))
    assert SECRET not in str(refusal.value)


async def refused(people: httpx.AsyncClient, answer: httpx.Response) -> None:
    """No session, no account, one line of the audit log."""
    assert told(answer) == (403, "sign_in_refused")
    assert (await people.get("/v1/accounts", auth=KEY)).json()["accounts"] == []
    lines = (await people.get("/v1/audit", auth=KEY)).json()["events"]
    assert {(line["event"], line["result"]) for line in lines} == {
        ("signed_in", "sign_in_refused")
    }
