"""realtime-gateway: how far a channel has come, and who is in it."""

import logging
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from notes_web.clients.http import BackendError, HttpClient, Unreachable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a channel has come; what a page subscribes from."""

    offset: int
    epoch: str


class PresentClient(TypedDict):
    """A client in a channel: `user` is an account's id, "" for a guest."""

    user: str
    client: str
    conn_info: NotRequired[dict[str, Any]]


class GatewayClient:
    """realtime-gateway, only asked where a channel stands and who is in it."""

    def __init__(self, service: HttpClient) -> None:
        self._call = service.call

    async def position(self, channel: str) -> Position | None:
        """None when it cannot be told in time: pages do not wait for liveness."""
        asked = {"channel": channel, "limit": 0}
        try:
            answer = await self._call(
                "POST", "/api/history", json=asked, is_patient=False, changes=False
            )
            result = answer["result"]
            return Position(int(result.get("offset", 0)), str(result.get("epoch", "")))
        except (BackendError, KeyError, TypeError, ValueError) as error:
            log.info("position of %s unknown: %s", channel.partition(":")[0], error)
            return None

    async def present(self, channel: str) -> list[PresentClient]:
        """What is known of each client in the channel: `user`, and `conn_info` of the token."""
        answer = await self._call(
            "POST", "/api/presence", json={"channel": channel}, is_patient=False, changes=False
        )
        try:
            return list(answer["result"]["presence"].values())
        except (KeyError, TypeError, AttributeError) as error:
            raise Unreachable("realtime-gateway", "no presence") from error
