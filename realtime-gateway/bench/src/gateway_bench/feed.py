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

from gateway_bench.dialect import STAMP, Recovery, data_of_push, push


@dataclass(frozen=True, slots=True)
class Feed:
    """How publications get into a server: where the bytes go, and what they are."""

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
    """Straight into Redis, as the notes relay does; by the log's script if history is kept."""
    ms = int(time.time() * 1000)
    if log.history_size:
        sha = _load_script(url)

        def publication(channel: int, size: int) -> bytes:
            return command(*_append(log, sha, channel, size))
    else:

        def publication(channel: int, size: int) -> bytes:
            text = f"p:0::{ms}:{_fragment(log, channel, size)}"
            return command("PUBLISH", _live(log, channel), text)

    return _redis(url, publication)


def seeded(url: str, log: Log, publications: int, missed: int = 3) -> Recovery:
    """Publish to channel 0; answers the position of one who missed the last few of them."""
    sha = _load_script(url)
    offset, epoch = 0, b""
    with Redis.from_url(url) as redis:
        for _ in range(publications):
            offset, epoch = redis.execute_command(*_append(log, sha, 0, 200))
    return Recovery(offset - missed, epoch.decode())


def _append(log: Log, sha: str, channel: int, size: int) -> list[str]:
    name = f"{{{log.namespace}{channel}}}"
    keys = [f"{log.prefix}.stream.{name}", f"{log.prefix}.meta.{name}"]
    what = [_live(log, channel), "PUBLISH", _fragment(log, channel, size), "benchmrk"]
    kept = [str(log.history_size), str(log.history_ttl_seconds), "86400", "300"]
    return ["EVALSHA", sha, "2", *keys, *what, *kept]


def _live(log: Log, channel: int) -> str:
    return f"{log.prefix}.client.{{{log.namespace}{channel}}}"


def _fragment(log: Log, channel: int, size: int) -> str:
    return f'{{"data":{data_of_push(f"{log.namespace}{channel}", size)}}}'


def _load_script(url: str) -> str:
    source = files("service_kit").joinpath("publish.lua").read_text(encoding="utf-8")
    with Redis.from_url(url) as redis:
        redis.script_load(source)
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def socketio_redis(url: str) -> Feed:
    """As @socket.io/redis-emitter: [sender, packet, options], packed, to a channel's room."""
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
    """An HTTP request that keeps its connection."""
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
