"""Runs one node on its port until it is told to stop: as a process alone, or as a worker."""

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import uvicorn
from service_kit.asgi import KEEP_ALIVE_SECONDS

from realtime_gateway.app import Gateway
from realtime_gateway.config.options import NodeOptions, Options
from realtime_gateway.transports.connections import Connections
from realtime_gateway.transports.protocol_switch import uvicorn_protocols
from realtime_gateway.worker_metrics import TELL_SECONDS, WorkerMetrics, WorkerSlot
from realtime_gateway.workers import listener

HTTP_SHUTDOWN_SECONDS: Final = 3
HANG_SECONDS: Final = 45.0
"""The clients are long gone, for want of pings, when the loop has stood still for so long."""

CONNECT_SECONDS: Final = 5.0

log = logging.getLogger("gateway.server")


class _Server(uvicorn.Server):
    """Sends the clients away before it stops listening, so that `/ready` turns first."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        shutdown = self._gateway.options.shutdown
        await self._gateway.clients.drain(shutdown.timeout, window=shutdown.drain_window)
        await super().shutdown(sockets)


async def serve(options: Options, slot: WorkerSlot | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    if slot is None:
        await _serve(Gateway(options), None)
        return
    name = NodeOptions(f"{options.node_name}-{slot.number}")
    gateway = Gateway(replace(options, node=name), slot=slot)
    assert gateway.worker_metrics is not None
    http = options.http_server
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _on_parent)
    async with gateway.supervisor.running(
        {"worker_metrics": partial(_tell, gateway, gateway.worker_metrics)}
    ):
        await _serve(gateway, [listener(http.address, http.port)])


async def _serve(gateway: Gateway, sockets: list[socket.socket] | None) -> None:
    watching = {"watchdog": partial(watchdog, HANG_SECONDS)}
    async with gateway.running(), gateway.supervisor.running(watching):
        if sockets is not None:
            await _connected(gateway)
        gc.collect()
        gc.freeze()
        # uvicorn raises the signals it has handled once more when it has stopped: all is
        # said then.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: None)
        await _Server(_config(gateway), gateway).serve(sockets)


async def _connected(gateway: Gateway) -> None:
    """A worker that is started again takes its share of clients when it can serve them."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            while not gateway.bus.is_connected:  # noqa: ASYNC110 - asked for this once
                await asyncio.sleep(0.05)


def _config(gateway: Gateway) -> uvicorn.Config:
    options = gateway.options
    connections = Connections(gateway.node, gateway.clients)
    http, websocket = uvicorn_protocols(options, gateway.clients, connections)
    return uvicorn.Config(
        gateway.app,
        host=options.http_server.address,
        port=options.http_server.port,
        http=cast(Any, http),
        ws=cast(Any, websocket),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=4096,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=HTTP_SHUTDOWN_SECONDS,
    )


async def watchdog(limit: float) -> None:
    """End the process if its event loop stands still for `limit` seconds.

    The status is 1, and every thread's stack is on stderr; whoever watches starts it again.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(limit, exit=True)
            await asyncio.sleep(limit / 9)
    finally:
        faulthandler.cancel_dump_traceback_later()


async def _tell(gateway: Gateway, worker_metrics: WorkerMetrics) -> None:
    while True:
        worker_metrics.write(is_ready=all((await gateway.readiness.checks()).values()))
        await asyncio.sleep(TELL_SECONDS)


def _on_parent() -> None:
    """The parent never says anything: its end does."""
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    log.warning("the parent is gone")
    os.kill(os.getpid(), signal.SIGTERM)
