"""npm's certified `oidc-provider` as a process, and a person who signs in at its pages."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from local_stack.ports import free_port

FOLDER = Path(__file__).with_name("oidc_provider")
CLIENT, SECRET = "notes", "a-client-secret-for-tests"


@dataclass
class RealProvider:
    redirect_uri: str
    port: int = field(default_factory=free_port)
    options: dict[str, Any] = field(default_factory=dict)
    """`algorithm` of ID tokens, `clientAuth`, `clockSeconds`."""
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listed(self, **others: Any) -> dict[str, Any]:
        """As USERS_PROVIDERS names it, without its secret."""
        return {"name": "op", "title": "The OP", "issuer": self.issuer, "client_id": CLIENT} | (
            others
        )

    def start(self, **options: Any) -> None:
        """Again means with new keys, and nobody is signed in there."""
        self.stop()
        self.options |= options
        if not (FOLDER / "node_modules").is_dir():
            raise RuntimeError(f"its packages are missing: npm ci in {FOLDER}, or ./notes test")
        given = {
            "port": self.port,
            "redirectUris": [self.redirect_uri],
            "clientId": CLIENT,
            "clientSecret": SECRET,
            **self.options,
        }
        self.process = subprocess.Popen(
            [_node(), FOLDER / "op.mjs", json.dumps(given)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        # What it says before and after is advice for those who would run it in production.
        assert any(line == "listening\n" for line in self.process.stdout)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def __enter__(self) -> "RealProvider":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Traveller:
    """A browser at the provider: follows it until it sends back, and fills its forms."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._http = httpx.AsyncClient(trust_env=False, timeout=30)
        self.was_asked_to_sign_in = False

    async def __aenter__(self) -> "Traveller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def consent(self, url: str, home: str) -> dict[str, str]:
        """What the browser carries back to `home`."""
        answer = await self._http.get(url)
        self.was_asked_to_sign_in = False
        for _ in range(20):
            if not answer.is_redirect:
                answer = await self._fill(answer)
                continue
            url = urljoin(str(answer.url), answer.headers["location"])
            if url.startswith(home):
                query = parse_qs(urlsplit(url).query)
                return {name: values[0] for name, values in query.items()}
            answer = await self._http.get(url)
        raise AssertionError(f"the provider does not let go: {answer.text[:500]}")

    async def _fill(self, page: httpx.Response) -> httpx.Response:
        form = _Form()
        form.feed(page.text)
        assert form.action, page.text[:500]
        if form.fields.get("prompt") == "login":
            self.was_asked_to_sign_in = True
            form.fields |= {"login": self.name, "password": "any"}
        return await self._http.post(urljoin(str(page.url), form.action), data=form.fields)


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and not self.action:
            self.action = said.get("action") or ""
        elif tag == "input" and said.get("name"):
            self.fields[str(said["name"])] = said.get("value") or ""


def _node() -> str:
    """The machine's Node, else the one that was installed beside Python."""
    path = os.environ.get("PATH", "")
    found = shutil.which("node", path=path)
    if found:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)", said.stdout)
        if version and int(version[1]) >= 20:
            return found
    return shutil.which("node", path=str(Path(sys.executable).parent)) or "node"
