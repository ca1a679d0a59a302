"""The server API over HTTP, in Centrifugo's shapes.

Whoever has the key may use every channel and every user's connections. What is wrong with a
request that could be read is told with status 200 and `{"error":{"code","message"}}`, as
Centrifugo does.
"""

import secrets
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ValidationError, create_model

from realtime_gateway.api.methods import Methods
from realtime_gateway.api.refused import Refused, error_json
from realtime_gateway.api.results import ErrorBody
from realtime_gateway.api.schema import REQUESTS, BatchRequest
from realtime_gateway.config.options import HttpApiOptions
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.codes import Error
from realtime_gateway.protocol.fields import loads

Parameters = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The body is no JSON object"},
    401: {"description": "X-API-Key is missing or wrong"},
}


class Api:
    """The HTTP routes of the server API, which want the API key."""

    def __init__(self, methods: Methods, options: HttpApiOptions) -> None:
        self._methods = methods
        self._options = options

    def router(self) -> APIRouter:
        """One POST route for each method, and `batch`."""
        router = APIRouter(prefix="/api", responses=_REFUSALS)
        for method, (request, result) in REQUESTS.items():
            router.add_api_route(
                f"/{method}",
                self._endpoint(method),
                methods=["POST"],
                operation_id=method,
                openapi_extra=_body(request),
                response_model=_answer(result),
            )
        router.add_api_route(
            "/batch",
            self.batch,
            methods=["POST"],
            operation_id="batch",
            openapi_extra=_body(BatchRequest),
            response_model=None,
        )
        return router

    async def batch(self, request: Request) -> Response:
        """Several commands in one request, each as `{"<method>": {...}}`."""
        given = await self._parameters(request)
        try:
            replies = await self._methods.batch(BatchRequest.model_validate(given))
        except ValidationError:
            return _error(codes.BAD_REQUEST)
        return _json(b'{"replies":[%s]}' % b",".join(replies))

    def _endpoint(self, method: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            given = await self._parameters(request)
            try:
                return _json(b'{"result":%s}' % await self._methods.call(method, given))
            except Refused as refused:
                return _error(refused.error)

        endpoint.__name__ = method
        return endpoint

    async def _parameters(self, request: Request) -> Parameters:
        if not self._is_authorised(request):
            raise HTTPException(401, "X-API-Key is missing or wrong")
        try:
            return loads(await request.body() or b"{}")
        except ValueError as error:
            raise HTTPException(400, f"the body is {error}") from error

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


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}
    }


@lru_cache
def _answer(result: type[BaseModel]) -> type[BaseModel]:
    name = result.__name__.removesuffix("Result") + "Answer"
    kind: Any = result
    return create_model(name, result=(kind | None, None), error=(ErrorBody | None, None))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _error(error: Error) -> Response:
    return _json(b'{"error":%s}' % error_json(error))
