"""The versions of notes as notes-service keeps them, in memory: a part of `FakeNotes`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Json = dict[str, Any]


class FakeVersions:
    """What `put` saves becomes a version; numbers may have gaps."""

    def __init__(self) -> None:
        self.of: dict[str, list[Json]] = {}

    def keep(self, note: Json, via: str, restored_from: int | None = None) -> None:
        kept = self.of.setdefault(note["key"], [])
        if note["version"] == 1:
            kept.clear()
        changed = None
        if kept:
            had = kept[0]["body"].split("\n")
            changed = sum(line not in had for line in note["body"].split("\n"))
        kept.insert(0, {
            "version": note["version"], "title": note["title"], "body": note["body"],
            "by": note["editor"], "at": note["updated_at"], "via": via,
            "restored_from": restored_from, "changed_lines": changed, "deleted": False,
        })  # fmt: skip
        note["changed_lines"] = changed

    def found(self, key: str, number: int) -> Json | None:
        return next((each for each in self.of.get(key, []) if each["version"] == number), None)

    def page(self, key: str, request: Request) -> Response:
        all_of_them = self.of.get(key, [])
        asked = [request.query_params.get(name) for name in ("cursor", "before")]
        before = min(int(each) for each in [*asked, 10**9] if each)
        older = [each for each in all_of_them if each["version"] < before]
        shown = older[:50]
        following = str(shown[-1]["version"]) if len(older) > 50 else None
        return JSONResponse({"versions": [_short(each) for each in shown], "next": following})

    def delete(self, key: str, number: int) -> None:
        gone = self.found(key, number)
        assert gone is not None
        gone |= {"title": "", "body": "", "deleted": True}


def _short(version: Json) -> Json:
    return {name: value for name, value in version.items() if name != "body"}
