"""An OpenID provider that does what it is told to, wrong things too."""

import asyncio
import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from local_stack.ports import free_port

CLIENT, SECRET = "notes", "the-clients-secret"


@dataclass
class Issuer:
    """Overrides (`claims`, `header`, `metadata`, `jwks`, `userinfo`) replace what would be
    right; None takes it away."""

    port: int = field(default_factory=free_port)
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signs_with: Any = None
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    jwks: dict[str, Any] = field(default_factory=dict)
    subject: str = "subject-1"
    username: str = "ivy"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    down: bool = False
    secret: str = SECRET
    shown_secret: str = ""
    """As it has to come by Basic; "": as it is."""
    userinfo_says: tuple[int, str] | None = None
    """Status and text, in place of JSON."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def consent(self, authorization_url: str) -> dict[str, str]:
        """The person says yes; what the browser carries back."""
        asked = {
            name: value[0]
            for name, value in parse_qs(urlsplit(authorization_url).query).items()
        }
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        fields = dict(
            line.split(": ", 1) for line in head.lower().splitlines()[1:] if ": " in line
        )
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        status, said = (503, {}) if self.down else self._said(path, head, body)
        sent = (said if isinstance(said, str) else json.dumps(said)).encode()
        top = f"HTTP/1.1 {status} X\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n"
        writer.write(top.encode() + sent)
        await writer.drain()
        writer.close()

    def _said(self, path: str, head: str, body: bytes) -> tuple[int, dict[str, Any] | str]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, _but(self._metadata(), self.metadata)
            case "/jwks":
                jwk = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
                right: dict[str, Any] = {"keys": [{**jwk, "kid": "k1", "alg": "ES256"}]}
                return 200, _but(right, self.jwks)
            case "/token":
                return self._token(head, _first(body.decode()))
            case "/userinfo" if self.userinfo_says is not None:
                return self.userinfo_says
            case "/userinfo":
                right = {"sub": self.subject, "preferred_username": self.username}
                return 200, _but(right, self.userinfo)
        return 404, {}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "authorization_response_iss_parameter_supported": True,
        }

    def _token(self, head: str, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(sent["code"], None)
        shown_secret = self.shown_secret or self.secret
        basic = base64.b64encode(f"{CLIENT}:{shown_secret}".encode()).decode()
        challenge = hashlib.sha256(sent["code_verifier"].encode()).digest()
        shown = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if f"Basic {basic}" not in head or asked is None or asked["code_challenge"] != shown:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "at",
            "token_type": "Bearer",
            "id_token": self._id_token(asked),
        }

    def public_jwk(self, **others: Any) -> dict[str, Any]:
        return {**ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True), **others}

    def signed(self, **claims: Any) -> str:
        """What only this issuer can have said."""
        return jwt.encode(claims, self.key, "ES256", headers={"kid": "k1"})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        right = {
            "iss": self.url, "sub": self.subject, "aud": CLIENT, "exp": now + 60, "iat": now,
            "nonce": asked["nonce"], "name": "Ivy Smith", "email": "ivy@example.org",
        }  # fmt: skip
        header = _but({"alg": "ES256", "kid": "k1"}, self.header)
        key = {"ES256": self.signs_with or self.key, "HS256": "s" * 32}.get(header["alg"])
        return jwt.encode(_but(right, self.claims), key, header["alg"], headers=header)


def _but(right: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = {**right, **overrides}
    return {name: value for name, value in merged.items() if value is not None}


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
