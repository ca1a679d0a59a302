"""A server that answers as GitHub does for OAuth apps, with what can go wrong there."""

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_stack.ports import free_port

CLIENT, SECRET = "Iv1.notes", "a-github-secret"


@dataclass
class GitHub:
    """Like an enterprise server of one's own: its API is under /api/v3."""

    port: int = field(default_factory=free_port)
    user: dict[str, Any] = field(
        default_factory=lambda: {"id": 583231, "login": "octocat", "name": "The Octocat"}
    )
    asked: list[str] = field(default_factory=list)
    """Every path that somebody asked for."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    token_answer: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listed(self, **others: Any) -> dict[str, Any]:
        client = {"client_id": CLIENT, "client_secret": SECRET, "issuer": self.url}
        return {"name": "github", "kind": "github", "title": "GitHub", **client, **others}

    def authorize(self, authorization_url: str) -> dict[str, str]:
        """The person presses "Authorize"; what the browser carries back: no `iss`."""
        parts = urlsplit(authorization_url)
        assert parts.path == "/login/oauth/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "nonce" not in asked
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        lines = (line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        fields = {name.lower(): value for name, value in lines}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        self.asked.append(f"{method} {path}")
        status, said = self._said(path, fields, body.decode())
        sent = json.dumps(said).encode()
        top = f"HTTP/1.1 {status} X\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n"
        writer.write(top.encode() + sent)
        await writer.drain()
        writer.close()

    def _said(self, path: str, fields: dict[str, str], body: str) -> tuple[int, Any]:
        match path:
            case "/login/oauth/access_token":
                assert fields["accept"] == "application/json"  # else it answers with a form
                sent = {name: values[0] for name, values in parse_qs(body).items()}
                return 200, self.token_answer or self._token(sent)
            case "/api/v3/user" if fields.get("authorization") == "Bearer gho_right":
                return 200, {"email": None, "type": "User", **self.user}
            case "/api/v3/user" | "/api/v3/user/emails":
                return 401, {"message": "Bad credentials"}
        return 404, {"message": "Not Found"}

    def _token(self, sent: dict[str, str]) -> dict[str, Any]:
        """Whatever is wrong, the status is 200."""
        if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT, SECRET):
            return {"error": "incorrect_client_credentials"}
        asked = self.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != shown:
            return {"error": "bad_verification_code"}
        if sent["redirect_uri"] != asked["redirect_uri"]:
            return {"error": "redirect_uri_mismatch"}
        return {"access_token": "gho_right", "scope": "", "token_type": "bearer"}
