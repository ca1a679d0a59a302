"""Requests to providers: without redirects, and with a limit on what is read.

ProviderAway is raised if the provider does not answer or cannot now, SignInRefused if it
refuses or its answer is of no use.
"""

import json
import logging
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from users_service.domain.oidc_errors import ProviderAway, SignInRefused

log = logging.getLogger(__name__)

_LARGEST_ANSWER: Final = 256 * 1024


async def fetch_object(
    client: httpx.AsyncClient, method: str, url: str, **sent: Any
) -> dict[str, Any]:
    """Return the JSON object of an answer; raise SignInRefused or ProviderAway."""
    return json_object(await fetch(client, method, url, **sent))


async def fetch(client: httpx.AsyncClient, method: str, url: str, **sent: Any) -> bytes:
    """Return the body of a successful answer of at most 256 KiB.

    Raises ProviderAway if there is none, it is too large or says 5xx; SignInRefused for the
    rest.
    """
    headers = {"Accept": "application/json", **sent.pop("headers", {})}
    try:
        async with client.stream(method, url, headers=headers, **sent) as answer:
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _LARGEST_ANSWER:
                    raise ProviderAway
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("%s is away: %s", urlsplit(url).hostname, type(error).__name__)
        raise ProviderAway from error
    if answer.is_server_error:
        raise ProviderAway
    if not answer.is_success:
        raise SignInRefused(f"status {answer.status_code}")
    return body


def json_object(body: bytes) -> dict[str, Any]:
    """Return the body as a JSON object; raise SignInRefused."""
    try:
        said = json.loads(body)
    except ValueError as error:
        raise SignInRefused("no JSON") from error
    if not isinstance(said, dict):
        raise SignInRefused("no JSON object")
    return said
