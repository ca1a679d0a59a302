"""Promise: a client gets only what it may. Every route and channel × everybody (T13).

The routes come from the committed interfaces, the channels from the gateway's configuration,
what each caller is answered from contracts/authorisation.md. A route without a row fails, and
so does a row without a route.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import authorisation_channels as channels
import authorisation_pages as pages
import authorisation_requests as requests
import authorisation_table
import httpx
import pytest
from authorisation_cast import Caller, Cast, told
from authorisation_objects import Values
from authorisation_requests import Recipe, filled, values_of
from browsing import web_settings
from notes_web.app import create_app
from wired_stack import WiredStack

CONTRACTS = Path(__file__).parents[1] / "contracts"
OPERATIONS = ["GET /health", "GET /ready", "GET /metrics"]
RECIPES = {
    "notes-service": requests.NOTES,
    "users-service": requests.USERS,
    "realtime-gateway": requests.GATEWAY,
    "web": pages.WEB,
}
INTERFACES = {
    "notes-service": "notes.json",
    "users-service": "users.json",
    "realtime-gateway": "gateway.json",
}
CHANNELS = "channels"
ROWS = authorisation_table.read()


def routes(service: str) -> list[str]:
    if service in INTERFACES:
        document = json.loads((CONTRACTS / "http" / INTERFACES[service]).read_text())
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pages need no names as operations
            document = create_app(web_settings()).openapi()
    return OPERATIONS + [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method != "head"  # as GET, without the body
    ]


ALL = [(service, route) for service in RECIPES for route in routes(service)]


@pytest.fixture(scope="module")
def cast(stack: WiredStack) -> Iterator[Cast]:
    cast = Cast(stack)
    yield cast
    cast.close()


@pytest.mark.parametrize("service", RECIPES)
def test_every_route_has_a_row_and_every_row_a_route(service: str) -> None:
    assert sorted(ROWS[service]) == sorted(routes(service))
    assert set(RECIPES[service]) <= set(routes(service))


def test_every_command_on_every_kind_of_channel_has_a_row() -> None:
    assert sorted(ROWS[CHANNELS]) == sorted(channels.routes())


@pytest.mark.parametrize(("service", "route"), ALL)
def test_promise_everybody_is_answered_as_the_table_says(
    cast: Cast, service: str, route: str
) -> None:
    expected = ROWS[service][route]
    assert {column: outcome(cast, service, route, column) for column in expected} == expected


@pytest.mark.parametrize("route", channels.routes())
def test_promise_everybody_may_do_on_channels_what_the_table_says(
    cast: Cast, route: str
) -> None:
    expected = ROWS[CHANNELS][route]
    gateway = cast.stack.services["realtime-gateway"].url.replace("http", "ws", 1)
    url = f"{gateway}/connection/websocket"
    found = {column: channels.outcome(url, route, cast.caller(column)) for column in expected}
    assert found == expected


def outcome(cast: Cast, service: str, route: str, column: str) -> str:
    """`yes`, or the status with which it was refused; `nothing` if nothing came of it."""
    recipe = RECIPES[service].get(route, Recipe())
    caller = cast.caller(column)
    if recipe.spends and caller.person and column not in ("expired", "revoked"):
        caller = cast.someone_like(column)
    made = cast.untouched.pop((route, recipe.made), None) or recipe.made(cast)
    values = {"provider": "work"} | values_of(caller) | made
    answer = send(cast, service, route, recipe, caller, values)
    found = told(answer)
    if route.startswith("GET ") or answer.status_code in (401, 403, 404):
        cast.untouched[route, recipe.made] = made
    if _asks_to_sign_in(answer, route):
        return "401"
    if answer.status_code < 400 or found == recipe.answer:
        return "nothing" if recipe.stays and recipe.stays(cast, values) else "yes"
    if answer.status_code in (401, 403, 404):
        return str(answer.status_code)
    raise AssertionError(f"{route} as {column}: {found}, {answer.text[:300]}")


def _asks_to_sign_in(answer: httpx.Response, route: str) -> bool:
    """As a page does it; the pages of the entrance itself lead there, too."""
    leads_there = answer.headers.get("Location", "").startswith("/users/login")
    return answer.is_redirect and leads_there and " /users/" not in route


def send(
    cast: Cast, service: str, route: str, recipe: Recipe, caller: Caller, values: Values
) -> httpx.Response:
    method, path = route.split(" ")
    body: dict[str, Any] = {"json": filled(recipe.json, values)}
    if service == "web" and method == "POST" and not path.startswith("/api/"):
        body = {"data": filled(recipe.form, values) | {"csrf": caller.csrf}}
    # Web answers under the site's name alone.
    site = {"Host": urlsplit(cast.stack.url).netloc} if service == "web" else {}
    cast.http.cookies.clear()
    return cast.http.request(
        method,
        cast.stack.services[service].url + path.format_map(values),
        headers=site | shown(service, path, caller) | dict(recipe.headers),
        **body,
    )


def shown(service: str, path: str, caller: Caller) -> dict[str, str]:
    """What the caller has for this service, in the header where it looks."""
    if service == "web" and not path.startswith("/api/"):
        basic = {"Authorization": caller.basic} if caller.key else {}
        return {"Cookie": caller.cookies, "Sec-Fetch-Site": "same-origin", **basic}
    if caller.gateway_key and service == "realtime-gateway":
        return {"X-API-Key": caller.gateway_key}
    if caller.key:
        return {"Authorization": caller.basic}
    bearer = {
        "notes-service": caller.access,
        "users-service": caller.session,
        "realtime-gateway": caller.realtime,
        "web": caller.api_token,
    }[service]
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}
