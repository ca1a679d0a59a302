"""Where publications go: the bytes that make a server's subscribers receive one message.

Each feed is an address, the bytes that open its connection, and one byte
string per channel that the generator sends again and again with a fresh time in it.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import unquote, urlsplit

from redis import Redis

from realtime_gateway.bench.dialect import STAMP, data_of_push, push


@dataclass(frozen=True, slots=True)
class Feed:
    host: str
    port: int
    publication: Callable[[int, int], bytes]  # (channel, size of a message) -> bytes
    prefaces: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """How the gateway's channels lie in Redis (contracts/channel-log.md)."""

    prefix: str = "gateway"
    namespace: str = "bench:"
    history_size: int = 0
    history_ttl_seconds: int = 600


def plain_redis(url: str, prefix: str) -> Feed:
    """PUBLISH <prefix><n> with the very text subscribers get: for the plain peers."""

    def publication(channel: int, size: int) -> bytes:
        name = f"bench:{channel}"
        return command("PUBLISH", f"{prefix}{channel}", push(name, data_of_push(name, size)))

    return _redis(url, publication)


def gateway_redis(url: str, log: Log) -> Feed:
    """As the notes relay publishes: straight into Redis, with the log's script if it has one."""
    script = files("service_kit").joinpath("publish.lua").read_text(encoding="utf-8")
    sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    if log.history_size:
        with Redis.from_url(url) as redis:
            redis.script_load(script)
    ms = int(time.time() * 1000)

    def publication(channel: int, size: int) -> bytes:
        name = f"{log.namespace}{channel}"
        live = f"{log.prefix}.client.{{{name}}}"
        fragment = f'{{"data":{data_of_push(name, size)}}}'
        if not log.history_size:
            return command("PUBLISH", live, f"p:0::{ms}:{fragment}")
        keys = [f"{log.prefix}.stream.{{{name}}}", f"{log.prefix}.meta.{{{name}}}"]
        kept = [str(log.history_size), str(log.history_ttl_seconds), "86400", "300"]
        return command("EVALSHA", sha, "2", *keys, live, "PUBLISH", fragment, "bench", *kept)

    return _redis(url, publication)


def socketio_redis(url: str) -> Feed:
    """As @socket.io/redis-emitter: a packed [sender, packet, options] for the room of a channel."""
    around = f'42["m",{{"stamp":"{STAMP}","pad":""}}]'

    def publication(channel: int, size: int) -> bytes:
        body = {"stamp": STAMP, "pad": "." * (size - len(around))}
        packet = {"type": 2, "data": ["m", body], "nsp": "/"}
        options = {"rooms": [str(channel)], "except": [], "flags": {}}
        return command("PUBLISH", f"socket.io#/#{channel}#", packed(["bench", packet, options]))

    return _redis(url, publication)


def http_post(url: str) -> Feed:
    """POST <url> with {} in its path replaced by the channel: nginx Nchan's publisher."""
    address = urlsplit(url)

    def publication(channel: int, size: int) -> bytes:
        name = f"bench:{channel}"
        text = push(name, data_of_push(name, size))
        return request(address.netloc, address.path.format(channel), text)

    return Feed(address.hostname or "", address.port or 80, publication)


def publish_api(url: str, api_key: str | None, namespace: str = "bench:") -> Feed:
    """Centrifugo's server API, ours or its own: POST <url> {"channel":…,"data":…}."""
    address = urlsplit(url)
    headers = {"Content-Type": "application/json"} | ({"X-API-Key": api_key} if api_key else {})

    def publication(channel: int, size: int) -> bytes:
        name = f"{namespace}{channel}"
        body = f'{{"channel":"{name}","data":{data_of_push(name, size)}}}'
        return request(address.netloc, address.path, body, headers)

    return Feed(address.hostname or "", address.port or 80, publication)


def command(*words: str | bytes) -> bytes:
    """A Redis command on the wire."""
    encoded = [word.encode() if isinstance(word, str) else word for word in words]
    parts = [b"*%d\r\n" % len(encoded)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded]
    return b"".join(parts)


def request(host: str, path: str, body: str, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", body]).encode()


def packed(value: object) -> bytes:
    """MessagePack of what a Socket.IO packet is made of; sizes below 64 KiB."""
    match value:
        case int():
            return bytes([value])
        case str():
            text = value.encode()
            return b"\xda" + len(text).to_bytes(2, "big") + text
        case list():
            return b"\xdc" + len(value).to_bytes(2, "big") + b"".join(map(packed, value))
        case dict():
            pairs = (packed(key) + packed(item) for key, item in value.items())
            return b"\xde" + len(value).to_bytes(2, "big") + b"".join(pairs)
    raise TypeError(f"cannot pack {value!r}")


def _redis(url: str, publication: Callable[[int, int], bytes]) -> Feed:
    address = urlsplit(url)
    if address.scheme != "redis":
        raise ValueError("the generator publishes to redis:// only (no TLS, no socket files)")
    prefaces = [command("CLIENT", "REPLY", "OFF")]
    if address.password:
        words = [unquote(address.username)] if address.username else []
        prefaces.insert(0, command("AUTH", *words, unquote(address.password)))
    return Feed(address.hostname or "127.0.0.1", address.port or 6379, publication, prefaces)
