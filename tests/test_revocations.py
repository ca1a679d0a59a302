"""Promise: what an administrator takes away is gone at once, also for tokens that still live.

Against the real services; what the gateway does is in test_sessions_end.py.
"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conditions import eventually
from people import Person, SaveRefused
from plain_visitor import form_token, visitor
from wired_stack import WiredStack

Administer = Callable[..., httpx.Response]


@pytest.fixture
def administer(hurt_stack: WiredStack) -> Administer:
    """A request of an operator's, about somebody."""

    def request(method: str, person: Person, path: str = "", **options: Any) -> httpx.Response:
        key = httpx.BasicAuth(*hurt_stack.environment.users_api_key.split(":", 1))
        url = f"{person.users_url}/v1/accounts/{person.id}{path}"
        answer = httpx.request(method, url, auth=key, trust_env=False, timeout=30, **options)
        return answer.raise_for_status()

    return request


@pytest.fixture
def ivy(hurt_stack: WiredStack) -> Person:
    hurt_stack.people.sign_up("Boss")  # the first one of all is an administrator, and stays
    person = hurt_stack.people.sign_up("Ivy")
    person.create("Warm")  # her token is made, shown, and known to be good
    return person


def refusal(person: Person) -> tuple[int, str]:
    """What the next write with the token in hand is answered; (0, "") if it succeeds."""
    try:
        person.create("After")
    except SaveRefused as refused:
        return refused.status, refused.code
    return 0, ""


REVOKED = (401, "token_revoked")


@pytest.mark.parametrize(
    ("method", "path", "change"),
    [
        ("PATCH", "", {"disabled": True}),
        ("PATCH", "", {"role": "reader"}),
        ("PATCH", "", {"role": "admin"}),
        ("DELETE", "/sessions", None),
        ("DELETE", "", None),
    ],
)
def test_promise_the_write_after_an_administrators_act_is_refused(
    ivy: Person, administer: Administer, method: str, path: str, change: dict[str, Any] | None
) -> None:
    administer(method, ivy, path, json=change)
    assert refusal(ivy) == REVOKED


def test_promise_what_people_end_themselves_is_refused_a_moment_later(
    hurt_stack: WiredStack, ivy: Person
) -> None:
    bearer = {"Authorization": f"Bearer {ivy.session}"}
    ivy.http.delete(f"{ivy.users_url}/v1/sessions/current", headers=bearer).raise_for_status()
    eventually(lambda: refusal(ivy) == REVOKED)


def test_an_api_token_goes_on_with_the_new_role_and_nothing_more(
    hurt_stack: WiredStack, ivy: Person, administer: Administer
) -> None:
    bearer = {"Authorization": f"Bearer {ivy.session}"}
    wanted = {"name": "script", "scopes": ["read", "write"]}
    made = ivy.http.post(f"{ivy.users_url}/v1/api-tokens", json=wanted, headers=bearer)
    script = {"Authorization": f"Bearer {made.raise_for_status().json()['token']}"}
    api, note = f"{hurt_stack.url}/api/v1/notes", {"title": "By a script", "body": ""}
    with httpx.Client(trust_env=False, headers=script, timeout=30) as program:
        assert program.post(api, json=note).status_code == 201
        administer("PATCH", ivy, json={"role": "reader"})
        assert program.get(api).status_code == 200
        refused = program.post(api, json=note)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_somebody_else_notices_nothing(
    hurt_stack: WiredStack, ivy: Person, administer: Administer
) -> None:
    ben = hurt_stack.people.sign_up("Ben")
    ben.create("Before")
    administer("PATCH", ivy, json={"disabled": True})
    ben.create("After")


def test_who_was_writing_keeps_the_text_and_is_asked_to_sign_in(
    hurt_stack: WiredStack, ivy: Person, administer: Administer
) -> None:
    key = ivy.create("Menu", "Soup")["key"]
    with visitor(hurt_stack, ivy.session) as browser:
        form = {"csrf": form_token(browser.get(f"/notes/{key}/edit").text)}
        administer("DELETE", ivy, "/sessions")
        form |= {"title": "Menu", "body": "Soup and bread", "version": "1", "choice": "mine"}
        answer = browser.post(f"/notes/{key}/edit", data=form)
    assert answer.status_code == 401
    assert "Soup and bread" in answer.text


def test_without_redis_people_go_on_writing_and_what_was_ended_meanwhile_is_refused_after_it(
    hurt_stack: WiredStack, ivy: Person, administer: Administer
) -> None:
    ben = hurt_stack.people.sign_up("Ben")
    ben.create("Before")
    hurt_stack.valkey.stop()
    ben.create("Meanwhile")
    administer("PATCH", ivy, json={"disabled": True})
    assert refusal(ivy) == (0, "")  # for five minutes at most, and while Redis is away
    hurt_stack.valkey.start()
    eventually(lambda: refusal(ivy) == REVOKED, within=15)
    ben.create("After")
