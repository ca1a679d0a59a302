"""Run `python -m realtime_gateway --config gateway.json --redis redis://127.0.0.1:6379`."""

import gc

# Nothing of a module is ever garbage; looking for some takes a quarter of the start.
gc.disable()

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvloop
from service_kit import logs

from realtime_gateway import workers
from realtime_gateway.config.settings import InvalidSettings, load
from realtime_gateway.server import serve
from realtime_gateway.worker_metrics import WorkerSlot

gc.freeze()
gc.enable()

MOST_WORKERS: Final = 256

log = logging.getLogger("gateway")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.

    0 after a drain, 1 if it failed, 2 for options that are wrong.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    given = _parser().parse_args(arguments)
    paths = {"http_server.address": given.host, "http_server.port": given.port}
    paths["engine.redis.address"] = given.redis
    chosen = {path: value for path, value in paths.items() if value is not None}
    logs.configure("realtime-gateway", environ=os.environ)
    try:
        loaded = load(given.config, os.environ, chosen)
        if problems := workers.too_many(loaded.options, given.workers):
            raise InvalidSettings(problems)
    except InvalidSettings as error:
        for sentence in error.sentences:
            print(f"cannot start: {sentence}", file=sys.stderr)
        return 2
    for warning in loaded.warnings:
        log.warning("%s", warning)
    if given.workers > 1 and given.worker is None:
        return workers.run(arguments, given.workers, loaded.options)
    options = loaded.options
    if given.worker is not None:
        options = workers.share(options, given.worker, given.workers)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options, given.worker))
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
    parser.add_argument(
        "--workers",
        type=_count,
        default=1,
        metavar="N",
        help="processes that share the port, each a full node (1)",
    )
    parser.add_argument("--worker", type=WorkerSlot.parse, help=argparse.SUPPRESS)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_WORKERS} are possible")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
