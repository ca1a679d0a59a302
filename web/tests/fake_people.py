"""users-service for signed-in people, in memory: own accounts, sessions, administration."""

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
        self.invited: dict[str, Json] = {}
        self.lines: list[Json] = []
        self.resets: dict[str, str] = {}
        self.passwords: dict[str, str] = {}

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
            ("GET", "/v1/accounts", self.accounts),
            ("GET", "/v1/accounts/{id}", self.account),
            ("PATCH", "/v1/accounts/{id}", self.change_account),
            ("DELETE", "/v1/accounts/{id}/sessions", self.end_sessions_of),
            ("POST", "/v1/accounts/{id}/reset-link", self.reset_link),
            ("GET", "/v1/invitations", self.invitations),
            ("POST", "/v1/invitations", self.invite),
            ("DELETE", "/v1/invitations/{id}", self.revoke),
            ("GET", "/v1/audit", self.audit),
        ]

    async def mine(self, request: Request) -> Response:
        person = self._who(request)
        return JSONResponse(self._overview(person)) if person else problem(401, "session_ended")

    async def change_mine(self, request: Request) -> Response:
        person, changes = self._who(request), await request.json()
        if "email" in changes:
            if self.stale:
                return problem(403, "reauthentication_required")
            if changes["email"] and "@" not in changes["email"]:
                return problem(422, "invalid_field", detail="email looks like name@example.org")
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
        person, own = self._who(request), _shown(request)
        if person is None:
            return problem(401, "session_ended")
        found = [
            self._device(token, current=token == own)
            for token, each in self.sessions.items()
            if each["id"] == person["id"]
        ]
        return JSONResponse({"sessions": found})

    async def end_others(self, request: Request) -> Response:
        person, own, before = self._who(request), _shown(request), len(self.sessions)
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
        if (await request.json())["password"] != PASSWORD:
            return problem(401, "wrong_credentials")
        self.stale = False
        return JSONResponse({})

    async def reset(self, request: Request) -> Response:
        given = await request.json()
        if given["token"] not in self.resets:
            return problem(403, "invalid_reset_link")
        if code := WEAK.get(given["password"]):
            return problem(422, code)
        self.passwords[self.resets.pop(given["token"])] = given["password"]
        return Response(status_code=204)

    async def accounts(self, request: Request) -> Response:
        if refusal := self._no_admin(request):
            return refusal
        asked = request.query_params
        start = int(asked.get("cursor", 0))
        found = [self._overview(each) for each in self.people.values() if _fits(each, asked)]
        if asked.get("disabled"):
            found = [each for each in found if each["disabled_at"]]
        following = str(start + 50) if len(found) > start + 50 else None
        return JSONResponse({"accounts": found[start : start + 50], "next": following})

    async def account(self, request: Request) -> Response:
        if refusal := self._no_admin(request):
            return refusal
        person = self._by_id(request)
        if person is None:
            return problem(404, "account_not_found")
        return JSONResponse(self._overview(person))

    async def change_account(self, request: Request) -> Response:
        person, changes = self._by_id(request), await request.json()
        if refusal := self._no_admin(request, fresh=True):
            return refusal
        assert person is not None
        if "admin" in person["roles"] and changes.get("role") != "admin":
            return problem(409, "last_administrator")
        if role := changes.get("role"):
            self._replace(person, roles=["editor", "admin"] if role == "admin" else [role])
        if "disabled" in changes:
            change = self.disabled.add if changes["disabled"] else self.disabled.discard
            change(person["username"])
        self._end(lambda _, each: each["id"] == person["id"])
        return JSONResponse(self._overview(self.people[person["username"]]))

    async def end_sessions_of(self, request: Request) -> Response:
        if refusal := self._no_admin(request):
            return refusal
        self._end(lambda _, each: each["id"] == request.path_params["id"])
        return Response(status_code=204)

    async def reset_link(self, request: Request) -> Response:
        if refusal := self._no_admin(request, fresh=True):
            return refusal
        person = self._by_id(request)
        assert person is not None
        self.resets["reset-code"] = person["username"]
        made = {"token": "reset-code", "expires_at": NOON.isoformat()}
        return JSONResponse(made, status_code=201)

    async def invitations(self, request: Request) -> Response:
        refusal = self._no_admin(request)
        return refusal or JSONResponse({"invitations": list(self.invited.values())})

    async def invite(self, request: Request) -> Response:
        if refusal := self._no_admin(request):
            return refusal
        role, number = (await request.json())["role"], f"invitation-{len(self.invited)}"
        ends = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        self.invited[number] = {
            "id": number, "roles": [role], "created_at": NOON.isoformat(),
            "expires_at": ends, "created_by": "ada-id",
        }  # fmt: skip
        made = {"id": number, "code": "invitation-code", "expires_at": ends}
        return JSONResponse(made, status_code=201)

    async def revoke(self, request: Request) -> Response:
        if self.invited.pop(request.path_params["id"], None) is None:
            return problem(404, "invitation_not_found")
        return Response(status_code=204)

    async def audit(self, request: Request) -> Response:
        if refusal := self._no_admin(request):
            return refusal
        asked, start = request.query_params, int(request.query_params.get("cursor", 0))
        found = [
            line for line in self.lines
            if asked.get("event") in (None, line["event"])
            and asked.get("account_id") in (None, line["account_id"])
        ]  # fmt: skip
        following = start + 50 if len(found) > start + 50 else None
        return JSONResponse({"lines": found[start : start + 50], "next": following})

    def write(self, event: str, person: Json, result: str = "ok", **facts: Any) -> None:
        """A line of the audit log."""
        self.lines.append({
            "id": len(self.lines) + 1, "at": NOON.isoformat(), "event": event, "result": result,
            "actor_id": person["id"], "actor": person["username"], "account_id": person["id"],
            "account": person["username"], "session_id": None, "address": "192.0.2.7",
            "facts": facts,
        })  # fmt: skip

    def _overview(self, person: Json) -> Json:
        username = person["username"]
        own = [each for each in self.sessions.values() if each["id"] == person["id"]]
        return {
            **person, "email": self.emails.get(username), "has_password": True,
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
        return self.sessions.get(_shown(request))

    def _by_id(self, request: Request) -> Json | None:
        wanted = request.path_params["id"]
        return next((each for each in self.people.values() if each["id"] == wanted), None)

    def _no_admin(self, request: Request, *, fresh: bool = False) -> Response | None:
        person = self._who(request)
        if person is None:
            return problem(401, "session_ended")
        if "admin" not in person["roles"]:
            return problem(403, "not_allowed")
        return problem(403, "reauthentication_required") if fresh and self.stale else None

    def _replace(self, person: Json, **changes: Any) -> None:
        changed = person | changes
        self.people[person["username"]] = changed
        for token, each in self.sessions.items():
            if each["id"] == person["id"]:
                self.sessions[token] = changed

    def _end(self, is_over: Any) -> None:
        for token in [token for token, each in self.sessions.items() if is_over(token, each)]:
            del self.sessions[token]


def _shown(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _fits(person: Json, asked: Any) -> bool:
    wanted = asked.get("username")
    role = asked.get("role")
    return (
        asked.get("q", "").lower() in person["name"].lower()
        and wanted in (None, person["username"])
        and role in (None, person["roles"][-1])
    )
