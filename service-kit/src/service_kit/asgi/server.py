"""Runs an application until it is told to stop."""

import gc
import signal
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

KEEP_ALIVE_SECONDS: Final = 150
"""Servers let go of an idle connection later than their clients do (httpx: 5 s, Caddy: 120 s).

If both let go at once, a request can meet the end of its connection, and fail.
"""


def serve(
    app: FastAPI, *, host: str, port: int, shutdown_seconds: int = 10, **options: Any
) -> bool:
    """Serve until SIGTERM or SIGINT, and return whether it could begin to.

    Requests have `shutdown_seconds` to end; `options` are further ones of uvicorn.
    """
    usual = {
        "log_config": None,
        "access_log": False,  # the kit writes it
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": shutdown_seconds,
    }
    config = uvicorn.Config(app, host=host, port=port, **(usual | options))
    server = uvicorn.Server(config)
    # uvicorn ends by these, then raises them again: nobody hears, so the exit code is ours.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    # What is loaded now stays: the collector need not walk it, 50 ms each time, ever again.
    gc.collect()
    gc.freeze()
    server.run()
    return server.started
