"""The process: `python -m notes_service [serve | migrate | openapi]`.

serve (the default) brings the schema up to date, then answers on NOTES_HOST:NOTES_PORT;
migrate only does the first; openapi writes the interface's description to standard output.
"""

import gc

# Nothing of a module is ever garbage; looking for some takes a quarter of the start.
gc.disable()

import asyncio
import json
import logging
import os
import sys
import time
from typing import Final

from pydantic import AnyUrl, SecretStr
from service_data.database import MAY_BE_AWAY, driver_url
from service_data.schema import SchemaTooNew
from service_kit import asgi, env, logs

from notes_service import schema
from notes_service.app import create_app, openapi
from notes_service.settings import Settings

gc.freeze()
gc.enable()

log = logging.getLogger("notes_service")

_DATABASE_WAIT_SECONDS: Final = 30.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return the process's exit code."""
    match sys.argv[1:] if arguments is None else arguments:
        case [] | ["serve"]:
            return _serve(_settings())
        case ["migrate"]:
            return 0 if _migrate(_settings()) else 1
        case ["openapi"]:
            print(json.dumps(_openapi(), indent=2, ensure_ascii=False))
            return 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


def _settings() -> Settings:
    logs.configure("notes-service", environ=os.environ)
    return env.load(Settings, os.environ)


def _openapi() -> dict[str, object]:
    return openapi(
        create_app(
            Settings(
                database_url=SecretStr("postgresql://localhost/notes"),
                redis_url=SecretStr("redis://localhost"),
                jwks_url=AnyUrl("http://localhost"),
            )
        )
    )


def _migrate(settings: Settings) -> bool:
    """Whether the schema is up to date; waits a little for PostgreSQL to be there."""
    url = driver_url(settings.database_url.get_secret_value())
    deadline = time.monotonic() + _DATABASE_WAIT_SECONDS
    while True:
        try:
            asyncio.run(schema.upgrade(url))
            return True
        except SchemaTooNew as error:
            log.critical("cannot start: %s", error)
            return False
        except MAY_BE_AWAY as error:
            reason = str(error).splitlines()[0] if str(error) else error.__class__.__name__
        if time.monotonic() > deadline:
            log.error("cannot bring the schema up to date: %s", reason)
            return False
        log.warning("PostgreSQL is not ready, trying again: %s", reason)
        time.sleep(1.0)


def _serve(settings: Settings) -> int:
    if not _migrate(settings):
        return 1
    is_started = asgi.serve(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
    )
    return 0 if is_started else 1


if __name__ == "__main__":
    sys.exit(main())
