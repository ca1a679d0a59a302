"""The HTTP application of a node: the server API, the status page, health and metrics."""

import importlib
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from service_kit import __version__, asgi

from realtime_gateway.api import proxies
from realtime_gateway.api.admin import Admin
from realtime_gateway.api.methods import Methods
from realtime_gateway.api.routes import Api
from realtime_gateway.api.spans import NoSpans, Spans
from realtime_gateway.config.options import Options

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request."""


def spans(options: Options, version: str) -> Spans:
    """Where commands are traced to, as the options say."""
    if not options.opentelemetry.traces_api:
        return NoSpans()
    # By name: what nobody has asked for is not even imported.
    tracing = importlib.import_module("realtime_gateway.api.tracing")
    made: Spans = tracing.Tracing(node=options.node_name, version=version)
    return made


def application(
    options: Options,
    methods: Methods,
    *,
    spans: Spans,
    registry: CollectorRegistry,
    ready: Callable[[], Awaitable[dict[str, bool]]],
    drain_peer: Callable[[str], Awaitable[None]],
) -> FastAPI:
    """The application with all its routes but the address of the WebSocket."""
    app = FastAPI(title="realtime-gateway", version=__version__, docs_url=None,
                  redoc_url=None, openapi_url=None, redirect_slashes=False,
                  telemetry=spans.http)  # fmt: skip
    asgi.install(app, ready=ready, registry=registry, max_body=MAX_BODY)
    app.include_router(Api(methods, options.http_api).router())
    if options.admin.enabled:
        app.include_router(Admin(methods, options.admin, registry).router())
    app.include_router(proxies.router(options, drain_peer))
    return app
