"""Second steps and API tokens of users-service, in memory."""

from datetime import UTC, datetime, timedelta

from fake_backends import NOON, Handler, Json, problem
from fake_emails import FakeLetters
from fake_people import shown
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CODE = "123456"
RECOVERY_CODES = ["aaaa-bbbb", "cccc-dddd"]
QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h4v4z"/></svg>'


class FakeWaysIn(FakeLetters):
    def __init__(self) -> None:
        super().__init__()
        self.totp: set[str] = set()
        self.api_tokens: dict[str, Json] = {}
        self.scopes: dict[str, list[str]] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/v1/sessions/second-factor", self.second_factor),
            ("GET", "/v1/account/two-factor", self.factors),
            ("POST", "/v1/account/totp", self.begin_totp),
            ("POST", "/v1/account/totp/confirm", self.confirm_totp),
            ("DELETE", "/v1/account/totp", self.remove_totp),
            ("POST", "/v1/account/recovery-codes", self.new_codes),
            ("GET", "/v1/api-tokens", self.my_tokens),
            ("POST", "/v1/api-tokens", self.make_token),
            ("DELETE", "/v1/api-tokens/{id}", self.revoke_token),
            *super().routes(),
        ]

    async def open(self, request: Request) -> Response:
        given, answer = await request.json(), await super().open(request)
        if answer.status_code != 201 or given["username"] not in self.totp:
            return answer
        self.sessions.popitem()
        step = {"token": f"step-of-{given['username']}", "methods": ["totp", "recovery_code"]}
        return JSONResponse({"second_factor": step | {"expires_at": NOON.isoformat()}})

    async def second_factor(self, request: Request) -> Response:
        given = await request.json()
        if not given["token"].startswith("step-of-"):
            return problem(403, "two_factor_challenge_ended")
        if given["code"] not in (CODE, *RECOVERY_CODES):
            return problem(403, "wrong_code")
        person = self.people[given["token"].removeprefix("step-of-")]
        expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        made = {"token": self.sign_in(person), "expires_at": expires, "account": person}
        return JSONResponse(made, status_code=201)

    async def factors(self, request: Request) -> Response:
        person = self._who(request)
        if person is None:
            return problem(401, "session_ended")
        is_on = person["username"] in self.totp
        return JSONResponse({"totp": is_on, "recovery_codes": 2 * is_on, "passkeys": 0})

    async def begin_totp(self, request: Request) -> Response:
        if self.stale:
            return problem(403, "reauthentication_required")
        begun = {"secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/x", "qr_svg": QR}
        return JSONResponse(begun, status_code=201)

    async def confirm_totp(self, request: Request) -> Response:
        person = self._who(request)
        assert person is not None
        if (await request.json())["code"] != CODE:
            return problem(403, "wrong_code")
        self.totp.add(person["username"])
        return JSONResponse({"recovery_codes": RECOVERY_CODES})

    async def remove_totp(self, request: Request) -> Response:
        person = self._who(request)
        assert person is not None
        if self.stale:
            return problem(403, "reauthentication_required")
        if lacking := self.lacking(
            person, await request.json() if await request.body() else {}
        ):
            return lacking
        self.totp.discard(person["username"])
        return Response(status_code=204)

    def lacking(self, person: Json, given: Json) -> Response | None:
        if person["username"] not in self.totp:
            return None
        if not given.get("code"):
            return problem(403, "code_required")
        is_right = given["code"] in (CODE, *RECOVERY_CODES)
        return None if is_right else problem(403, "wrong_code")

    async def new_codes(self, request: Request) -> Response:
        return JSONResponse({"recovery_codes": ["eeee-ffff"]}, status_code=201)

    async def my_tokens(self, request: Request) -> Response:
        if self._who(request) is None:
            return problem(401, "session_ended")
        return JSONResponse({"api_tokens": list(self.api_tokens.values())})

    async def make_token(self, request: Request) -> Response:
        if self.stale:
            return problem(403, "reauthentication_required")
        given, number = await request.json(), f"token-{len(self.api_tokens)}"
        self.api_tokens[number] = {
            "id": number, "name": given["name"], "prefix": "notes_abc",
            "scopes": given["scopes"], "created_at": NOON.isoformat(),
            "expires_at": given["expires_in_days"] and NOON.isoformat(),
            "last_used_at": None, "last_used_from": None,
        }  # fmt: skip
        made = self.api_tokens[number] | {"token": f"notes_abc-{number}"}
        return JSONResponse(made, status_code=201)

    async def revoke_token(self, request: Request) -> Response:
        if self.api_tokens.pop(request.path_params["id"], None) is None:
            return problem(404, "api_token_not_found")
        return Response(status_code=204)

    async def token(self, request: Request) -> Response:
        """For an API token too: `scopes` holds those of tests."""
        scopes = self.scopes.get(shown(request))
        if scopes is None:
            if shown(request).startswith("notes_"):
                return problem(401, "invalid_api_token")
            return await super().token(request)
        audience = (await request.json())["audience"]
        if audience == "realtime" and "realtime" not in scopes:
            return problem(403, "insufficient_scope")
        # The fake notes-service takes a user name for an access token.
        granted = {
            "token": "ana",
            "expires_at": NOON.isoformat(),
            "account": self.people["ana"],
        }
        return JSONResponse(granted)
