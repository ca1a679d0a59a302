"""Starts the web front: `python -m notes_web`, configured by WEB_* variables."""

import gc

# Nothing of a module is ever garbage; looking for some takes a quarter of the start.
gc.disable()

import os
import signal
import sys
from types import FrameType

import uvicorn
from service_kit import asgi, env, logs

from notes_web.app import create_app
from notes_web.settings import Settings

gc.freeze()
gc.enable()


def main() -> None:
    """Serves the web front until SIGTERM; ends with 3 if it could not listen."""
    logs.configure("web", environ=os.environ)
    settings = env.load(Settings, os.environ)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=asgi.KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )
    # uvicorn stops cleanly, then raises the signal once more: that is a success.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopped)
    server = uvicorn.Server(config)
    server.run()
    sys.exit(0 if server.started else 3)


def _stopped(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
