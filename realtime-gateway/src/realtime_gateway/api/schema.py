"""The server API's requests and results, in Centrifugo's shapes.

What does not fit is a bad request; fields that are not known are ignored.
"""

from typing import Any

from pydantic import BaseModel, Field

from realtime_gateway.api.results import (
    BroadcastResult,
    ChannelsResult,
    HistoryResult,
    InfoResult,
    Nothing,
    Part,
    PresenceResult,
    PresenceStatsResult,
    PublishResult,
)


class StreamPosition(Part):
    """A place in a channel's stream: an offset, and the epoch in which it counts."""

    offset: int = Field(0, ge=0, lt=1 << 64)
    epoch: str = ""


class BoolValue(Part):
    """A boolean in an object, so that absent and false differ."""

    value: bool


class SubscribeOptionOverride(Part):
    """Options of the channel that are different for this subscription."""

    presence: BoolValue | None = None
    join_leave: BoolValue | None = None
    force_push_join_leave: BoolValue | None = None
    force_positioning: BoolValue | None = None
    force_recovery: BoolValue | None = None


class DisconnectCode(Part):
    """What the client is closed with: the WebSocket close code and its reason."""

    code: int = Field(ge=3000, lt=5000)
    reason: str = Field("", max_length=123)


class _Publication(Part):
    data: Any
    tags: dict[str, str] | None = None
    skip_history: bool = False
    idempotency_key: str | None = None


class PublishRequest(_Publication):
    """Publish into one channel."""

    channel: str


class BroadcastRequest(_Publication):
    """Publish the same data into many channels."""

    channels: list[str] = Field(min_length=1, max_length=10_000)


class _ForUser(Part):
    user: str = Field(min_length=1)
    client: str = ""
    session: str = Field("", description="Only connections made with tokens of this `sid`.")


class SubscribeRequest(_ForUser):
    """Put connections of a user into a channel."""

    channel: str
    info: Any = None
    data: Any = None
    expire_at: float | None = Field(None, description="Unix time; 0 or none: never.")
    recover_since: StreamPosition | None = None
    override: SubscribeOptionOverride | None = None


class UnsubscribeRequest(_ForUser):
    """Take connections of a user out of a channel."""

    channel: str


class DisconnectRequest(_ForUser):
    """Close connections of a user."""

    whitelist: list[str] = Field([], description="Client ids that stay.")
    disconnect: DisconnectCode | None = None
    code: int | None = Field(None, ge=3000, lt=5000, description="Short for disconnect.code.")
    reason: str | None = Field(None, max_length=123)


class RefreshRequest(_ForUser):
    """Prolong connections of a user, or end them as expired."""

    expired: bool = Field(False, description="Closes with 3005, for a new token.")
    expire_at: float | None = None


class PresenceRequest(Part):
    """Ask who is in a channel."""

    channel: str


class PresenceStatsRequest(Part):
    """Ask how many are in a channel."""

    channel: str


class HistoryRequest(Part):
    """Ask for a page of a channel's history; `limit` 0 for its position only."""

    channel: str
    limit: int | None = Field(0, ge=-(1 << 31), lt=1 << 31)
    since: StreamPosition | None = None
    reverse: bool | None = False


class HistoryRemoveRequest(Part):
    """Delete the publications of a channel."""

    channel: str


class ChannelsRequest(Part):
    """Ask for the channels that have clients."""

    pattern: str = Field("", description="With * and ?; none: all channels.")


class InfoRequest(Part):
    """Ask for the nodes that are running."""


class BatchRequest(Part):
    """Several commands, executed in their order, or all at once if `parallel`."""

    commands: list[dict[str, dict[str, Any]]] = Field(max_length=10_000)
    parallel: bool = False


REQUESTS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "publish": (PublishRequest, PublishResult),
    "broadcast": (BroadcastRequest, BroadcastResult),
    "subscribe": (SubscribeRequest, Nothing),
    "unsubscribe": (UnsubscribeRequest, Nothing),
    "disconnect": (DisconnectRequest, Nothing),
    "refresh": (RefreshRequest, Nothing),
    "presence": (PresenceRequest, PresenceResult),
    "presence_stats": (PresenceStatsRequest, PresenceStatsResult),
    "history": (HistoryRequest, HistoryResult),
    "history_remove": (HistoryRemoveRequest, Nothing),
    "channels": (ChannelsRequest, ChannelsResult),
    "info": (InfoRequest, InfoResult),
}
"""What each method takes and answers; `batch` holds the others."""
