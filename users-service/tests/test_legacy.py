"""A client of the original users service, row by row of its interface."""

import asyncio
import base64
from typing import Any

import bcrypt
import httpx
import pytest
from users_running import Service

ME = {
    "username": "me",
    "password": "w0rd",
    "provider": "local",
    "familyName": "Einarrsdottir",
    "givenName": "Ashildr",
    "middleName": "",
    "emails": ["me@stuff.example"],
    "photos": [],
}
ME_SHOWN = {"id": "me", **{key: ME[key] for key in ME if key != "password"}}
INCORRECT = "Incorrect username or password"


def hashed(password: str) -> str:
    """As the original's clients do before they send."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


async def check(client: httpx.AsyncClient, username: str, password: str) -> Any:
    sent = {"username": username, "password": password}
    answer = await client.post("/password-check", json=sent)
    assert answer.status_code == 200
    return answer.json()


async def test_a_created_user_is_shown_without_password_or_numbers(
    original: httpx.AsyncClient,
) -> None:
    answer = await original.post("/create-user", json=ME)
    assert (answer.status_code, answer.json()) == (200, ME_SHOWN)
    assert answer.headers["content-type"] == "application/json"
    found = await original.get("/find/me")
    assert (found.status_code, found.json()) == (200, ME_SHOWN)


async def test_what_was_never_given_is_null(original: httpx.AsyncClient) -> None:
    answer = await original.post("/create-user", json={"username": "bare"})
    nothing = dict.fromkeys(
        ["provider", "familyName", "givenName", "middleName", "emails", "photos"]
    )
    assert answer.json() == {"id": "bare", "username": "bare", **nothing}
    assert (await original.get("/find/bare")).json() == answer.json()


async def test_a_form_works_like_json(original: httpx.AsyncClient) -> None:
    form = {"username": "form", "password": "w0rd", "emails": ["a@x", "b@x"], "givenName": "F"}
    answer = await original.post("/create-user", data=form)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["givenName"], shown["emails"], shown["photos"]) == ("F", ["a@x", "b@x"], None)
    one = {"username": "one", "emails[0]": "a@x"}
    assert (await original.post("/create-user", data=one)).json()["emails"] == ["a@x"]
    checked = await original.post(
        "/password-check", data={"username": "form", "password": "w0rd"}
    )
    assert checked.json() == {"check": True, "username": "form"}


async def test_photos_may_be_objects_as_passport_makes_them(
    original: httpx.AsyncClient,
) -> None:
    photos = [{"value": "https://pictures.example/1.png", "type": "large"}]
    answer = await original.post("/create-user", json={**ME, "photos": photos})
    assert answer.json()["photos"] == photos


@pytest.mark.parametrize("path", ["/create-user", "/find-or-create"])
async def test_a_new_username_shows_something(original: httpx.AsyncClient, path: str) -> None:
    for unseen in ("\u3164", "\u200b", "\u2800 \u2800"):
        answer = await original.post(path, json={**ME, "username": unseen})
        assert answer.status_code == 422


@pytest.mark.parametrize("sent", [{}, {"username": ""}, {"username": "  "}, {"username": None}])
@pytest.mark.parametrize("path", ["/create-user", "/find-or-create", "/password-check"])
async def test_a_missing_or_empty_username_is_422(
    original: httpx.AsyncClient, path: str, sent: dict[str, Any]
) -> None:
    answer = await original.post(path, json={"password": "w0rd", **sent})
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "UnprocessableEntity",
        "message": "username is missing",
    }


async def test_a_duplicate_username_is_409_and_quotes_nothing(
    original: httpx.AsyncClient,
) -> None:
    await original.post("/create-user", json=ME)
    answer = await original.post("/create-user", json={**ME, "password": "canary"})
    assert (answer.status_code, answer.json()["code"]) == (409, "Conflict")
    assert "canary" not in answer.text
    assert "SQL" not in answer.text.upper().replace("POSTGRESQL", "SQL")


async def test_a_name_that_looks_like_another_is_409(original: httpx.AsyncClient) -> None:
    await original.post("/create-user", json=ME)
    for username in ("ME", "ｍｅ"):
        answer = await original.post("/create-user", json={"username": username})
        assert answer.status_code == 409
    assert (await original.get("/find/ME")).status_code == 404


async def test_an_update_changes_what_is_given_and_nothing_else(
    original: httpx.AsyncClient,
) -> None:
    await original.post("/create-user", json=ME)
    answer = await original.post("/update-user/me", json={"givenName": "Ash"})
    assert (answer.status_code, answer.json()) == (200, {**ME_SHOWN, "givenName": "Ash"})
    answer = await original.post("/update-user/me", json={"emails": None, "photos": ["p"]})
    assert (answer.json()["emails"], answer.json()["photos"]) == (None, ["p"])
    assert (await check(original, "me", "w0rd"))["check"] is True


async def test_the_path_wins_over_the_body(original: httpx.AsyncClient) -> None:
    await original.post("/create-user", json=ME)
    answer = await original.post("/update-user/me", json={"username": "you", "givenName": "A"})
    assert (answer.json()["id"], answer.json()["givenName"]) == ("me", "A")
    assert (await original.get("/find/you")).status_code == 404


async def test_the_query_string_does_not_reach_the_parameters(
    original: httpx.AsyncClient,
) -> None:
    answer = await original.post("/create-user?username=query", json={})
    assert answer.status_code == 422
    await original.post("/create-user", json=ME)
    await original.post("/update-user/me?givenName=Query", json={})
    assert (await original.get("/find/me?username=you")).json() == ME_SHOWN


async def test_updating_nobody_is_404_and_says_so(original: httpx.AsyncClient) -> None:
    answer = await original.post("/update-user/nobody", json={"givenName": "A"})
    assert (answer.status_code, answer.json()["code"]) == (404, "ResourceNotFound")


async def test_a_new_password_takes_the_place_of_the_old_one(
    original: httpx.AsyncClient,
) -> None:
    await original.post("/create-user", json=ME)
    await original.post("/update-user/me", json={"password": hashed("n3w")})
    assert (await check(original, "me", "w0rd"))["check"] is False
    assert (await check(original, "me", "n3w"))["check"] is True


async def test_find_or_create_makes_then_finds_unchanged(original: httpx.AsyncClient) -> None:
    made = await original.post("/find-or-create", json=ME)
    found = await original.post("/find-or-create", json={**ME, "givenName": "Other"})
    assert made.status_code == found.status_code == 200
    assert made.json() == found.json() == ME_SHOWN


async def test_find_or_create_never_finds_an_account_of_another_provider(
    original: httpx.AsyncClient,
) -> None:
    await original.post("/create-user", json=ME)
    answer = await original.post("/find-or-create", json={**ME, "provider": "twitter"})
    assert (answer.status_code, answer.json()["code"]) == (409, "Conflict")


async def test_an_account_that_changed_its_provider_is_found_there(
    original: httpx.AsyncClient,
) -> None:
    await original.post("/create-user", json={"username": "me"})
    await original.post("/update-user/me", json={"provider": "twitter"})
    ours = await original.post("/find-or-create", json={"username": "me", "provider": "local"})
    theirs = {"username": "me", "provider": "twitter"}
    assert ours.status_code == 409
    assert (await original.post("/find-or-create", json=theirs)).json()["id"] == "me"


async def test_destroy_answers_when_it_is_done(original: httpx.AsyncClient) -> None:
    await original.post("/create-user", json=ME)
    gone = await original.delete("/destroy/me")
    assert (gone.status_code, gone.json()) == (200, {})
    again = await original.delete("/destroy/me")
    assert (again.status_code, again.json()) == (404, {})
    assert (await original.post("/create-user", json=ME)).status_code == 200


async def test_find_of_nobody_is_404_with_an_empty_object(original: httpx.AsyncClient) -> None:
    answer = await original.get("/find/nobody")
    assert (answer.status_code, answer.json()) == (404, {})


async def test_the_list_has_everybody_in_the_order_they_came(
    service: Service, original: httpx.AsyncClient
) -> None:
    assert (await original.get("/list")).json() == []
    for username in ("zoe", "adam"):
        await original.post("/create-user", json={"username": username})
        service.clock.move(seconds=1)
    assert [user["id"] for user in (await original.get("/list")).json()] == ["zoe", "adam"]


@pytest.mark.parametrize(
    "given",
    ["w0rd", hashed("w0rd"), hashed("w0rd").replace("2b", "2y")],
    ids=["plain", "2b", "2y"],
)
async def test_a_password_is_checked_however_it_was_given(
    original: httpx.AsyncClient, given: str
) -> None:
    await original.post("/create-user", json={**ME, "password": given})
    wrong = {"check": False, "username": "me", "message": INCORRECT}
    for _ in range(2):  # a bcrypt hash is replaced after the first
        assert await check(original, "me", "w0rd") == {"check": True, "username": "me"}
        assert await check(original, "me", "wrong") == wrong
    assert await check(original, "me", given + "x") == wrong


async def test_an_unknown_user_gets_the_same_words_as_a_wrong_password(
    original: httpx.AsyncClient,
) -> None:
    unknown = {"check": False, "username": "nobody", "message": INCORRECT}
    assert await check(original, "nobody", "w0rd") == unknown


@pytest.mark.parametrize("given", [None, "", hashed("")], ids=["none", "empty", "hashed"])
async def test_an_account_without_a_password_has_none_that_fits(
    original: httpx.AsyncClient, given: str | None
) -> None:
    await original.post("/create-user", json={"username": "tweeter", "password": given})
    for tried in ("", "None", "null"):
        assert (await check(original, "tweeter", tried))["check"] is False


async def test_a_password_check_without_a_password_is_422(original: httpx.AsyncClient) -> None:
    answer = await original.post("/password-check", json={"username": "me"})
    assert answer.status_code == 422


async def test_an_absurdly_costly_hash_is_refused(original: httpx.AsyncClient) -> None:
    costly = hashed("w0rd").replace("$04$", "$31$")
    answer = await original.post("/create-user", json={**ME, "password": costly})
    assert answer.status_code == 422


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("them:wrong"),
        basic("nobody:a-key-for-tests-only"),
        basic("them"),
        basic(":"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": "Bearer a-key-for-tests-only"},
    ],
)
async def test_no_key_or_a_wrong_key_is_401_with_the_way_to_show_one(
    people: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for method, path in [("GET", "/list"), ("POST", "/create-user"), ("DELETE", "/destroy/x")]:
        answer = await people.request(method, path, headers=headers, content=b"{not json")
        assert (answer.status_code, answer.json()) == (401, {})
        assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_every_configured_key_opens(service: Service) -> None:
    client = service.client(auth=("web", "another-key"))
    assert (await client.get("/list")).status_code == 200


@pytest.mark.parametrize("path", ["/x", "/", "/find/", "/find/a/b", "/list/", "/create-user/"])
async def test_an_unknown_path_says_so_even_without_a_key(
    people: httpx.AsyncClient, original: httpx.AsyncClient, path: str
) -> None:
    for client in (people, original):
        if client is people and path.startswith("/find"):
            continue  # the key is asked for first
        answer = await client.get(path + "?q=1")
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "ResourceNotFound",
            "message": f"{path} does not exist",
        }


async def test_a_wrong_method_says_so(original: httpx.AsyncClient) -> None:
    answer = await original.get("/create-user")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == {"code": "MethodNotAllowed", "message": "GET is not allowed"}


@pytest.mark.parametrize(
    "body",
    [b"{broken", b"[1]", b'"text"', b"[" * 60_000, b'{"username": NaN}', b"\xff\xfe{}",
     b'{"username": "\\ud800"}', b'{"emails": [1e999]}'],
)  # fmt: skip
async def test_broken_json_is_400_invalid_content(
    original: httpx.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await original.post("/create-user", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidContent")


async def test_a_body_over_the_limit_is_413(original: httpx.AsyncClient) -> None:
    answer = await original.post("/create-user", json={"username": "x" * 70_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize(
    "sent",
    [
        {"username": "nul\0"},
        {"username": "x" * 256},
        {"username": ["me"]},
        {"username": True},
        {"username": "me", "familyName": "nul\0"},
        {"username": "me", "familyName": {"a": 1}},
        {"username": "me", "emails": {"a": 1}},
        {"username": "me", "emails": ["nul\0"]},
        {"username": "me", "photos": ["x" * 2048]},
        {"username": "me", "password": 1234},
        {"username": "me", "password": "x" * 1025},
    ],
)
async def test_what_cannot_be_kept_is_422(
    original: httpx.AsyncClient, sent: dict[str, Any]
) -> None:
    answer = await original.post("/create-user", json=sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "UnprocessableEntity")
    assert (await original.get("/list")).json() == []


@pytest.mark.parametrize("username", ["a/b", "a b", "ü@x", "100%", "a?b", "'; DROP TABLE x --"])
async def test_any_printable_name_works_encoded_in_the_path(
    original: httpx.AsyncClient, username: str
) -> None:
    await original.post("/create-user", json={"username": username})
    segment = httpx.QueryParams({"u": username})
    encoded = str(segment)[2:].replace("+", "%20")
    assert (await original.get(f"/find/{encoded}")).json()["id"] == username
    changed = await original.post(f"/update-user/{encoded}", json={"givenName": "G"})
    assert changed.json()["givenName"] == "G"
    assert (await original.delete(f"/destroy/{encoded}")).json() == {}


async def test_a_name_that_no_account_can_have_is_found_nowhere(
    original: httpx.AsyncClient,
) -> None:
    for method, path in [("GET", "/find/"), ("DELETE", "/destroy/"), ("POST", "/update-user/")]:
        for name in ("%00", "%ff", "%20", "x" * 256):
            assert (await original.request(method, path + name)).status_code == 404
    assert (await check(original, "nul\0", "x"))["check"] is False


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape", "utf-7"])
async def test_a_form_in_parts_is_utf_8(original: httpx.AsyncClient, charset: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = await original.post("/create-user", content=part, headers=kind)
    assert answer.status_code == 415


async def test_a_multipart_form_works_and_files_do_not(original: httpx.AsyncClient) -> None:
    fields = {"username": (None, "multi"), "givenName": (None, "M")}
    made = await original.post("/create-user", files=fields)
    assert (made.status_code, made.json()["givenName"]) == (200, "M")
    sent = {"username": ("a.txt", b"multi")}
    refused = await original.post("/create-user", files=sent)
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidContent")


async def test_a_body_of_no_known_type_has_no_parameters(original: httpx.AsyncClient) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}):
        answer = await original.post(
            "/create-user", content=b'{"username": "me"}', headers=headers
        )
        assert answer.status_code == 422


async def test_racing_callers_of_find_or_create_get_one_account(
    original: httpx.AsyncClient,
) -> None:
    answers = await asyncio.gather(
        *(original.post("/find-or-create", json=ME) for _ in range(6))
    )
    assert [answer.json() for answer in answers] == [ME_SHOWN] * 6
    assert len((await original.get("/list")).json()) == 1


async def test_names_that_are_numbers_are_taken_as_texts(original: httpx.AsyncClient) -> None:
    answer = await original.post("/create-user", json={"username": 7, "givenName": 1.5})
    assert (answer.json()["id"], answer.json()["givenName"]) == ("7", "1.5")


async def test_no_answer_is_stored_on_the_way(original: httpx.AsyncClient) -> None:
    assert (await original.get("/list")).headers["cache-control"] == "no-store"
