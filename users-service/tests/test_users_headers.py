"""Bytes that no text is made of, in every header of every route: never a 5xx."""

from uuid import uuid4

import httpx
import pytest
from signing_in import join, sign_in
from strange_headers import VALUES, addresses, failures, sets_of, strange
from users_running import KEY, Service

pytestmark = pytest.mark.slow

FEW = [("GET", "/v1/account"), ("POST", "/v1/sessions"), ("POST", "/v1/tokens"),
       ("GET", "/v1/audit"), ("GET", "/list"), ("POST", "/create-user")]  # fmt: skip
ENDS = {("DELETE", "/v1/account"), ("DELETE", "/v1/sessions/current")}


@pytest.mark.parametrize("name", ["beyond ASCII", "control bytes", "spaces"])
async def test_no_route_fails_for_a_header_that_is_no_text(
    service: Service, people: httpx.AsyncClient, name: str
) -> None:
    ivy = await join(people, "ivy")
    usual = {"Authorization": f"Bearer {ivy.token}", "Content-Type": "application/json"}
    nobody = str(uuid4())
    filled = {"account_id": nobody, "session_id": nobody, "passkey_id": nobody}
    filled |= {"token_id": nobody, "invitation_id": nobody}
    # Its check asks what stands apart from the routes here.
    left_out = ENDS | {("GET", "/ready")}
    asked = [each for each in addresses(service.app, **filled) if each not in left_out]
    assert len(asked) > 50
    found = {}
    for header, sent in sets_of(VALUES[name]).items():
        addressed = asked if header == "together" else FEW
        found[header] = await failures(people, addressed, usual=usual, sent=sent)
    assert {header: each for header, each in found.items() if each} == {}


async def test_a_device_is_remembered_as_its_person_wrote_it(service: Service) -> None:
    client = service.client(auth=KEY)
    await join(client, "ivy")
    value = "Zoë\x1b[2J’s phone".encode()
    ivy = await sign_in(client, "ivy", headers=[strange("x-forwarded-user-agent", value)])
    found = (await ivy("GET", "/v1/sessions", auth=None)).json()["sessions"]
    assert "Zoë[2J’s phone" in [each["user_agent"] for each in found]
