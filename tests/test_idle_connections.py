"""A connection that a client keeps for its next request is still good when it sends that.

Clients let go of an idle connection first. Where the server did so at the same moment, requests
failed now and then: a page said "Temporarily unavailable", a save had to be sent again.
"""

import time
from http.client import HTTPConnection

from wired_stack import WiredStack

_OUR_CLIENTS_KEEP_SECONDS = 5.0  # httpx; the edge keeps its own longer, and asks again itself


def test_no_service_hangs_up_before_the_client_lets_go(stack: WiredStack) -> None:
    kept = {
        name: HTTPConnection("127.0.0.1", service.port, timeout=30)
        for name, service in stack.services.items()
    }
    assert _answers(kept) == dict.fromkeys(kept, 200)
    time.sleep(_OUR_CLIENTS_KEEP_SECONDS + 1)
    assert _answers(kept) == dict.fromkeys(kept, 200)
    for connection in kept.values():
        connection.close()


def _answers(connections: dict[str, HTTPConnection]) -> dict[str, int]:
    statuses = {}
    for name, connection in connections.items():
        connection.request("GET", "/health")
        with connection.getresponse() as answer:
            answer.read()
            statuses[name] = answer.status
    return statuses
