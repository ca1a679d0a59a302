"""What options must satisfy together, and what an operator should be told about them."""

import re
from collections.abc import Iterator
from importlib.util import find_spec

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from redis.asyncio.connection import parse_url

from realtime_gateway.config import patterns
from realtime_gateway.config.options import (
    SUBSCRIBE_UNITS,
    SUBSCRIPTION_SIZE,
    ChannelOptions,
    ClientOptions,
    Options,
    TokenOptions,
)
from realtime_gateway.config.passwords import is_hash

_CLUSTER = re.compile(r"rediss?://[^/]+(/0?)?(\?.*)?")
_NAMESPACE = re.compile(r"[-a-zA-Z0-9_.]{2,}")


def problems(options: Options) -> list[str]:
    """Why the gateway cannot run like this; empty if it can."""
    return [
        *_client(options),
        *_tokens(options.client),
        *_engine(options),
        *_channels(options),
        *_pages(options),
        *_tracing(options),
    ]


def warnings(options: Options) -> list[str]:
    """What works, but probably is not meant, in sentences for the log."""
    client = options.client
    found = []
    if client.insecure:
        found.append(
            "client.insecure is on: NO TOKENS ARE CHECKED AND EVERYONE MAY DO EVERYTHING. "
            "This is for tests only"
        )
    if options.http_api.insecure:
        found.append("http_api.insecure is on: everyone who reaches this port may publish")
    if options.opentelemetry.enabled and not options.opentelemetry.api:
        found.append("opentelemetry.enabled alone traces nothing: opentelemetry.api does")
    if not client.allowed_origins:
        found.append("client.allowed_origins is empty: no web page may connect")
    return [*found, *_contradictions(options)]


def _contradictions(options: Options) -> Iterator[str]:
    """A client that comes back asks for all its channels in one message."""
    channels = options.client.channel_limit
    need = channels * SUBSCRIPTION_SIZE
    sizes = [("websocket.message_size_limit", options.websocket.message_size_limit)]
    if options.uni_websocket.enabled:
        size = options.uni_websocket.message_size_limit
        sizes.append(("uni_websocket.message_size_limit", size))
    if options.uni_sse.enabled:
        sizes.append(("uni_sse.max_request_body_size", options.uni_sse.max_request_body_size))
    for name, size in sizes:
        if size < need:
            yield (
                f"{name} is too small for client.channel_limit: {channels} subscriptions "
                f"with tokens may need {need} bytes in one message"
            )
    client = options.client
    units = SUBSCRIBE_UNITS * channels
    if client.command_rate_limit > 0 and client.command_burst_limit <= units:
        yield f"client.command_burst_limit is too small for client.channel_limit: {units} units"


def _tracing(options: Options) -> Iterator[str]:
    if options.opentelemetry.traces_api and not (
        find_spec("opentelemetry.sdk") and find_spec("opentelemetry.exporter")
    ):
        yield (
            "opentelemetry.api needs more packages: "
            "pip install 'realtime-gateway[opentelemetry]'"
        )


def _client(options: Options) -> Iterator[str]:
    client = options.client
    if not 0 < client.pong_timeout < client.ping_interval:
        yield "client.pong_timeout must be above 0 and below client.ping_interval"
    for name in ("channel_limit", "queue_max_size", "recovery_max_publication_limit",
                 "history_max_publication_limit", "turn_command_limit", "turn_byte_limit",
                 "command_burst_limit"):  # fmt: skip
        if getattr(client, name) <= 0:
            yield f"client.{name} must be above 0"
    for name in ("connection_limit", "connection_rate_limit", "user_connection_limit",
                 "command_rate_limit"):  # fmt: skip
        if getattr(client, name) < 0:
            yield f"client.{name} must not be below 0"
    if not 0 < client.presence_update_interval < options.engine.redis.presence_ttl:
        yield (
            "client.presence_update_interval must be above 0 and below "
            "engine.redis.presence_ttl"
        )
    if options.websocket.message_size_limit <= 0:
        yield "websocket.message_size_limit must be above 0"
    if not options.websocket.handler_prefix.startswith("/"):
        yield "websocket.handler_prefix must begin with /"


def _tokens(client: ClientOptions) -> Iterator[str]:
    for kind in ("token", "subscription_token"):
        endpoint = getattr(client, kind).jwks_public_endpoint
        yield from _keys(f"client.{kind}", getattr(client, kind))
        if endpoint and not endpoint.startswith(("http://", "https://")):
            yield f"client.{kind}.jwks_public_endpoint must be an http or https address"


def _keys(place: str, options: TokenOptions) -> Iterator[str]:
    for name in ("rsa_public_key", "ecdsa_public_key"):
        pem = getattr(options, name)
        if pem and not _is_public_key(pem):
            yield f"{place}.{name} must be a public key in PEM"
    for name in ("audience", "issuer"):
        yield from _regex(f"{place}.{name}_regex", getattr(options, f"{name}_regex"))
        if getattr(options, name) and getattr(options, f"{name}_regex"):
            yield f"{place}: {name} and {name}_regex exclude each other"


def _is_public_key(pem: str) -> bool:
    try:
        load_pem_public_key(pem.encode())
    except ValueError:
        return False
    return True


def _regex(place: str, pattern: str) -> Iterator[str]:
    try:
        patterns.compiled(pattern)
    except re.error:
        yield f"{place} must be a regular expression"


def _engine(options: Options) -> Iterator[str]:
    if options.engine.type != "redis":
        yield 'engine.type must be "redis": this gateway keeps nothing in its own memory'
    try:
        parse_url(options.engine.redis.address)
    except ValueError:
        yield "engine.redis.address must be a redis://, rediss:// or unix:// address"
    for address in options.engine.redis.cluster_address:
        if not _CLUSTER.fullmatch(address):
            yield "engine.redis.cluster_address must be redis:// or rediss:// addresses"
    if re.search(r"[{}]", options.engine.redis.prefix):
        yield "engine.redis.prefix must have no braces"
    if not 0 <= options.http_server.port < 65_536:
        yield "http_server.port must be a port number"


def _channels(options: Options) -> Iterator[str]:
    yield from _history("channel.without_namespace", options.channel.without_namespace)
    seen = set()
    for index, namespace in enumerate(options.channel.namespaces):
        place = f"channel.namespaces[{index}]"
        if not _NAMESPACE.fullmatch(namespace.name):
            yield f"{place}.name must be 2 or more letters, digits, or any of - _ ."
        if namespace.name in seen:
            yield f"{place}.name {namespace.name!r} is there twice"
        seen.add(namespace.name)
        yield from _history(place, namespace)


def _history(place: str, options: ChannelOptions) -> Iterator[str]:
    yield from _regex(f"{place}.channel_regex", options.channel_regex)
    if options.force_push_join_leave and not options.join_leave:
        yield f"{place}.force_push_join_leave needs join_leave"
    if (options.history_size > 0) != (options.history_ttl > 0):
        yield f"{place}: history_size and history_ttl only work together"
    needs = ("force_positioning", "allow_positioning", "force_recovery", "allow_recovery")
    if options.force_recovery_mode not in ("stream", "cache"):
        yield f'{place}.force_recovery_mode must be "stream" or "cache"'
    if options.auto_cache_recover and not options.recovers_last:
        yield f'{place}.auto_cache_recover needs force_recovery_mode "cache"'
    for name in needs:
        if getattr(options, name) and not options.has_history:
            yield f"{place}.{name} needs history_size and history_ttl"


def _pages(options: Options) -> Iterator[str]:
    admin = options.admin
    if admin.enabled and not (admin.password or admin.password_hash):
        yield "admin.enabled needs admin.password or admin.password_hash"
    if admin.password_hash and not is_hash(admin.password_hash):
        yield (
            "admin.password_hash is none: make one by "
            "python -m realtime_gateway.config.passwords"
        )
    for name in ("admin", "uni_websocket", "uni_sse"):
        if not re.fullmatch(r"/\S*[^\s/]", getattr(options, name).handler_prefix):
            yield f"{name}.handler_prefix must begin with / and not end with it"
