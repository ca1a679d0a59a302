"""Routes that go on when an access token was taken back while they ran.

A page gets its token from users-service and shows it to notes-service a moment later; meanwhile
an administrator may have changed what its person may do (contracts/revocations.md).
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.cookies import Cookies
from notes_web.request_context import Site

CODE: Final = "token_revoked"


class TokenRetryRoute(APIRoute):
    """Runs its handler once more, with the token that the session is given now, if any.

    The service that refused has done nothing, and a handler asks for one change at most, so
    nothing happens twice. Without a new token nobody is signed in.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps the handler, so that a revoked token is renewed once (FastAPI's hook)."""
        handle = super().get_route_handler()

        async def with_a_new_token(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refusal:
                if refusal.code != CODE:
                    raise
            site: Site = request.state.site
            # While users-service is away the old token would come back.
            site.session_resolver.forget(site.cookies.read(request.cookies, Cookies.SESSION))
            return await handle(request)

        return with_a_new_token
