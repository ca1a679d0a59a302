"""An upgrade can be taken back: the last release works on the schema that this one makes.

Migrations expand first and contract a release later (docs/adr/0006), so that during an upgrade
both releases' replicas run on one database, and the older one may come back.
"""

from pathlib import Path

import last_release
import pytest
from local_stack.services import Service
from people import Person
from wired_stack import WiredStack

pytestmark = pytest.mark.long

PACKAGES = {"users-service": "users_service", "notes-service": "notes_service"}


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the last release lies, and the PYTHONPATH that finds it."""
    release = last_release.last()
    folder = tmp_path_factory.mktemp(f"release-{release.version}")
    try:
        return folder, release.unpack(folder)
    except last_release.NoHistory as error:
        pytest.skip(f"this checkout does not hold the last release's commit {error}")


def services(stack: WiredStack) -> list[Service]:
    return [stack.services[name] for name in PACKAGES]


def test_promise_the_last_release_works_on_this_ones_schema_and_back(
    hurt_stack: WiredStack, old_code: tuple[Path, str]
) -> None:
    folder, python_path = old_code
    ana = hurt_stack.people.sign_up("Ana")
    note = ana.create("Before", "written by the new release")
    try:
        for service in services(hurt_stack):
            last_release.restart_with(service, python_path)
            assert folder in last_release.file_of(service, PACKAGES[service.name]).parents
        ben = hurt_stack.people.sign_up("Ben")
        saved = edit(ben, note["key"], "the old release went on")
        made = ben.create("Between", "written by the old release")
    finally:
        for service in services(hurt_stack):
            last_release.restart_with(service, None)
    # Accounts, sessions, notes and comments of either release are there for both.
    assert ana.read(note["key"])["body"] == saved["body"] == "the old release went on"
    assert [comment["text"] for comment in ana.comments(note["key"])] == ["a comment"]
    edit(ben, made["key"], "the new release goes on")
    assert hurt_stack.people.sign_up("Cai").read(made["key"])["version"] == 2
    # What the old release saved is in the history all the same: read as it is, and kept.
    assert bodies(ana, note["key"]) == ["the old release went on", "written by the new release"]
    assert bodies(ana, made["key"]) == [
        "the new release goes on",
        "written by the old release",
    ]


def bodies(person: Person, key: str) -> list[str]:
    return [person.version(key, each["version"])["body"] for each in person.versions(key)]


def edit(person: Person, key: str, body: str) -> dict[str, object]:
    before = person.read(key)
    person.comment(key, "a comment")
    return person.save(key, version=before["version"], title=before["title"], body=body)
