"""Builds the pages' scripts and styles (`web/dist`).

Standard library only. Built once per state of the sources; a stamp in `web/dist` tells which.
"""

from pathlib import Path

from local_stack.bootstrap import Environment
from local_stack.npm import NpmPackages, digest


class FrontendBuild:
    """Builds the scripts and style sheets of the pages from `web/assets`."""

    def __init__(self, environment: Environment) -> None:
        self.folder = environment.root / "web"
        self._packages = NpmPackages(environment, self.folder, "that build the pages' scripts")
        self._dist = self.folder / "dist"

    def ensure(self) -> None:
        """Install the locked packages and build, if the sources changed. Raises StackError."""
        stamp, sources = self._dist / ".stamp", self._sources()
        if stamp.exists() and stamp.read_text() == digest(sources):
            return
        self.ensure_packages()
        print("Building the pages' scripts …")
        self._packages.npm("run", "--silent", "build")
        stamp.write_text(digest(sources))

    def ensure_packages(self) -> None:
        """Install the locked npm packages, if they are not there yet."""
        self._packages.ensure()

    def try_npm(self, *arguments: str) -> bool:
        """Run npm in `web/`."""
        return self._packages.try_npm(*arguments)

    def has_script(self, name: str) -> bool:
        """Whether `web/package.json` has a script of that name."""
        return f'"{name}":' in (self.folder / "package.json").read_text()

    def _sources(self) -> list[Path]:
        assets = sorted(path for path in (self.folder / "assets").rglob("*") if path.is_file())
        top = [path for path in self.folder.iterdir() if path.suffix in (".json", ".mjs")]
        return [*sorted(top), *assets]
