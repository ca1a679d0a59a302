"""What a proxy in front asks of the gateway.

`POST /drain` comes from a proxy that is about to stop: the clients that came through it, known
by the address that they and this request come from, are sent away on every node, spread over
`shutdown.drain_window`, and nobody is let in from there meanwhile. It needs no key: it ends
nothing but what its sender could end. Off unless `shutdown.peer_drain` says so, and never for a
request that was itself passed on.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request, Response

from realtime_gateway.config.options import Options

PASSED_ON = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})


def router(options: Options, drain: Callable[[str], Awaitable[None]]) -> APIRouter:
    """`drain` returns when the clients from an address are gone."""
    routes = APIRouter()
    if options.shutdown.peer_drain:

        async def drain_peer(request: Request) -> Response:
            if request.client is None or PASSED_ON.intersection(request.headers):
                raise HTTPException(403, "only a proxy itself asks for this")
            await drain(request.client.host)
            return Response(status_code=204)

        routes.add_api_route("/drain", drain_peer, methods=["POST"])
    return routes
