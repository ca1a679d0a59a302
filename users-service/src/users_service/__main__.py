"""The process: `python -m users_service [serve | migrate | rotate-keys [--at-once] | openapi]`.

`serve`, the default, brings the tables up to date first. SIGTERM and SIGINT end it with code 0.
"""

import gc

# Nothing of a module is ever garbage; looking for some takes a quarter of the start.
gc.disable()

import argparse
import asyncio
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import NoReturn

from pydantic import SecretStr
from service_data.schema import SchemaTooNew
from service_kit import asgi, env, logs
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker

from users_service import database
from users_service.app import create_app
from users_service.crypto.signing_keys import SigningKeys
from users_service.jobs.reencryption import Undecryptable, reencrypt
from users_service.migrations import migrate
from users_service.settings import Settings

gc.freeze()
gc.enable()

log = logging.getLogger("users")


def main() -> None:
    """Run the command of the command line; exit with 1 if the service cannot start."""
    arguments = _arguments()
    if arguments.command == "openapi":
        print(openapi())
        return
    logs.configure("users-service", environ=os.environ)
    settings = env.load(Settings, os.environ)
    try:
        undecryptable = asyncio.run(_prepare(settings))
        if arguments.command == "rotate-keys":
            asyncio.run(_rotate(settings, at_once=arguments.at_once))
    except SchemaTooNew as error:
        log.critical("cannot start: %s", error)
        raise SystemExit(1) from None
    except (SQLAlchemyError, OSError) as error:
        log.critical("the database cannot be used: %s", type(error).__name__)
        raise SystemExit(1) from None
    if arguments.command == "serve":
        if undecryptable.signing_keys:
            _refuse_to_serve()
        _serve(settings)


def openapi() -> str:
    """Return the interface as in contracts/http/users.json, and connect to nothing."""
    nowhere = Settings(
        database_url=SecretStr("postgresql://nowhere/none"),
        redis_url=SecretStr("redis://nowhere"),
        api_keys=SecretStr("nobody:nothing"),
        encryption_key=SecretStr("0" * 43),
    )
    return json.dumps(create_app(nowhere).openapi(), indent=2, ensure_ascii=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m users_service", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="bring the tables up to date and serve (the default)")
    commands.add_parser("migrate", help="bring the tables up to date and end")
    rotate = commands.add_parser("rotate-keys", help="begin a new signing key")
    rotate.add_argument(
        "--at-once", action="store_true", help="and refuse every token of the old ones"
    )
    commands.add_parser("openapi", help="print the interface as OpenAPI")
    parser.set_defaults(command="serve")
    return parser.parse_args()


async def _prepare(settings: Settings) -> Undecryptable:
    """Migrate the database and encrypt the secrets in it with the first key."""
    engine = database.connect(settings.database_url.get_secret_value())
    try:
        await migrate(engine)
        undecryptable = await reencrypt(async_sessionmaker(engine), settings.encryptor())
        if undecryptable.totp_secrets:
            log.error("%d authenticator apps cannot be opened", undecryptable.totp_secrets)
        return undecryptable
    finally:
        await engine.dispose()


async def _rotate(settings: Settings, *, at_once: bool) -> None:
    engine = database.connect(settings.database_url.get_secret_value())
    try:
        keys = SigningKeys(
            async_sessionmaker(engine), settings.encryptor(), now=lambda: datetime.now(UTC)
        )
        print(await keys.rotate(at_once=at_once))
    finally:
        await engine.dispose()


def _refuse_to_serve() -> NoReturn:
    sys.stderr.write(
        "cannot start: USERS_ENCRYPTION_KEY does not open the signing keys in the database. Is "
        "it another one's? If the right key is lost: rotate-keys --at-once makes new ones\n"
    )
    raise SystemExit(2)


def _serve(settings: Settings) -> None:
    # Whose word about addresses counts is decided by API key, in `http.authentication`.
    if not asgi.serve(create_app(settings), host=settings.host, port=settings.port):
        sys.exit(1)


if __name__ == "__main__":
    main()
