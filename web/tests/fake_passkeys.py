"""Passkeys of users-service, in memory: what is created here is believed here, by its id."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fake_administration import FakeAdministration
from fake_backends import NOON, Handler, Json, problem
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CHALLENGE = "Y2hhbGxlbmdl"


class FakePasskeys(FakeAdministration):
    def __init__(self) -> None:
        super().__init__()
        self.ways: Json = {"passwords": True, "passkeys": True, "providers": []}
        self.passkeys: dict[str, Json] = {}
        self.linked: set[str] = set()
        self.links: dict[str, str] = {}
        self.shown_invites: list[str | None] = []
        self.owners: dict[str, Json] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/v1/sign-in", self.ways_in),
            ("POST", "/v1/passkeys/options", self.options),
            ("POST", "/v1/sessions/passkey", self.open_by_passkey),
            ("GET", "/v1/account/passkeys", self.my_passkeys),
            ("POST", "/v1/account/passkeys/options", self.new_options),
            ("POST", "/v1/account/passkeys", self.add_passkey),
            ("PATCH", "/v1/account/passkeys/{id}", self.rename_passkey),
            ("DELETE", "/v1/account/passkeys/{id}", self.remove_passkey),
            ("POST", "/v1/sign-in/work", self.depart),
            ("POST", "/v1/account/identities/work", self.depart),
            ("POST", "/v1/sign-in/work/callback", self.come_back),
            ("POST", "/v1/account/identities/work/callback", self.link),
            ("DELETE", "/v1/account/identities/work", self.unlink),
            ("POST", "/v1/sessions/current/re-authenticate/work", self.depart),
            ("POST", "/v1/sessions/current/re-authenticate/work/callback", self.prove),
            ("POST", "/v1/sessions/link", self.open_by_link),
            *super().routes(),
        ]

    async def ways_in(self, _: Request) -> Response:
        return JSONResponse(self.ways)

    async def options(self, _: Request) -> Response:
        asked = {
            "challenge": CHALLENGE, "rpId": "localhost",
            "userVerification": "required", "allowCredentials": [],
        }  # fmt: skip
        return JSONResponse({"flow": "prove", "options": asked})

    async def open_by_passkey(self, request: Request) -> Response:
        person = self._proven(await request.json())
        if person is None:
            return problem(403, "passkey_refused")
        return self._opened(person)

    async def second_factor(self, request: Request) -> Response:
        given = await request.json()
        if "credential" not in given:
            return await super().second_factor(request)
        person = self._proven(given)
        return self._opened(person) if person else problem(403, "passkey_refused")

    async def reauthenticate(self, request: Request) -> Response:
        given = await request.json()
        if "credential" not in given:
            return await super().reauthenticate(request)
        if self._proven(given) is None:
            return problem(403, "passkey_refused")
        self.stale = False
        return JSONResponse({})

    async def factors(self, request: Request) -> Response:
        person = self._who(request)
        if person is None:
            return problem(401, "session_ended")
        is_on = person["username"] in self.totp
        codes = 2 * is_on
        own = sum(each["id"] == person["id"] for each in self.owners.values())
        return JSONResponse({"totp": is_on, "recovery_codes": codes, "passkeys": own})

    async def my_passkeys(self, request: Request) -> Response:
        if self._who(request) is None:
            return problem(401, "session_ended")
        return JSONResponse({"passkeys": list(self.passkeys.values())})

    async def new_options(self, request: Request) -> Response:
        if self.stale:
            return problem(403, "reauthentication_required")
        asked: dict[str, Any] = {
            "challenge": CHALLENGE, "rp": {"id": "localhost", "name": "Notes"},
            "user": {"id": "YW5h", "name": "ana", "displayName": "<Ana> \"&'"},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {
                "residentKey": "required", "userVerification": "required",
            },
            "excludeCredentials": [],
        }  # fmt: skip
        return JSONResponse({"flow": "create", "options": asked})

    async def add_passkey(self, request: Request) -> Response:
        person, given = self._who(request), await request.json()
        assert person is not None
        if given["flow"] != "create" or not given["credential"].get("id"):
            return problem(403, "passkey_refused")
        number = given["credential"]["id"]
        self.owners[number] = person
        self.passkeys[number] = {
            "id": number, "name": given["name"], "is_backed_up": False,
            "created_at": NOON.isoformat(), "last_used_at": None,
        }  # fmt: skip
        return JSONResponse(self.passkeys[number], status_code=201)

    async def rename_passkey(self, request: Request) -> Response:
        if (found := self.passkeys.get(request.path_params["id"])) is None:
            return problem(404, "passkey_not_found")
        found["name"] = (await request.json())["name"]
        return JSONResponse(found)

    async def remove_passkey(self, request: Request) -> Response:
        if self.stale:
            return problem(403, "reauthentication_required")
        if self.passkeys.pop(request.path_params["id"], None) is None:
            return problem(404, "passkey_not_found")
        return Response(status_code=204)

    async def depart(self, request: Request) -> Response:
        given = await request.json()
        assert given["redirect_uri"] == "http://notes.test/users/callback/work"
        self.shown_invites.append(given.get("invite"))
        if self.stale and "identities" in request.url.path:
            return problem(403, "reauthentication_required")
        url = "https://id.example/authorize?state=s&nonce=n"
        return JSONResponse({"authorization_url": url, "flow": "flow-secret"})

    async def come_back(self, request: Request) -> Response:
        given = await request.json()
        if given != {
            "flow": "flow-secret",
            "code": "c",
            "state": "s",
            "iss": "https://id.example",
        }:
            return problem(403, "sign_in_refused")
        return self._step("ben") or self._opened(self.people["ben"])

    def _step(self, username: str, token: str = "") -> Response | None:
        if username not in self.totp:
            return None
        step = {"token": token or f"step-of-{username}", "methods": ["totp"]}
        return JSONResponse({"second_factor": step | {"expires_at": NOON.isoformat()}})

    async def link(self, request: Request) -> Response:
        answer, person = await self.come_back(request), self._who(request)
        if answer.status_code != 201 or person is None:
            return problem(403, "sign_in_refused")
        self.linked.add(person["username"])
        return Response(status_code=204)

    async def prove(self, request: Request) -> Response:
        answer, person = await self.come_back(request), self._who(request)
        if answer.status_code != 201:
            return answer
        if step := self._step(person["username"] if person else "", "step-of-a-proof"):
            return step
        self.stale = False
        return JSONResponse({})

    async def open_by_link(self, request: Request) -> Response:
        token = (await request.json())["token"]
        if token not in self.links:
            return problem(403, "invalid_sign_in_link")
        return self._opened(self.people[self.links.pop(token)])

    def _overview(self, person: Json) -> Json:
        linked = person["username"] in self.linked
        identity = {"provider": "work", "issuer": "https://id.example", "subject": "1"}
        identities = [identity | {"linked_at": NOON.isoformat()}] if linked else []
        return super()._overview(person) | {"identities": identities}

    async def unlink(self, request: Request) -> Response:
        person = self._who(request)
        if person is None or person["username"] not in self.linked:
            return problem(404, "identity_not_found")
        self.linked.discard(person["username"])
        return Response(status_code=204)

    def _proven(self, given: Json) -> Json | None:
        right = given["flow"] == "prove"
        return self.owners.get(given["credential"].get("id", "")) if right else None

    def _opened(self, person: Json) -> Response:
        expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        made = {"token": self.sign_in(person), "expires_at": expires, "account": person}
        return JSONResponse(made, status_code=201)
