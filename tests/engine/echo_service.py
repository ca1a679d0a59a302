"""Stands in for web and the gateway behind an edge: says what reached it, or what it is told.

The query tells: `status`, `body` (bytes), `type`, and any number of `h=Name:value`; at a
client's first request with `dies=x` it hangs up, like a service that is killed; `who` asks for
its container's name. Standard library only: it runs in a plain Python image.
"""

import base64
import hashlib
import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DIED: set[tuple[str, str, str | None]] = set()


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        asked = parse_qsl(urlsplit(self.path).query)
        told = dict(asked)
        length = int(self.headers.get("Content-Length") or 0)
        received = self.rfile.read(length)
        if self._dies(told.get("dies")):
            self.close_connection = True
            return
        if self.headers.get("Upgrade", "").lower() == "websocket" and "status" not in told:
            self._switch()
            return
        body = b"x" * int(told["body"]) if "body" in told else self._said(len(received))
        body = socket.gethostname().encode() if "who" in told else body
        self.send_response_only(int(told.get("status", 200)))
        self.send_header("Content-Type", told.get("type", "application/json"))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Server", "echo")
        for name, _, value in (v.partition(":") for k, v in asked if k == "h"):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def _dies(self, once: str | None) -> bool:
        request = (self.client_address[0], self.command, once)
        if once is None or request in DIED:
            return False
        DIED.add(request)
        return True

    def log_message(self, *_: Any) -> None:
        pass

    def _said(self, received: int) -> bytes:
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        said = {"method": self.command, "path": self.path, "received": received}
        return json.dumps({**said, "headers": headers}).encode()

    def _switch(self) -> None:
        key = (
            self.headers["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        )
        self.send_response_only(101)
        self.send_header(
            "Sec-WebSocket-Accept",
            base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest()).decode(),
        )
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while line := self.rfile.readline():
            self.wfile.write(line)
        self.close_connection = True


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Echo).serve_forever()
