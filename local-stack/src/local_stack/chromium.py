"""Finds the browser that the tests drive: the machine's, else one that Playwright installs.

Standard library only.
"""

import os
import shutil
import subprocess
from pathlib import Path

from local_stack.bootstrap import Environment
from local_stack.errors import StackError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as s\n"
    "with s() as p: print(p.chromium.executable_path)"
)


class NoChromium(StackError):
    def __str__(self) -> str:
        return (
            "The browser tests need Chromium, and none was found or could be installed.\n"
            "Install it (Debian: apt install chromium; or Google Chrome), or name one with\n"
            "NOTES_CHROMIUM=/path/to/chromium. To leave these tests out: "
            "./notes test --no-browser"
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
    print("No Chromium on this machine: asking Playwright to install one …")
    install = [str(environment.python), "-m", "playwright", "install", "chromium"]
    subprocess.run(install, env=environment.env, check=False, timeout=900)
    path = _playwrights(environment)
    if path and _runs(path):
        return Path(path)
    raise NoChromium


def _playwrights(environment: Environment) -> str:
    ask = [str(environment.python), "-c", _ASK_PLAYWRIGHT]
    done = subprocess.run(
        ask, env=environment.env, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip()


def _runs(path: str) -> bool:
    # Asked, not only looked at: Ubuntu's `chromium-browser` may be a stub that tells of snap.
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
