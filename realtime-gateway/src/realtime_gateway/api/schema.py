"""The server API's requests and results, in Centrifugo's shapes.

What does not fit is a bad request; fields that are not known are ignored.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
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


class Nothing(_Part):
    pass


class StreamPosition(_Part):
    offset: int = Field(0, ge=0, lt=1 << 64)
    epoch: str = ""


class BoolValue(_Part):
    value: bool


class SubscribeOptionOverride(_Part):
    presence: BoolValue | None = None
    join_leave: BoolValue | None = None
    force_push_join_leave: BoolValue | None = None
    force_positioning: BoolValue | None = None
    force_recovery: BoolValue | None = None


class DisconnectCode(_Part):
    code: int = Field(ge=3000, lt=5000)
    reason: str = Field("", max_length=123)


class _Publication(_Part):
    data: Any
    tags: dict[str, str] | None = None
    skip_history: bool = False
    idempotency_key: str | None = None


class PublishRequest(_Publication):
    channel: str


class BroadcastRequest(_Publication):
    channels: list[str] = Field(min_length=1, max_length=10_000)


class _ForUser(_Part):
    user: str = Field(min_length=1)
    client: str = ""
    session: str = Field("", description="Only connections made with tokens of this `sid`.")


class SubscribeRequest(_ForUser):
    channel: str
    info: Any = None
    data: Any = None
    expire_at: float | None = Field(None, description="Unix time; 0 or none: never.")
    recover_since: StreamPosition | None = None
    override: SubscribeOptionOverride | None = None


class UnsubscribeRequest(_ForUser):
    channel: str


class DisconnectRequest(_ForUser):
    whitelist: list[str] = Field([], description="Client ids that stay.")
    disconnect: DisconnectCode | None = None
    code: int | None = Field(None, ge=3000, lt=5000, description="Short for disconnect.code.")
    reason: str | None = Field(None, max_length=123)


class RefreshRequest(_ForUser):
    expired: bool = Field(False, description="Closes with 3005, for a new token.")
    expire_at: float | None = None


class PresenceRequest(_Part):
    channel: str


class PresenceStatsRequest(_Part):
    channel: str


class HistoryRequest(_Part):
    channel: str
    limit: int | None = Field(0, ge=-(1 << 31), lt=1 << 31)
    since: StreamPosition | None = None
    reverse: bool | None = False


class HistoryRemoveRequest(_Part):
    channel: str


class ChannelsRequest(_Part):
    pattern: str = Field("", description="With * and ?; none: all channels.")


class InfoRequest(_Part):
    pass


class BatchRequest(_Part):
    commands: list[dict[str, dict[str, Any]]] = Field(max_length=10_000)
    parallel: bool = False


class PublishResult(_Part):
    offset: int | None = None
    epoch: str | None = None


class ErrorBody(_Part):
    code: int
    message: str


class PublishResponse(_Part):
    result: PublishResult | None = None
    error: ErrorBody | None = None


class BroadcastResult(_Part):
    responses: list[PublishResponse]


class ClientInfo(_Part):
    user: str
    client: str
    conn_info: Any = None
    chan_info: Any = None


class PresenceResult(_Part):
    presence: dict[str, ClientInfo]


class PresenceStatsResult(_Part):
    num_clients: int
    num_users: int


class Publication(_Part):
    data: Any
    info: ClientInfo | None = None
    offset: int
    tags: dict[str, str] | None = None


class HistoryResult(_Part):
    publications: list[Publication]
    offset: int
    epoch: str


class ChannelInfo(_Part):
    num_clients: int


class ChannelsResult(_Part):
    channels: dict[str, ChannelInfo]


class NodeResult(_Part):
    uid: str
    name: str
    version: str
    num_clients: int
    num_users: int
    num_subs: int
    num_channels: int
    uptime: int


class InfoResult(_Part):
    nodes: list[NodeResult]


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
