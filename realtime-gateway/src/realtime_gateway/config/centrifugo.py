"""Names of Centrifugo's options that this gateway does not have.

A configuration written for Centrifugo is told which of its lines have no effect here; a name
that neither of the two knows is a mistake and refused.
"""

from typing import Final

SECTIONS: Final = frozenset({
    "address", "broker", "consumers", "debug", "emulation", "graphite", "grpc_api",
    "health", "http_stream", "init", "internal_address", "internal_port", "log", "map_broker",
    "pid_file", "port", "presence_manager", "prometheus", "proxies", "proxy",
    "rpc", "shared_poll", "sse", "swagger", "tls", "uni_grpc", "uni_http_stream",
    "usage_stats", "webtransport",
})  # fmt: skip

_CHANNEL: Final = frozenset({
    "allow_channel_compaction",
    "allow_tags_filter", "allowed_delta_types",
    "delta_publish",
    "map", "proxy_subscribe_stream", "publication_data_format",
    "publish_proxy_enabled", "publish_proxy_name", "shared_position_sync",
    "sub_refresh_proxy_enabled", "sub_refresh_proxy_name", "subscribe_proxy_enabled",
    "subscribe_proxy_name", "subscribe_stream_bidirectional",
    "subscribe_stream_proxy_enabled", "subscribe_stream_proxy_name", "subscription_type",
})  # fmt: skip

_TOKEN: Final = frozenset({
    "jwks",
})  # fmt: skip

OPTIONS: Final[dict[str, frozenset[str]]] = {
    "client": frozenset({
        "allowed_delta_types", "channel_position_max_time_lag", "concurrency",
        "connect_code_to_unidirectional_disconnect", "connect_include_server_time",
        "connect_proxy_name",
        "insecure_skip_token_signature_verify", "map_max_publication_limit",
        "proxy", "refresh_proxy_name",
        "user_id_http_header",
    }),
    "client.token": _TOKEN,
    "client.subscription_token": _TOKEN,
    "channel": frozenset({
        "namespace_boundary", "private_prefix", "proxy", "user_boundary", "user_separator",
    }),
    "channel.without_namespace": _CHANNEL,
    "channel.namespaces": _CHANNEL,
    "websocket": frozenset({
        "compression", "compression_level", "compression_min_size",
        "compression_prepared_message_cache_size", "disabled", "read_buffer_size",
        "use_write_buffer_pool", "write_buffer_size", "write_timeout",
    }),
    "uni_websocket": frozenset({
        "compression", "compression_level", "compression_min_size",
        "compression_prepared_message_cache_size", "connect_code_to_unidirectional_disconnect",
        "join_push_messages", "read_buffer_size", "use_write_buffer_pool",
        "write_buffer_size", "write_timeout",
    }),
    "admin": frozenset({
        "external", "insecure", "secret", "web_path", "web_proxy_address",
    }),
    "uni_sse": frozenset({"connect_code_to_http_response"}),
    "http_api": frozenset({"disabled", "error_mode", "external", "handler_prefix"}),
    "http_server": frozenset({
        "h2c", "http3", "internal_address", "internal_port", "internal_tls", "tls",
        "tls_external",
    }),
    "engine": frozenset({"nats"}),
    "engine.redis": frozenset({
        "client_name", "cluster", "connect_timeout", "db", "force_resp2", "history_use_lists",
        "idempotent_result_ttl", "io_timeout", "password", "presence_hash_field_ttl",
        "presence_user_mapping", "replica_client", "sentinel", "shards",
        "sharded_pub_sub_partitions", "sharding", "subscribe_on_replica", "tls", "user",
    }),
    "opentelemetry": frozenset({"consuming"}),
    "node": frozenset({"info_metrics_aggregate_interval"}),
    "shutdown": frozenset({"termination_delay"}),
}  # fmt: skip


def is_known(place: str, name: str) -> bool:
    """Whether Centrifugo has an option `name` at `place` (dotted; the top is empty)."""
    return name in (OPTIONS.get(place, frozenset()) if place else SECTIONS)


def is_variable(name: str) -> bool:
    """Whether Centrifugo reads a variable of that name, its prefix left out."""
    places = [f"{place}.{option}" for place, options in OPTIONS.items() for option in options]
    heads = [each.replace(".", "_").upper() for each in [*SECTIONS, *places]]
    return any(name == head or name.startswith(f"{head}_") for head in heads)
