"""`python -m realtime_gateway --config gateway.json --redis redis://127.0.0.1:6379`"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop
from service_kit import logs

from realtime_gateway.app import serve
from realtime_gateway.settings import InvalidSettings, load

log = logging.getLogger("gateway")


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    paths = {"http_server.address": given.host, "http_server.port": given.port}
    paths["engine.redis.address"] = given.redis
    chosen = {path: value for path, value in paths.items() if value is not None}
    logs.configure("realtime-gateway", environ=os.environ)
    try:
        loaded = load(given.config, os.environ, chosen)
    except InvalidSettings as error:
        for sentence in error.sentences:
            print(f"cannot start: {sentence}", file=sys.stderr)
        return 2
    for warning in loaded.warnings:
        log.warning("%s", warning)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(loaded.options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m realtime_gateway",
        description="A WebSocket gateway over Redis: the Centrifuge client protocol v2 (JSON).",
        epilog="Every option of the file can be given in the environment: GATEWAY_<PATH>.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="options, JSON or YAML")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (8000)")
    parser.add_argument(
        "--redis", metavar="URL", help="Redis or Valkey (redis://127.0.0.1:6379/0)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
