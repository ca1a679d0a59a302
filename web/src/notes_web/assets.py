"""Names of the built files: `site.css` in a template becomes `/assets/site-4F2A….css`.

Where the islands were not built, the plain style sheets still serve and scripts are left out:
every page works, only without liveness.
"""

import json
import logging
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

log = logging.getLogger(__name__)


class Assets:
    """The built files, or the plain style sheets where nothing was built."""

    def __init__(self, files_dir: Path) -> None:
        built, plain = files_dir / "dist", files_dir / "assets"
        self.is_built = (built / "manifest.json").is_file()
        self.directory = built if self.is_built else plain
        self._names: dict[str, str] = {}
        if self.is_built:
            self._names = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
        else:
            log.warning(
                "islands are not built: pages work, live updates do not. "
                "In web/: npm ci --ignore-scripts && npm run build"
            )

    def url(self, name: str) -> str | None:
        """None when there is no such file: the template leaves its element out."""
        if self.is_built:
            found = self._names.get(name)
            return f"/assets/{found}" if found else None
        return f"/assets/{name}" if (self.directory / name).is_file() else None

    def app(self) -> StaticFiles:
        """Returns the ASGI app that serves the files under /assets."""
        served = _Immutable if self.is_built else StaticFiles
        return served(directory=self.directory)


class _Immutable(StaticFiles):
    """A name holds its content's hash, so a browser never has to ask again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
