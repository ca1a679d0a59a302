"""Promise: the keys that others keep never make an outage, nor does their rotation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import jwt
import pytest
from people import Person
from plain_visitor import form_token, visitor
from websockets.sync.client import ClientConnection, connect
from wired_stack import WiredStack


@contextmanager
def socket_of(stack: WiredStack, token: str) -> Iterator[ClientConnection]:
    port = stack.environment.gateway_ports[0]
    with connect(f"ws://127.0.0.1:{port}/connection/websocket", proxy=None) as socket:
        socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
        said = json.loads(socket.recv(timeout=30))
        assert "connect" in said, said
        yield socket


def hears(socket: ClientConnection, key: str) -> None:
    """Subscribed to the note, it gets the next event about it."""
    socket.send(json.dumps({"id": 2, "subscribe": {"channel": f"notes:{key}"}}))
    assert "subscribe" in json.loads(socket.recv(timeout=30))


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.fixture
def ivy(hurt_stack: WiredStack) -> Person:
    """With tokens in hand, shown once to each service: their keys are known there."""
    return hurt_stack.people.sign_up("Ivy")


def test_promise_while_users_service_is_dead_people_read_write_and_stay_connected(
    hurt_stack: WiredStack, ivy: Person
) -> None:
    key = ivy.create("Menu", "Soup")["key"]
    realtime = ivy.new_token("realtime")
    with ExitStack() as opened:
        browser = opened.enter_context(visitor(hurt_stack, ivy.session))
        csrf = form_token(browser.get(f"/notes/{key}/edit").text)
        before = opened.enter_context(socket_of(hurt_stack, realtime))
        hurt_stack.services["users-service"].kill()

        # By the token in hand, at the service.
        assert ivy.read(key)["body"] == "Soup"
        assert ivy.save(key, version=1, title="Menu", body="Bread")["version"] == 2
        # By the session, in pages: the last token stands in.
        page = browser.get(f"/notes/{key}")
        assert (page.status_code, "Log out" in page.text) == (200, True)
        form = {"csrf": csrf, "title": "Menu", "body": "Cake", "version": "2", "choice": "mine"}
        assert browser.post(f"/notes/{key}/edit", data=form).status_code == 303
        # Sockets stay, and new ones open.
        after = opened.enter_context(socket_of(hurt_stack, realtime))
        for socket in (before, after):
            hears(socket, key)
        ivy.save(key, version=3, title="Menu", body="Tea")
        for socket in (before, after):
            assert "Tea" in str(socket.recv(timeout=30))

        # What has to ask users-service says so, and asks nobody to sign in.
        refused = browser.get("/account")
        assert (refused.status_code, "Temporarily unavailable" in refused.text) == (503, True)


def test_promise_a_key_rotated_by_command_refuses_no_token_of_the_one_before(
    hurt_stack: WiredStack, ivy: Person
) -> None:
    users = hurt_stack.services["users-service"]
    old, old_realtime = ivy.token, ivy.new_token("realtime")
    ivy.create("Before")
    rotate = [sys.executable, "-m", "users_service", "rotate-keys"]
    fresh = subprocess.run(rotate, env=users.env, capture_output=True, text=True, check=True)
    # A quarter of an hour later.
    sooner = "UPDATE signing_keys SET active_from = now() WHERE kid = :'kid'"
    said = {"kid": fresh.stdout.strip()}
    hurt_stack.postgres.execute(sooner, database="users", variables=said)
    users.stop()
    users.start()

    ivy._token = ("", 0.0)
    assert (kid(old), kid(ivy.token)) == (kid(old_realtime), said["kid"])
    assert kid(old) != said["kid"]
    for token in (old, ivy.token):
        bearer = {"Authorization": f"Bearer {token}"}
        answer = ivy.http.get(f"{ivy.notes_url}/v1/trash", headers=bearer)
        assert answer.status_code == 200, answer.text
    for token in (old_realtime, ivy.new_token("realtime")):
        with socket_of(hurt_stack, token):
            pass
