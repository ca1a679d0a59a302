"""The three services behind the pages, in memory, speaking the contracts over ASGI.

They stand in for the network only: pages talk to them through httpx as to the real ones. A test
reaches in to arrange (`notes.put(...)`), to take a service away (`notes.is_away = True`) and to
look at what arrived.
"""

import html
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fake_versions import FakeVersions
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ANA = {"id": "ana-id", "username": "ana", "name": "Ana", "roles": ["editor"]}
BEN = {"id": "ben-id", "username": "ben", "name": "Ben", "roles": ["editor"]}
EVA = {"id": "eva-id", "username": "eva", "name": "Eva", "roles": ["reader"]}
ADA = {"id": "ada-id", "username": "ada", "name": "Ada", "roles": ["editor", "admin"]}
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Handler = Callable[[Request], Awaitable[Response]]
Json = dict[str, Any]


def problem(status: int, code: str, **facts: Any) -> Response:
    body = {"status": status, "code": code, "detail": code.replace("_", " ")} | facts
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


class Fake:
    """An ASGI app that can go away and remembers its requests."""

    def __init__(self) -> None:
        self.is_away = False
        self.seen: list[Request] = []
        routes = [
            Route(path, self._guarded(handler), methods=[method])
            for method, path, handler in self.routes()
        ]
        self.app = Starlette(routes=routes)

    def routes(self) -> list[tuple[str, str, Handler]]:
        raise NotImplementedError

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self.app)

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            self.seen.append(request)
            if self.is_away:
                return Response(status_code=503)
            # Looked up late, so that a test may put another answer in its place.
            answer: Response = await getattr(self, handler.__name__)(request)
            return answer

        return guarded


class FakeUsers(Fake):
    def __init__(self) -> None:
        super().__init__()
        self.people = {each["username"]: each for each in (ANA, BEN, EVA, ADA)}
        self.sessions: dict[str, Json] = {}
        self.mode: Json = {"mode": "open", "first_account": False, "setup_token": False}
        self.refusal: Response | None = None
        self._made = 0

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/v1/sessions", self.open),
            ("DELETE", "/v1/sessions/current", self.end),
            ("POST", "/v1/tokens", self.token),
            ("GET", "/v1/sign-up", self.sign_up),
            ("POST", "/v1/accounts", self.create),
        ]

    def sign_in(self, person: Json) -> str:
        self._made += 1
        token = f"session-of-{person['username']}-{self._made}"
        self.sessions[token] = person
        return token

    async def open(self, request: Request) -> Response:
        given = await request.json()
        person = self.people.get(given["username"])
        if self.refusal:
            return self.refusal
        if person is None or given["password"] != "correct horse":
            return problem(401, "wrong_credentials")
        expires = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        made = {"token": self.sign_in(person), "expires_at": expires, "account": person}
        return JSONResponse(made, status_code=201)

    async def end(self, request: Request) -> Response:
        self.sessions.pop(_bearer(request), None)
        return Response(status_code=204)

    async def token(self, request: Request) -> Response:
        person = self.sessions.get(_bearer(request))
        if person is None:
            return problem(401, "session_ended")
        expires = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        granted = {"token": person["username"], "expires_at": expires, "account": person}
        return JSONResponse(granted)

    async def sign_up(self, _: Request) -> Response:
        return JSONResponse(self.mode)

    async def create(self, request: Request) -> Response:
        given = await request.json()
        if self.refusal:
            return self.refusal
        if given["username"] in self.people:
            return problem(409, "username_taken")
        name = given.get("name") or given["username"]
        made = {"id": f"{name}-id", "username": given["username"], "name": name}
        self.people[given["username"]] = made | {"roles": ["editor"]}
        return JSONResponse(made, status_code=201)


class FakeGateway(Fake):
    def __init__(self) -> None:
        super().__init__()
        self.offset = 7
        self.present: dict[str, list[Json]] = {}
        self.asked_for: list[str] = []
        """Channels whose position was asked for: that leaves something in Redis."""

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/api/history", self.history),
            ("POST", "/api/presence", self.presence),
        ]

    async def presence(self, request: Request) -> Response:
        assert request.headers["X-API-Key"] == "gateway-key"
        channel = (await request.json())["channel"]
        found = dict(enumerate(self.present.get(channel, [])))
        return JSONResponse({"result": {"presence": found}})

    async def history(self, request: Request) -> Response:
        assert request.headers["X-API-Key"] == "gateway-key"
        self.asked_for.append((await request.json())["channel"])
        return JSONResponse(
            {"result": {"publications": [], "offset": self.offset, "epoch": "e"}}
        )


class FakeNotes(Fake):
    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, Json] = {}
        self.gone: dict[str, Json] = {}
        self.said: dict[str, list[Json]] = {}
        self.once: dict[str, Json] = {}
        self.versions = FakeVersions()
        self.looked: dict[tuple[str, str], int] = {}
        self.is_public = True
        self.loses_answers: bool | int = False
        """All answers to changes, or so many of them."""
        self._moment = NOON
        self._numbers = 0
        self.former: dict[int, list[Json]] = {}
        self.unsaid: dict[int, Json] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/v1/notes", self.list),
            ("POST", "/v1/notes", self.create),
            ("GET", "/v1/titles", self.titles),
            ("GET", "/v1/trash", self.trash),
            ("POST", "/v1/preview", self.preview),
            ("GET", "/v1/notes/{key}", self.read),
            ("PUT", "/v1/notes/{key}", self.save),
            ("DELETE", "/v1/notes/{key}", self.delete),
            ("POST", "/v1/notes/{key}/restore", self.restore),
            ("GET", "/v1/notes/{key}/versions", self.list_versions),
            ("GET", "/v1/notes/{key}/versions/{n:int}", self.version),
            ("DELETE", "/v1/notes/{key}/versions/{n:int}", self.delete_version),
            ("POST", "/v1/notes/{key}/versions/{n:int}/restore", self.restore_version),
            ("PUT", "/v1/notes/{key}/looked", self.look),
            ("GET", "/v1/notes/{key}/comments", self.comments),
            ("POST", "/v1/notes/{key}/comments", self.comment),
            ("GET", "/v1/notes/{key}/comments/{id:int}", self.read_comment),
            ("PUT", "/v1/notes/{key}/comments/{id:int}", self.edit_comment),
            ("GET", "/v1/notes/{key}/comments/{id:int}/versions", self.comment_versions),
            ("DELETE", "/v1/notes/{key}/comments/{id:int}", self.uncomment),
            ("POST", "/v1/notes/{key}/comments/{id:int}/restore", self.resay),
        ]

    def put(
        self,
        key: str,
        title: str,
        body: str = "",
        by: Json = ANA,
        *,
        via: str = "page",
        **more: Any,
    ) -> Json:
        """A note as if somebody had saved it."""
        now, before = self.now(), self.notes.get(key)
        person = {"id": by["id"], "name": by["name"]}
        excerpt = body.strip().split("\n")[0][:160]
        rendered = f"<p>{html.escape(body)}</p>" if body else ""
        note = {
            "key": key, "title": title, "excerpt": excerpt, "body": body, "html": rendered,
            "version": before["version"] + 1 if before else 1,
            "comments": len(self.said.get(key, [])),
            "author": before["author"] if before else person, "editor": person,
            "created_at": before["created_at"] if before else now, "updated_at": now,
        } | more  # fmt: skip
        self.notes[key] = note
        self.versions.keep(note, via, note.pop("restored_from", None))
        return note

    def say(self, key: str, text: str, by: Json = ANA) -> Json:
        said = self.said.setdefault(key, [])
        person = {"id": by["id"], "name": by["name"]}
        self._numbers += 1
        said.append(
            {"id": self._numbers, "author": person, "text": text, "created_at": self.now()}
        )
        self.notes[key]["comments"] = len(said)
        return said[-1]

    def now(self) -> str:
        self._moment += timedelta(minutes=1)
        return self._moment.isoformat().replace("+00:00", "Z")

    async def list(self, request: Request) -> Response:
        if not self.is_public and self._person(request) is None:
            return problem(401, "unauthenticated")
        sort = request.query_params.get("sort", "changed")
        by = {"changed": "updated_at", "created": "created_at", "title": "title"}[sort]
        found = sorted(
            self.notes.values(), key=lambda note: str(note[by]), reverse=sort != "title"
        )
        q, start = request.query_params.get("q", ""), int(request.query_params.get("cursor", 0))
        if len(q) > 200:
            return problem(422, "invalid_search")
        found = [note for note in found if q.lower() in (note["title"] + note["body"]).lower()]
        person = self._person(request)
        if request.query_params.get("mine") and person:
            found = [note for note in found if note["author"]["id"] == person["id"]]
        rows = [self._seen_by(person, _row(note)) for note in found[start : start + 50]]
        following = str(start + 50) if len(found) > start + 50 else None
        return JSONResponse({"notes": rows, "next": following})

    async def titles(self, request: Request) -> Response:
        if not self.is_public and self._person(request) is None:
            return problem(401, "unauthenticated")
        found = sorted(self.notes.values(), key=lambda note: note["updated_at"], reverse=True)
        q = request.query_params.get("q", "").lower()
        rows = [_row(note) for note in found if f" {q}" in f" {note['title'].lower()}"]
        return JSONResponse({"notes": rows[:10]})

    async def read(self, request: Request) -> Response:
        if refusal := self._missing(request):
            return refusal
        note = self.notes[_key(request)]
        return JSONResponse(self._seen_by(self._person(request), note))

    def _seen_by(self, person: Json | None, note: Json) -> Json:
        looked = self.looked.get((person["id"], note["key"])) if person else None
        return note if looked is None else {**note, "looked": looked}

    async def look(self, request: Request) -> Response:
        person, version = self._person(request), (await request.json())["version"]
        if person is None:
            return problem(401, "unauthenticated")
        if refusal := self._missing(request):
            return refusal
        name = (person["id"], _key(request))
        self.looked[name] = max(version, self.looked.get(name, 0))
        return self._answered(None, 204)

    async def create(self, request: Request) -> Response:
        person, given = self._person(request), await request.json()
        if refusal := self._may_not(person):
            return refusal
        once = request.headers["Idempotency-Key"]
        if once in self.once:
            return self._answered(self.once[once], 201)
        if not 1 <= len(given["title"]) <= 200:
            return problem(422, "invalid_title")
        key = given.get("key") or f"made{len(self.notes)}"
        if key in self.notes:
            return problem(409, "note_exists")
        assert person is not None
        self.once[once] = self.put(
            key, given["title"], given["body"], person, via=given.get("via", "api")
        )
        return self._answered(self.notes[key], 201)

    async def save(self, request: Request) -> Response:
        person, given, key = self._person(request), await request.json(), _key(request)
        once = request.headers.get("Idempotency-Key", "")
        if once in self.once:
            return self._answered(self.once[once])
        refusal = self._may_not(person) or self._missing(request) or self._stale(request)
        if refusal:
            return refusal
        assert person is not None
        saved = self.put(
            key, given["title"], given["body"], person, via=given.get("via", "api")
        )
        if once:
            self.once[once] = saved
        return self._answered(saved)

    async def delete(self, request: Request) -> Response:
        person = self._person(request)
        refusal = self._may_not(person) or self._missing(request) or self._stale(request)
        if refusal:
            return refusal
        assert person is not None
        note = self.notes.pop(_key(request))
        by = {"id": person["id"], "name": person["name"]}
        self.gone[_key(request)] = note | {"deletion": {"by": by, "at": self.now()}}
        return self._answered(None, 204)

    async def restore(self, request: Request) -> Response:
        key = _key(request)
        if refusal := self._may_not(self._person(request)):
            return refusal
        if key in self.notes:
            return problem(409, "note_exists")
        self.notes[key] = self.gone.pop(key)
        return JSONResponse(self.notes[key])

    async def list_versions(self, request: Request) -> Response:
        return self._missing(request) or self.versions.page(_key(request), request)

    async def version(self, request: Request) -> Response:
        return self._no_version(request) or JSONResponse(self._version(request))

    async def restore_version(self, request: Request) -> Response:
        person, key = self._person(request), _key(request)
        once = request.headers.get("Idempotency-Key", "")
        if once in self.once:
            return self._answered(self.once[once])
        refusal = self._may_not(person) or self._no_version(request) or self._stale(request)
        if refusal:
            return refusal
        found = self._version(request)
        assert found is not None
        assert person is not None
        saved = self.put(
            key, found["title"], found["body"], person, via="restore",
            restored_from=found["version"],
        )  # fmt: skip
        self.once[once] = saved
        return self._answered(saved)

    async def delete_version(self, request: Request) -> Response:
        person, key = self._person(request), _key(request)
        if refusal := self._may_not(person) or self._no_version(request):
            return refusal
        if person is not ADA:
            return problem(403, "not_allowed")
        number = request.path_params["n"]
        if number == self.versions.of[key][0]["version"]:
            return problem(409, "version_is_current")
        self.versions.delete(key, number)
        return self._answered(None, 204)

    def _version(self, request: Request) -> Json | None:
        return self.versions.found(_key(request), request.path_params["n"])

    def _no_version(self, request: Request) -> Response | None:
        if refusal := self._missing(request):
            return refusal
        found = self._version(request)
        if found is None:
            return problem(404, "version_not_found")
        return problem(410, "version_deleted") if found["deleted"] else None

    async def trash(self, request: Request) -> Response:
        rows = [_row(note) for note in self.gone.values()]
        return JSONResponse({"notes": rows, "next": None})

    async def preview(self, request: Request) -> Response:
        text = (await request.json())["body"]
        return JSONResponse({"html": f"<p>{html.escape(text)}</p>"})

    async def comments(self, request: Request) -> Response:
        if refusal := self._missing(request):
            return refusal
        said = self.said.get(_key(request), [])
        end = int(request.query_params.get("before", len(said)))
        start = max(0, end - 5)
        earlier = str(start) if start else None
        page = {"comments": said[start:end], "earlier": earlier, "total": len(said)}
        return JSONResponse(page)

    async def comment(self, request: Request) -> Response:
        person, given = self._person(request), await request.json()
        if refusal := self._may_not(person) or self._missing(request):
            return refusal
        if not 1 <= len(given["text"]) <= 4000:
            return problem(422, "invalid_comment")
        assert person is not None
        once = request.headers["Idempotency-Key"]
        if once not in self.once:
            self.once[once] = self.say(_key(request), given["text"], person)
        return self._answered(self.once[once], 201)

    def _said(self, request: Request) -> Json | None:
        said = self.said.get(_key(request), [])
        return next((each for each in said if each["id"] == request.path_params["id"]), None)

    async def read_comment(self, request: Request) -> Response:
        if refusal := self._missing(request):
            return refusal
        found = self._said(request)
        return JSONResponse(found) if found else problem(404, "comment_not_found")

    async def edit_comment(self, request: Request) -> Response:
        person, given = self._person(request), await request.json()
        if refusal := self._may_not(person) or self._missing(request):
            return refusal
        found, once = self._said(request), request.headers["Idempotency-Key"]
        if once in self.once:
            return self._answered(self.once[once])
        if found is None:
            return problem(404, "comment_not_found")
        assert person is not None
        if found["author"]["id"] != person["id"]:
            return problem(403, "not_allowed")
        if not 1 <= len(given["text"]) <= 4000:
            return problem(422, "invalid_comment")
        version = found.get("version", 1)
        if request.headers["If-Match"] != f'"{version}"':
            return problem(412, "comment_conflict", comment=found)
        self.reword(found, given["text"])
        self.once[once] = dict(found)
        return self._answered(found)

    def reword(self, said: Json, text: str) -> Json:
        """A comment as its author has changed it."""
        former = {"version": said.get("version", 1), "text": said["text"], "at": self.now()}
        self.former.setdefault(said["id"], []).insert(0, former)
        said.pop("html", None)
        now = {"text": text, "version": former["version"] + 1, "edited_at": self.now()}
        said.update(now)
        return said

    async def comment_versions(self, request: Request) -> Response:
        person, found = self._person(request), self._said(request)
        if found is None:
            return problem(404, "comment_not_found")
        if person is None or (found["author"]["id"] != person["id"] and person is not ADA):
            return problem(403, "not_allowed")
        return JSONResponse({"versions": self.former.get(found["id"], [])})

    async def uncomment(self, request: Request) -> Response:
        person, said = self._person(request), self.said[_key(request)]
        found = self._said(request)
        if found is None:
            return problem(404, "comment_not_found")
        if person is None or (found["author"]["id"] != person["id"] and person is not ADA):
            return problem(403, "not_allowed")
        said.remove(found)
        self.unsaid[found["id"]] = found
        return self._answered(None, 204)

    async def resay(self, request: Request) -> Response:
        if refusal := self._may_not(self._person(request)) or self._missing(request):
            return refusal
        if there := self._said(request):
            return self._answered(there)
        found = self.unsaid.pop(request.path_params["id"], None)
        if found is None:
            return problem(404, "comment_not_found")
        found["version"] = found.get("version", 1) + 1
        said = self.said[_key(request)]
        said.append(found)
        said.sort(key=lambda each: each["id"])
        return self._answered(found)

    def _answered(self, made: Json | None, status: int = 200) -> Response:
        if self.loses_answers:
            if self.loses_answers is not True:
                self.loses_answers -= 1
            return Response(status_code=502)
        return Response(status_code=status) if made is None else JSONResponse(made, status)

    def _person(self, request: Request) -> Json | None:
        people = {each["username"]: each for each in (ANA, BEN, EVA, ADA)}
        return people.get(_bearer(request))

    def _may_not(self, person: Json | None) -> Response | None:
        if person is None:
            return problem(401, "unauthenticated")
        return problem(403, "not_allowed") if person["roles"] == ["reader"] else None

    def _missing(self, request: Request) -> Response | None:
        key = _key(request)
        if gone := self.gone.get(key):
            return problem(410, "note_deleted", note_title=gone["title"], **gone["deletion"])
        return None if key in self.notes else problem(404, "note_not_found")

    def _stale(self, request: Request) -> Response | None:
        note = self.notes[_key(request)]
        if "If-Match" not in request.headers:
            return problem(428, "if_match_required")
        is_fresh = request.headers["If-Match"] == f'"{note["version"]}"'
        return None if is_fresh else problem(412, "version_conflict", current=note)


def _row(note: Json) -> Json:
    return {name: value for name, value in note.items() if name not in ("body", "html")}


def _key(request: Request) -> str:
    key: str = request.path_params["key"]
    return key


def _bearer(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
