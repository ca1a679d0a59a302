"""The server API's results, in Centrifugo's shapes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """What requests and results are made of: exact types, and no nulls."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """`null` is as good as absent, except for `data`, where it is some."""
        if not isinstance(given, dict):
            return given
        return {
            name: value for name, value in given.items() if value is not None or name == "data"
        }


class Nothing(Part):
    """The result of a method that has nothing to say."""


class PublishResult(Part):
    """Where the publication stands; nothing in a channel without history."""

    offset: int | None = None
    epoch: str | None = None


class ErrorBody(Part):
    """An error of the protocol: its number and its message."""

    code: int
    message: str


class PublishResponse(Part):
    """What became of one publication of a broadcast."""

    result: PublishResult | None = None
    error: ErrorBody | None = None


class BroadcastResult(Part):
    """One response for each channel, in the order of the request."""

    responses: list[PublishResponse]


class ClientInfo(Part):
    """What others may know of a client."""

    user: str
    client: str
    conn_info: Any = None
    chan_info: Any = None


class PresenceResult(Part):
    """Who is in the channel, by client id."""

    presence: dict[str, ClientInfo]


class PresenceStatsResult(Part):
    """How many clients, and how many different users, are in the channel."""

    num_clients: int
    num_users: int


class Publication(Part):
    """One publication of a history."""

    data: Any
    info: ClientInfo | None = None
    offset: int
    tags: dict[str, str] | None = None


class HistoryResult(Part):
    """Publications, and the position of the end of the stream."""

    publications: list[Publication]
    offset: int
    epoch: str


class ChannelInfo(Part):
    """How many clients a channel has on all nodes."""

    num_clients: int


class ChannelsResult(Part):
    """Channels by name."""

    channels: dict[str, ChannelInfo]


class NodeResult(Part):
    """A running node; `uptime` is in seconds."""

    uid: str
    name: str
    version: str
    num_clients: int
    num_users: int
    num_subs: int
    num_channels: int
    uptime: int


class InfoResult(Part):
    """All nodes that were heard of in the last seconds."""

    nodes: list[NodeResult]
