"""Spans of the server API by OpenTelemetry: one for each request, one for each command in it.

A request continues its caller's trace (`traceparent`). Spans leave in batches on a thread of
their own, by OTLP over HTTP, as the standard OTEL_* variables say; a collector that is away
costs them, and never a command. Imported only when it is wanted: needs the extra
`opentelemetry`.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.types import Scope

from realtime_gateway.api.refused import Refused
from realtime_gateway.api.schema import REQUESTS

CHANNELS: Final = 20
"""Of a broadcast, named in its span."""
CLOSE_SECONDS: Final = 3.0


class Tracing:
    """Spans that leave by OTLP over HTTP, as the OTEL_* variables say."""

    def __init__(self, *, node: str, version: str) -> None:
        about = {"service.instance.id": node, "service.version": version}
        if "OTEL_SERVICE_NAME" not in os.environ:
            about["service.name"] = "realtime-gateway"
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("realtime_gateway.api", version)
        self.http: TelemetryConfig = {
            "tracer_provider": self._provider, "operation_spans": False, "metrics": False,
            "logs": False, "auto_configure": False, "exclude": _is_no_command,
        }  # fmt: skip

    @contextmanager
    def command(self, method: str, parameters: Mapping[str, Any]) -> Iterator[None]:
        """One span, with the method and channel, and the code of the error if it fails."""
        name = method if method in REQUESTS else "unknown"
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.INTERNAL, attributes=_attributes(name, parameters),
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield
            except Refused as refused:
                span.set_attribute("gateway.error.code", refused.error.code)
                span.set_status(Status(StatusCode.ERROR, refused.error.message))
                raise
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def close(self) -> None:
        """Send what is left, for `CLOSE_SECONDS` at most."""
        # On a thread, because it waits for a collector that is away for half a minute.
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _attributes(method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"gateway.method": method}
    channel, channels = parameters.get("channel"), parameters.get("channels")
    if isinstance(channel, str):
        found["gateway.channel"] = channel
    if isinstance(channels, list):
        found["gateway.channels"] = [str(each) for each in channels[:CHANNELS]]
        found["gateway.channels.count"] = len(channels)
    return found


def _is_no_command(scope: Scope) -> bool:
    return not str(scope["path"]).startswith("/api/")
