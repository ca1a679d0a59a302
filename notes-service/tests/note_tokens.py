"""An issuer of access tokens for tests: what users-service is to this service."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm


class Issuer:
    """Signs tokens with its own key, and publishes the key at `url` between start and stop."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        public = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        keys = {"keys": [{**public, "kid": "test", "alg": "EdDSA", "use": "sig"}]}
        document = json.dumps(keys).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_: Any) -> None:
                pass

        self._handler = Handler

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, who: str, /, *roles: str, **claims: Any) -> str:
        """A token of the person who is known to tests by `who`."""
        now = int(time.time())
        usual = {
            "iss": "notes-users",
            "aud": "notes",
            "sub": f"id-of-{who}",
            "name": who,
            "roles": list(roles or ("editor",)),
            "sid": "s1",
            "iat": now,
            "exp": now + 300,
            "jti": uuid4().hex,
        }
        return jwt.encode(usual | claims, self._key, algorithm="EdDSA", headers={"kid": "test"})

    def bearer(self, who: str, /, *roles: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who, *roles, **claims)}"}
