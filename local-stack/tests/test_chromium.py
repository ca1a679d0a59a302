"""Which browser the tests get, in which order they are looked for, and what is said of none."""

from pathlib import Path

import pytest
from local_stack import chromium, npm_chromium
from local_stack.bootstrap import Environment
from local_stack.errors import CannotInstall, StackError
from local_stack.npm_chromium import NpmChromium

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


class Machine:
    """What there is of browsers: each way is a small program, or nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._folder = folder
        self.asked: list[str] = []
        self.playwrights = ""
        self.npm: Path | Exception = CannotInstall("no registry", "")
        self.download: Path | None = None
        monkeypatch.delenv("NOTES_CHROMIUM", raising=False)
        monkeypatch.setenv("PATH", str(folder / "bin"))
        monkeypatch.setattr(chromium, "_MAC", ())
        monkeypatch.setattr(chromium, "_playwrights", lambda _: self.playwrights)
        monkeypatch.setattr(chromium, "_download", self._download)
        monkeypatch.setattr(NpmChromium, "ensure", lambda _: self._ensure())
        monkeypatch.setattr(npm_chromium, "fits_this_machine", lambda: True)

    def program(self, name: str, *, status: int = 0) -> Path:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho broken >&2\nexit {status}\n")
        path.chmod(0o755)
        return path

    def find(self) -> Path:
        return chromium.find(Environment(ROOT))

    def _ensure(self) -> list[Path]:
        self.asked.append("npm")
        if isinstance(self.npm, Exception):
            raise self.npm
        return [self.npm]

    def _download(self, _: Environment) -> Path | None:
        self.asked.append("download")
        return self.download


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


def test_a_browser_that_is_there_is_taken_and_nothing_is_fetched(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.playwrights = str(machine.program("playwrights"))
    assert machine.find() == Path(machine.playwrights)
    own = machine.program("bin/google-chrome")
    assert machine.find() == own
    named = machine.program("named")
    monkeypatch.setenv("NOTES_CHROMIUM", str(named))
    assert machine.find() == named
    assert machine.asked == []


def test_a_named_browser_that_does_not_run_is_an_error_not_a_hint(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.program("bin/chromium")
    monkeypatch.setenv("NOTES_CHROMIUM", "/nowhere")
    with pytest.raises(StackError, match="NOTES_CHROMIUM=/nowhere is no program"):
        machine.find()


def test_npm_comes_before_playwrights_download(machine: Machine) -> None:
    machine.program("bin/chromium-browser", status=1)  # a stub that tells of snap
    machine.npm = machine.program("from-npm")
    assert machine.find() == machine.npm
    assert machine.asked == ["npm"]


@pytest.mark.parametrize("reason", ["no registry", "does not run"])
def test_without_npms_playwright_is_asked_and_the_reason_is_told(
    machine: Machine, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    if reason == "does not run":
        machine.npm = machine.program("from-npm", status=1)
    machine.download = machine.program("downloaded")
    assert machine.find() == machine.download
    assert machine.asked == ["npm", "download"]
    said = capsys.readouterr().out
    assert reason in said
    assert ("broken" in said) == (reason == "does not run")


def test_on_other_platforms_playwright_is_asked_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npm_chromium, "fits_this_machine", lambda: False)
    machine.download = machine.program("downloaded")
    assert machine.find() == machine.download
    assert machine.asked == ["download"]


def test_without_any_browser_every_way_to_one_is_named(machine: Machine) -> None:
    with pytest.raises(chromium.NoChromium) as raised:
        machine.find()
    for way in (
        "apt install chromium",
        "NOTES_CHROMIUM=",
        "playwright install",
        "--no-browser",
    ):
        assert way in str(raised.value)
