"""Sign-in at a certified OpenID provider by HTTP: PKCE, nonce, state and `iss` are its own."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from real_provider import SECRET, RealProvider, Traveller
from signing_in import Someone, join, told
from users_running import KEY, PASSWORD, Service, running, some_settings

pytestmark = pytest.mark.long

HOME = "https://notes.example/users/callback/op"


@pytest.fixture(scope="module")
def _provider() -> Iterator[RealProvider]:
    with RealProvider(HOME) as provider:
        yield provider


@pytest.fixture
def provider(_provider: RealProvider) -> Iterator[RealProvider]:
    yield _provider
    if _provider.options or _provider.process is None:
        _provider.options.clear()
        _provider.start()


@pytest.fixture
async def service(
    users_database: str, redis_url: str, provider: RealProvider
) -> AsyncIterator[Service]:
    settings = some_settings(
        users_database,
        redis_url,
        public_url="https://notes.example",
        providers=SecretStr(json.dumps([provider.listed()])),
        provider_secrets=SecretStr(json.dumps({"op": SECRET})),
    )
    async with running(settings) as service:
        service.clock.time = datetime.now(UTC)  # the provider's own
        yield service


@pytest.fixture
async def ivy() -> AsyncIterator[Traveller]:
    """Somebody with a browser, whom the provider knows as ivy."""
    async with Traveller("ivy") as traveller:
        yield traveller


async def sign_in(people: httpx.AsyncClient, traveller: Traveller) -> httpx.Response:
    asked = await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})
    assert asked.status_code == 200, asked.text
    begun = asked.json()
    brought = await traveller.consent(begun["authorization_url"], HOME)
    return await people.post("/v1/sign-in/op/callback", json={"flow": begun["flow"], **brought})


async def visit(someone: Someone, path: str, traveller: Traveller) -> httpx.Response:
    """To the provider and back, to link it or to prove who one is."""
    asked = await someone("POST", path, json={"redirect_uri": HOME})
    assert asked.status_code == 200, asked.text
    brought = await traveller.consent(asked.json()["authorization_url"], HOME)
    sent = {"flow": asked.json()["flow"], **brought}
    return await someone("POST", f"{path}/callback", json=sent)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_person_signs_in_at_a_certified_provider_and_comes_back_to_the_same_account(
    people: httpx.AsyncClient, provider: RealProvider, ivy: Traveller, algorithm: str
) -> None:
    if algorithm != "RS256":
        provider.start(algorithm=algorithm)
    first = await sign_in(people, ivy)
    assert first.status_code == 201, first.text
    account = first.json()["account"]
    assert (account["username"], account["name"]) == ("ivy", "ivy of elsewhere")
    assert (await sign_in(people, ivy)).json()["account"] == account
    async with Traveller("otto") as otto:
        assert (await sign_in(people, otto)).json()["account"]["username"] == "otto"


async def test_the_client_secret_goes_by_post_where_the_provider_takes_no_other_way(
    people: httpx.AsyncClient, provider: RealProvider, ivy: Traveller
) -> None:
    provider.start(clientAuth="client_secret_post")
    assert (await sign_in(people, ivy)).status_code == 201


async def test_promise_a_provider_changes_its_keys_and_nobody_notices(
    people: httpx.AsyncClient, provider: RealProvider, ivy: Traveller
) -> None:
    assert (await sign_in(people, ivy)).status_code == 201
    provider.start()
    assert (await sign_in(people, ivy)).status_code == 201
    provider.start(algorithm="ES256")
    assert (await sign_in(people, ivy)).status_code == 201


@pytest.mark.parametrize(
    ("seconds", "status"), [(45, 201), (-45, 201), (600, 403), (-900, 403)]
)
async def test_a_providers_clock_may_be_a_minute_off_and_no_more(
    people: httpx.AsyncClient,
    provider: RealProvider,
    ivy: Traveller,
    seconds: int,
    status: int,
) -> None:
    provider.start(clockSeconds=seconds)
    assert (await sign_in(people, ivy)).status_code == status


async def test_a_code_serves_once_and_only_the_browser_and_provider_it_is_for(
    people: httpx.AsyncClient, ivy: Traveller
) -> None:
    begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})).json()
    other = (await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})).json()
    brought = await ivy.consent(begun["authorization_url"], HOME)
    path = "/v1/sign-in/op/callback"
    # Another flow has another state; with that state too, the code has another verifier.
    mixed = await people.post(path, json={"flow": other["flow"], **brought})
    assert told(mixed) == (403, "sign_in_refused")
    for wrong in ({"state": "another"}, {"iss": "https://evil.example"}, {"code": "no"}):
        begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})).json()
        brought = await ivy.consent(begun["authorization_url"], HOME)
        sent = {"flow": begun["flow"], **brought, **wrong}
        assert told(await people.post(path, json=sent)) == (403, "sign_in_refused")
    begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})).json()
    brought = await ivy.consent(begun["authorization_url"], HOME)
    sent = {"flow": begun["flow"], **brought}
    assert (await people.post(path, json=sent)).status_code == 201
    assert told(await people.post(path, json=sent)) == (403, "sign_in_refused")


async def test_a_signed_in_person_links_sees_and_unlinks_the_provider(
    people: httpx.AsyncClient, provider: RealProvider, ivy: Traveller
) -> None:
    bob = await join(people, "bob")
    path = "/v1/account/identities/op"
    assert (await visit(bob, path, ivy)).status_code == 204
    assert await linked(bob) == [("op", provider.issuer, "ivy")]
    assert (await sign_in(people, ivy)).json()["account"]["id"] == bob.id
    # Whoever else has that identity already, it stays theirs.
    eve = await join(people, "eve")
    assert told(await visit(eve, path, ivy)) == (409, "identity_taken")
    assert (await bob("DELETE", path)).status_code == 204
    assert await linked(bob) == []
    assert (await sign_in(people, ivy)).json()["account"]["id"] != bob.id


async def test_a_provider_reauthenticates_by_asking_and_not_by_remembering(
    service: Service, people: httpx.AsyncClient, ivy: Traveller
) -> None:
    came = (await sign_in(people, ivy)).json()
    person = Someone(people, came["account"]["id"], came["token"])
    service.clock.move(minutes=16)
    wanted = {"new_password": PASSWORD}
    stale = await person("PUT", "/v1/account/password", json=wanted)
    assert told(stale) == (403, "reauthentication_required")
    service.clock.move(minutes=-15, seconds=-55)
    path = "/v1/sessions/current/re-authenticate/op"
    proven = await visit(person, path, ivy)
    assert proven.status_code == 200, proven.text
    assert ivy.was_asked_to_sign_in  # though she was signed in there
    assert proven.json()["reauthenticated_at"] > came["reauthenticated_at"]


async def test_promise_old_or_foreign_authentication_makes_nothing_fresh(
    service: Service, people: httpx.AsyncClient, ivy: Traveller
) -> None:
    came = (await sign_in(people, ivy)).json()
    person = Someone(people, came["account"]["id"], came["token"])
    path = "/v1/sessions/current/re-authenticate/op"
    async with Traveller("otto") as otto:
        assert told(await visit(person, path, otto)) == (403, "sign_in_refused")
    # Somebody takes out of the address what asks for the proof: the provider only remembers
    # her sign-in of just now, which is two minutes ago here.
    service.clock.move(minutes=2)
    asked = (await person("POST", path, json={"redirect_uri": HOME})).json()
    url = asked["authorization_url"].replace("&max_age=0", "&max_age=9999")
    brought = await ivy.consent(url.replace("&prompt=login", ""), HOME)
    assert not ivy.was_asked_to_sign_in
    sent = {"flow": asked["flow"], **brought}
    assert told(await person("POST", f"{path}/callback", json=sent)) == (403, "sign_in_refused")
    lines = (await people.get("/v1/audit", auth=KEY)).json()["events"]
    refused = [line for line in lines if line["result"] == "sign_in_refused"]
    assert [line["facts"]["check"] for line in refused] == ["auth_time", "somebody else"]


async def test_a_flow_is_finished_for_the_purpose_it_was_started_for_only(
    people: httpx.AsyncClient, ivy: Traveller
) -> None:
    came = (await sign_in(people, ivy)).json()
    person = Someone(people, came["account"]["id"], came["token"])
    proof, link = "/v1/sessions/current/re-authenticate/op", "/v1/account/identities/op"
    begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})).json()
    to_link = (await person("POST", link, json={"redirect_uri": HOME})).json()
    for left in (begun, to_link):
        brought = await ivy.consent(left["authorization_url"], HOME)
        sent = {"flow": left["flow"], **brought}
        answer = await person("POST", f"{proof}/callback", json=sent)
        assert told(answer) == (403, "sign_in_refused")


async def test_a_session_is_as_fresh_as_the_authentication_that_the_provider_tells_of(
    service: Service, people: httpx.AsyncClient, provider: RealProvider, ivy: Traveller
) -> None:
    came = (await sign_in(people, ivy)).json()
    person = Someone(people, came["account"]["id"], came["token"])
    before = datetime.fromisoformat(came["reauthenticated_at"])
    path = "/v1/sessions/current/re-authenticate/op"
    proven = (await visit(person, path, ivy)).json()
    after = datetime.fromisoformat(proven["reauthenticated_at"])
    assert before <= after <= datetime.now(UTC) + timedelta(minutes=1)


async def test_a_provider_that_is_away_stops_only_sign_in_with_it(
    users_database: str, redis_url: str, provider: RealProvider
) -> None:
    provider.stop()
    settings = some_settings(
        users_database,
        redis_url,
        public_url="https://notes.example",
        providers=SecretStr(json.dumps([provider.listed(client_secret=SECRET)])),
    )
    async with running(settings) as service:
        people = service.client()
        assert (await service.ready())["database"]
        await join(people, "bob")
        answer = await people.post("/v1/sign-in/op", json={"redirect_uri": HOME})
        assert told(answer) == (503, "provider_away")


async def test_a_provider_that_cannot_tell_when_one_signed_in_is_not_asked_to_reauthenticate(
    users_database: str, redis_url: str, provider: RealProvider
) -> None:
    listed = provider.listed(client_secret=SECRET, reauthenticates=False)
    settings = some_settings(
        users_database,
        redis_url,
        public_url="https://notes.example",
        providers=SecretStr(json.dumps([listed])),
    )
    async with running(settings) as service:
        bob = await join(service.client(), "bob")
        path = "/v1/sessions/current/re-authenticate/op"
        answer = await bob("POST", path, json={"redirect_uri": HOME})
        assert told(answer) == (409, "provider_cannot_reauthenticate")


async def linked(someone: Someone) -> list[tuple[Any, ...]]:
    mine = (await someone("GET", "/v1/account")).json()["identities"]
    return [(each["provider"], each["issuer"], each["subject"]) for each in mine]
