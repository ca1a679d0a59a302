"""The server API: publish, history and info over HTTP, in Centrifugo's shapes.

Whoever has the key may use every channel. What is wrong with a request that could be read is
told with status 200 and `{"error":{"code","message"}}`, as Centrifugo does.
"""

import json
import logging
import secrets
import time
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from redis.exceptions import RedisError

from realtime_gateway import codes, protocol
from realtime_gateway.asks import HistoryPage, Read
from realtime_gateway.clients import Clients
from realtime_gateway.codes import Error
from realtime_gateway.commands import Since
from realtime_gateway.node import Node
from realtime_gateway.options import ChannelOptions

log = logging.getLogger("gateway.api")

Parameters = dict[str, Any]


class Api:
    def __init__(self, node: Node, clients: Clients, *, name: str, version: str) -> None:
        self._node = node
        self._clients = clients
        self._options = node.options.http_api
        self._name = name
        self._version = version
        self._uid = secrets.token_hex(16)
        self._started = time.monotonic()

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api")
        router.add_api_route("/publish", self.publish, methods=["POST"])
        router.add_api_route("/history", self.history, methods=["POST"])
        router.add_api_route("/info", self.info, methods=["POST"])
        return router

    async def publish(self, request: Request) -> Response:
        """`channel`, `data`; `tags`, `skip_history`, `idempotency_key`."""
        given = await self._parameters(request)
        options = self._channel(given)
        if isinstance(options, Error):
            return _error(options)
        if "data" not in given or not _fits(given):
            return _error(codes.BAD_REQUEST)
        try:
            fragment = protocol.fragment(given["data"], tags=given.get("tags"))
            position = await self._node.publish(
                given["channel"],
                options,
                fragment,
                skip_history=given.get("skip_history", False),
                idempotency_key=given.get("idempotency_key") or None,
            )
        except ValueError:
            return _error(codes.BAD_REQUEST)
        except (RedisError, OSError, TimeoutError):
            log.warning("publish failed: Redis is away")
            return _error(codes.INTERNAL)
        has_place = position.epoch != ""
        place = {"offset": position.offset, "epoch": position.epoch} if has_place else {}
        return _result(protocol.dumps(place))

    async def history(self, request: Request) -> Response:
        """`channel`; `limit` (0: only the position, below 0: all), `since`, `reverse`."""
        given = await self._parameters(request)
        options = self._channel(given)
        if isinstance(options, Error):
            return _error(options)
        if not options.has_history:
            return _error(codes.NOT_AVAILABLE)
        read = _read(given)
        if read is None:
            return _error(codes.BAD_REQUEST)
        try:
            page = await self._node.read(read)
        except (RedisError, OSError, TimeoutError):
            log.warning("history failed: Redis is away")
            return _error(codes.INTERNAL)
        return _error(page) if isinstance(page, Error) else _result(_page(page))

    async def info(self, request: Request) -> Response:
        """This node; each node of several answers for itself."""
        await self._parameters(request)
        channels = self._node.fanout.hub.channels.values()
        node = {
            "uid": self._uid,
            "name": self._name,
            "version": self._version,
            "num_clients": len(self._clients.connected),
            "num_users": len({client.user for client in self._clients.connected}),
            "num_subs": sum(len(channel.members) for channel in channels),
            "num_channels": len(channels),
            "uptime": int(time.monotonic() - self._started),
        }
        return _result(protocol.dumps({"nodes": [node]}))

    async def _parameters(self, request: Request) -> Parameters:
        if not self._is_authorised(request):
            raise HTTPException(401, "X-API-Key is missing or wrong")
        try:
            given = json.loads(await request.body() or b"{}")
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "the body is not JSON") from error
        if not isinstance(given, dict):
            raise HTTPException(400, "the body is not an object")
        return given

    def _is_authorised(self, request: Request) -> bool:
        if self._options.insecure:
            return True
        key = request.headers.get("x-api-key") or ""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if not key and scheme.lower() == "apikey":
            key = value.strip()
        return self._options.key != "" and secrets.compare_digest(
            key.encode(), self._options.key.encode()
        )

    def _channel(self, given: Parameters) -> ChannelOptions | Error:
        channels = self._node.rules.channels
        channel = given.get("channel")
        if not isinstance(channel, str) or not channels.is_valid(channel):
            return codes.BAD_REQUEST
        return channels.options(channel) or codes.UNKNOWN_CHANNEL


def _fits(given: Parameters) -> bool:
    tags = given.get("tags") or {}
    return (
        isinstance(given.get("skip_history", False), bool)
        and isinstance(given.get("idempotency_key") or "", str)
        and isinstance(tags, dict)
        and all(isinstance(value, str) for value in tags.values())
    )


def _read(given: Parameters) -> Read | None:
    limit, since, reverse = (given.get(name) for name in ("limit", "since", "reverse"))
    limit, reverse = limit or 0, reverse or False
    if type(limit) is not int or type(reverse) is not bool or abs(limit) >= 1 << 31:
        return None
    if since is None:
        return Read(given["channel"], limit, None, reverse)
    if not isinstance(since, dict):
        return None
    offset, epoch = since.get("offset") or 0, since.get("epoch") or ""
    if type(offset) is not int or not 0 <= offset < 1 << 64 or type(epoch) is not str:
        return None
    return Read(given["channel"], limit, Since(offset, epoch), reverse)


def _page(page: HistoryPage) -> bytes:
    listed = b",".join([protocol.publication(offset, data) for offset, data in page.entries])
    top = protocol.dumps({"offset": page.offset, "epoch": page.epoch})
    return b'{"publications":[%s],%s' % (listed, top[1:])


def _result(result: bytes) -> Response:
    return Response(b'{"result":%s}' % result, media_type="application/json")


def _error(error: Error) -> Response:
    body = {"error": {"code": error.code, "message": error.message}}
    return Response(protocol.dumps(body), media_type="application/json")
