"""Every option of the gateway with its default: Centrifugo's names and nesting.

The dataclasses are the single definition: the settings loader walks them, the README's table is
held against them by a test. Durations are seconds. Standard library only.
"""

from dataclasses import dataclass, field
from socket import gethostname
from typing import Annotated, Final

Seconds = Annotated[float, "duration"]
Secret = Annotated[str, "secret"]

DAY: Final = 86_400.0
MESSAGE_SIZE: Final = 262_144
"""2 KiB for each of `channel_limit` subscriptions: SDKs ask for all of them in one message."""
SUBSCRIPTION_SIZE: Final = 1024
"""The least that one with a token needs."""
SUBSCRIBE_UNITS: Final = 3
"""Of `command_rate_limit`: a channel that is new to the node costs Redis three commands."""


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """`client.token`: which JSON Web Tokens are good (RFC 7519)."""

    hmac_secret_key: Secret = ""
    jwks_public_endpoint: str = ""
    rsa_public_key: str = ""
    ecdsa_public_key: str = ""
    audience: str = ""
    audience_regex: str = ""
    issuer: str = ""
    issuer_regex: str = ""
    user_id_claim: str = "sub"
    check_revocations: bool = False


@dataclass(frozen=True, slots=True)
class SubscriptionTokenOptions(TokenOptions):
    """`client.subscription_token`: others for subscriptions, if enabled."""

    enabled: bool = False


@dataclass(frozen=True, slots=True)
class PersonalChannelOptions:
    """`client.subscribe_to_user_personal_channel`."""

    enabled: bool = False
    personal_channel_namespace: str = ""
    single_connection: bool = False


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """`client`: who may connect, for how long, and how much one client may do."""

    allowed_origins: tuple[str, ...] = ()
    insecure: bool = False
    allow_anonymous_connect_without_token: bool = False
    disallow_anonymous_connection_tokens: bool = False
    token: TokenOptions = TokenOptions()
    subscription_token: SubscriptionTokenOptions = SubscriptionTokenOptions()
    ping_interval: Seconds = 25.0
    pong_timeout: Seconds = 8.0
    stale_close_delay: Seconds = 10.0
    expired_close_delay: Seconds = 25.0
    expired_sub_close_delay: Seconds = 25.0
    channel_limit: int = 128
    queue_max_size: int = 1_048_576
    turn_command_limit: int = 16
    turn_byte_limit: int = 4096
    command_rate_limit: int = 200
    command_burst_limit: int = 1000
    channel_position_check_delay: Seconds = 40.0
    history_max_publication_limit: int = 300
    recovery_max_publication_limit: int = 300
    connection_limit: int = 0
    connection_rate_limit: int = 0
    user_connection_limit: int = 0
    presence_update_interval: Seconds = 25.0
    pulse: bool = False
    subscribe_to_user_personal_channel: PersonalChannelOptions = PersonalChannelOptions()


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """What is allowed and kept in the channels of a namespace."""

    history_size: int = 0
    history_ttl: Seconds = 0.0
    history_meta_ttl: Seconds = 0.0
    force_positioning: bool = False
    allow_positioning: bool = False
    force_recovery: bool = False
    allow_recovery: bool = False
    force_recovery_mode: str = "stream"
    auto_cache_recover: bool = False
    allow_subscribe_for_client: bool = False
    allow_subscribe_for_anonymous: bool = False
    allow_publish_for_client: bool = False
    allow_publish_for_subscriber: bool = False
    allow_publish_for_anonymous: bool = False
    allow_history_for_client: bool = False
    allow_history_for_subscriber: bool = False
    allow_history_for_anonymous: bool = False
    allow_user_limited_channels: bool = False
    presence: bool = False
    join_leave: bool = False
    force_push_join_leave: bool = False
    allow_presence_for_client: bool = False
    allow_presence_for_subscriber: bool = False
    allow_presence_for_anonymous: bool = False
    channel_regex: str = ""

    @property
    def has_history(self) -> bool:
        """Whether publications are kept, so that clients can recover."""
        return self.history_size > 0 and self.history_ttl > 0

    @property
    def recovers_last(self) -> bool:
        """Whether recovery is of the last publication alone, which says all there is to say."""
        return self.force_recovery_mode == "cache"


@dataclass(frozen=True, slots=True)
class Namespace(ChannelOptions):
    """`channel.namespaces`: options under a name that channels begin with."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class ChannelsOptions:
    """`channel`: the namespaces, and what stands for all channels."""

    without_namespace: ChannelOptions = ChannelOptions()
    namespaces: tuple[Namespace, ...] = ()
    history_meta_ttl: Seconds = 30 * DAY
    max_length: int = 255


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """`websocket`: the bidirectional transport."""

    handler_prefix: str = "/connection/websocket"
    message_size_limit: int = MESSAGE_SIZE


@dataclass(frozen=True, slots=True)
class UniWebSocketOptions:
    """`uni_websocket`: the unidirectional transport."""

    enabled: bool = False
    handler_prefix: str = "/connection/uni_websocket"
    message_size_limit: int = MESSAGE_SIZE


@dataclass(frozen=True, slots=True)
class UniSseOptions:
    """`uni_sse`: server-sent events."""

    enabled: bool = False
    handler_prefix: str = "/connection/uni_sse"
    max_request_body_size: int = MESSAGE_SIZE


@dataclass(frozen=True, slots=True)
class HttpApiOptions:
    """`http_api`: the key of the server API."""

    key: Secret = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class AdminOptions:
    """`admin`: the status page and its password."""

    enabled: bool = False
    handler_prefix: str = "/admin"
    password: Secret = ""
    password_hash: Secret = ""


@dataclass(frozen=True, slots=True)
class OpenTelemetryOptions:
    """`opentelemetry`: spans of the server API."""

    enabled: bool = False
    api: bool = False

    @property
    def traces_api(self) -> bool:
        """Whether the commands of the server API are traced."""
        return self.enabled and self.api


@dataclass(frozen=True, slots=True)
class HttpServerOptions:
    """`http_server`: the address and the port."""

    address: str = "127.0.0.1"
    port: int = 8000


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """`engine.redis`: where Redis is, and how keys begin."""

    address: Secret = "redis://127.0.0.1:6379/0"
    cluster_address: tuple[str, ...] = ()
    prefix: str = "gateway"
    presence_ttl: Seconds = 60.0


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """`engine`: what carries publications between nodes, which is Redis."""

    type: str = "redis"
    redis: RedisOptions = RedisOptions()


@dataclass(frozen=True, slots=True)
class ShutdownOptions:
    """`shutdown`: how clients are sent away; times in seconds."""

    timeout: Seconds = 30.0
    drain_window: Seconds = 5.0
    peer_drain: bool = False


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """`node`: what this node is called."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be configured, under Centrifugo's names."""

    client: ClientOptions = field(default_factory=ClientOptions)
    channel: ChannelsOptions = field(default_factory=ChannelsOptions)
    websocket: WebSocketOptions = field(default_factory=WebSocketOptions)
    uni_websocket: UniWebSocketOptions = field(default_factory=UniWebSocketOptions)
    uni_sse: UniSseOptions = field(default_factory=UniSseOptions)
    http_api: HttpApiOptions = field(default_factory=HttpApiOptions)
    admin: AdminOptions = field(default_factory=AdminOptions)
    opentelemetry: OpenTelemetryOptions = field(default_factory=OpenTelemetryOptions)
    http_server: HttpServerOptions = field(default_factory=HttpServerOptions)
    engine: EngineOptions = field(default_factory=EngineOptions)
    shutdown: ShutdownOptions = field(default_factory=ShutdownOptions)
    node: NodeOptions = field(default_factory=NodeOptions)

    @property
    def node_name(self) -> str:
        """What this node is called in `info`: its host and port, unless it was given a name."""
        return self.node.name or f"{gethostname()}_{self.http_server.port}"

    @property
    def websocket_paths(self) -> list[str]:
        """The paths on which a WebSocket handshake is answered."""
        uni = [self.uni_websocket.handler_prefix] if self.uni_websocket.enabled else []
        return [self.websocket.handler_prefix, *uni]
