"""Where the commands of the server API are traced: nowhere, unless an operator wants it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from fastapi.telemetry import TelemetryConfig


class Spans(Protocol):
    """Where the commands of the server API are traced to."""

    @property
    def http(self) -> TelemetryConfig:
        """How FastAPI traces the requests that carry the commands."""

    def command(
        self, method: str, parameters: Mapping[str, Any]
    ) -> AbstractContextManager[None]:
        """What happens inside is one command; Refused says how it failed."""

    def close(self) -> None:
        """Send what has not been sent. Blocks, for a few seconds at most."""


class NoSpans:
    """Traces nothing."""

    @property
    def http(self) -> TelemetryConfig:
        """FastAPI traces nothing, either."""
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

    def command(
        self, method: str, parameters: Mapping[str, Any]
    ) -> AbstractContextManager[None]:
        """No span."""
        return nullcontext()

    def close(self) -> None:
        """Nothing is left to send."""
