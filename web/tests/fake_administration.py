"""users-service for administrators, in memory: the fake that the pages' tests use."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fake_backends import NOON, Handler, Json, problem
from fake_ways_in import FakeWaysIn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class FakeAdministration(FakeWaysIn):
    def __init__(self) -> None:
        super().__init__()
        self.invited: dict[str, Json] = {}
        self.invited_by_email: list[str] = []
        self.lines: list[Json] = []

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            *super().routes(),
            ("GET", "/v1/accounts", self.accounts),
            ("GET", "/v1/accounts/{id}", self.account),
            ("PATCH", "/v1/accounts/{id}", self.change_account),
            ("DELETE", "/v1/accounts/{id}/sessions", self.end_sessions_of),
            ("POST", "/v1/accounts/{id}/reset-link", self.reset_link),
            ("GET", "/v1/invitations", self.invitations),
            ("POST", "/v1/invitations", self.invite),
            ("DELETE", "/v1/invitations/{id}", self.revoke),
            ("GET", "/v1/audit", self.audit),
            ("DELETE", "/v1/accounts/{id}/totp", self.remove_totp_of),
        ]

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
        given, number = await request.json(), f"invitation-{len(self.invited)}"
        role = given["role"]
        if "email" in given:
            if "@" not in given["email"]:
                rule = "email must look like name@example.org"
                return problem(422, "invalid_field", detail=rule)
            self.invited_by_email.append(given["email"])
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
        return JSONResponse({"events": found[start : start + 50], "next": following})

    async def remove_totp_of(self, request: Request) -> Response:
        if refusal := self._no_admin(request, fresh=True):
            return refusal
        person = self._by_id(request)
        assert person is not None
        if person["username"] not in self.totp:
            return problem(409, "totp_not_enabled")
        self.totp.discard(person["username"])
        return Response(status_code=204)

    def write(self, event: str, person: Json, result: str = "ok", **facts: Any) -> None:
        """A line of the audit log."""
        self.lines.append({
            "id": len(self.lines) + 1, "at": NOON.isoformat(), "event": event, "result": result,
            "actor_id": person["id"], "actor": person["username"], "account_id": person["id"],
            "account": person["username"], "session_id": None, "address": "192.0.2.7",
            "facts": facts,
        })  # fmt: skip

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


def _fits(person: Json, asked: Any) -> bool:
    wanted = asked.get("username")
    role = asked.get("role")
    return (
        asked.get("q", "").lower() in person["name"].lower()
        and wanted in (None, person["username"])
        and role in (None, person["roles"][-1])
    )
