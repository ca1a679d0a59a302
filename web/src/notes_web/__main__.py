"""Starts the web front: `python -m notes_web`, configured by WEB_* variables."""

import gc

# Nothing of a module is ever garbage; looking for some takes a quarter of the start.
gc.disable()

import os
import sys

from service_kit import asgi, env, logs

from notes_web.app import create_app
from notes_web.settings import Settings

gc.freeze()
gc.enable()


def main() -> None:
    """Serves the web front until SIGTERM; ends with 3 if it could not listen."""
    logs.configure("web", environ=os.environ)
    settings = env.load(Settings, os.environ)
    is_started = asgi.serve(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        shutdown_seconds=5,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
    )
    sys.exit(0 if is_started else 3)


if __name__ == "__main__":
    main()
