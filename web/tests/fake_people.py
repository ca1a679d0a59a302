"""users-service for signed-in people, in memory: own accounts and sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fake_backends import NOON, FakeUsers, Handler, Json, problem
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

PASSWORD = "correct horse"
WEAK = {"short": "password_too_short", "password1": "password_common"}


class FakePeople(FakeUsers):
    """A session is fresh until a test says `stale = True`; a right password freshens it."""

    def __init__(self) -> None:
        super().__init__()
        self.stale = False
        self.emails: dict[str, str | None] = {}
        self.disabled: set[str] = set()
        self.resets: dict[str, str] = {}
        self.passwords: dict[str, str] = {}
        self.proven: dict[str, str] = {}
        self.full: set[str] = set()

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            *super().routes(),
            ("GET", "/v1/account", self.mine),
            ("PATCH", "/v1/account", self.change_mine),
            ("DELETE", "/v1/account", self.delete_mine),
            ("PUT", "/v1/account/password", self.change_password),
            ("GET", "/v1/account/export", self.export),
            ("GET", "/v1/sessions", self.my_sessions),
            ("DELETE", "/v1/sessions/others", self.end_others),
            ("POST", "/v1/sessions/current/re-authenticate", self.reauthenticate),
            ("DELETE", "/v1/sessions/{id}", self.end_one),
            ("POST", "/v1/password-resets", self.reset),
        ]

    async def mine(self, request: Request) -> Response:
        person = self._who(request)
        return JSONResponse(self._overview(person)) if person else problem(401, "session_ended")

    async def change_mine(self, request: Request) -> Response:
        person, changes = self._who(request), await request.json()
        if "email" in changes:
            if self.stale:
                return problem(403, "reauthentication_required")
            if changes["email"] in self.full:
                answer = problem(429, "too_many_emails")
                answer.headers["Retry-After"] = "71000"
                return answer
            if changes["email"] and "@" not in changes["email"]:
                rule = "email must look like name@example.org"
                return problem(422, "invalid_field", detail=rule)
        assert person is not None
        username = person["username"]
        if "name" in changes:
            self._replace(person, name=changes["name"] or username)
        self.emails[username] = changes.get("email", self.emails.get(username))
        return JSONResponse(self._overview(self.people[username]))

    async def delete_mine(self, request: Request) -> Response:
        person = self._who(request)
        assert person is not None
        if self.stale:
            return problem(403, "reauthentication_required")
        if "admin" in person["roles"]:
            return problem(409, "last_administrator")
        del self.people[person["username"]]
        self._end(lambda _, each: each["id"] == person["id"])
        return Response(status_code=204)

    async def change_password(self, request: Request) -> Response:
        person, given = self._who(request), await request.json()
        if person is None:
            return problem(401, "session_ended")
        if given["old_password"] != PASSWORD:
            return problem(401, "wrong_credentials")
        if self.stale and (lacking := self.lacking(person, given)):
            return lacking
        if code := WEAK.get(given["new_password"]):
            return problem(422, code)
        self.passwords[person["username"]] = given["new_password"]
        self._end(lambda _, each: each["id"] == person["id"])
        expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        made = {"token": self.sign_in(person), "expires_at": expires, "account": person}
        return JSONResponse(made)

    async def export(self, request: Request) -> Response:
        if self.stale:
            return problem(403, "reauthentication_required")
        person = self._who(request)
        assert person is not None
        return JSONResponse({"account": self._overview(person), "sessions": []})

    async def my_sessions(self, request: Request) -> Response:
        person, own = self._who(request), shown(request)
        if person is None:
            return problem(401, "session_ended")
        found = [
            self._device(token, current=token == own)
            for token, each in self.sessions.items()
            if each["id"] == person["id"]
        ]
        return JSONResponse({"sessions": found})

    async def end_others(self, request: Request) -> Response:
        person, own, before = self._who(request), shown(request), len(self.sessions)
        assert person is not None
        self._end(lambda token, each: each["id"] == person["id"] and token != own)
        return JSONResponse({"ended": before - len(self.sessions)})

    async def end_one(self, request: Request) -> Response:
        person = self._who(request)
        assert person is not None
        found = request.path_params["id"]
        if self.sessions.get(found, {}).get("id") != person["id"]:
            return problem(404, "session_not_found")
        del self.sessions[found]
        return Response(status_code=204)

    async def reauthenticate(self, request: Request) -> Response:
        person, given = self._who(request), await request.json()
        if given.get("token", "") not in ("", "step-of-a-proof"):
            return problem(403, "two_factor_challenge_ended")
        if "token" not in given and given["password"] != PASSWORD:
            return problem(401, "wrong_credentials")
        if person is not None and (lacking := self.lacking(person, given)):
            return lacking
        self.stale = False
        return JSONResponse({})

    def lacking(self, person: Json, given: Json) -> Response | None:
        """Of the second step."""
        return None

    async def reset(self, request: Request) -> Response:
        given = await request.json()
        if given["token"] not in self.resets:
            return problem(403, "invalid_reset_link")
        if code := WEAK.get(given["password"]):
            return problem(422, code)
        self.passwords[self.resets.pop(given["token"])] = given["password"]
        return Response(status_code=204)

    def _overview(self, person: Json) -> Json:
        username = person["username"]
        own = [each for each in self.sessions.values() if each["id"] == person["id"]]
        return {
            **person, "email": self.emails.get(username), "has_password": True,
            "verified_email": self.proven.get(username),
            "disabled_at": NOON.isoformat() if username in self.disabled else None,
            "created_at": NOON.isoformat(), "sessions": len(own),
            "last_seen_at": NOON.isoformat() if own else None,
        }  # fmt: skip

    def _device(self, token: str, *, current: bool) -> Json:
        now = NOON.isoformat()
        return {
            "id": token, "current": current, "device": "Firefox on Linux",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            "address": "192.0.2.7", "created_at": now, "last_seen_at": now,
            "expires_at": now, "idle_expires_at": now,
        }  # fmt: skip

    def _who(self, request: Request) -> Json | None:
        assert request.headers["X-API-Key"] == "web:secret-of-web"
        return self.sessions.get(shown(request))

    def _replace(self, person: Json, **changes: Any) -> None:
        changed = person | changes
        self.people[person["username"]] = changed
        for token, each in self.sessions.items():
            if each["id"] == person["id"]:
                self.sessions[token] = changed

    def _end(self, is_over: Any) -> None:
        for token in [token for token, each in self.sessions.items() if is_over(token, each)]:
            del self.sessions[token]


def shown(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
