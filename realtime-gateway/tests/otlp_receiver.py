"""A collector of spans: what OTLP over HTTP sends, kept for a test to look at."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Span:
    def __init__(self, span: Any, about: dict[str, Any]) -> None:
        self.name: str = span.name
        self.id: str = span.span_id.hex()
        self.trace: str = span.trace_id.hex()
        self.parent: str = span.parent_span_id.hex()
        self.facts = _facts(span.attributes)
        self.error: str | None = span.status.message if span.status.code == 2 else None
        self.about = about
        """Of the process that made it."""


class Receiver:
    """`url` is what OTEL_EXPORTER_OTLP_ENDPOINT wants."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    receiver.take(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, request: Any) -> None:
        for process in request.resource_spans:
            about = _facts(process.resource.attributes)
            for scope in process.scope_spans:
                self.spans += [Span(each, about) for each in scope.spans]

    def wait(self, trace: str, name: str, seconds: float = 15.0) -> Span:
        """The one span of that name in the trace, as soon as it is there."""
        deadline = time.monotonic() + seconds
        while True:
            found = [
                each for each in list(self.spans) if (each.trace, each.name) == (trace, name)
            ]
            if found:
                assert len(found) == 1
                return found[0]
            names = [span.name for span in self.spans]
            assert time.monotonic() < deadline, f"no {name} among {names}"
            time.sleep(0.02)

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
