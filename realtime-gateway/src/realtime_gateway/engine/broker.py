"""The way to Redis: one server, or a cluster."""

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisClusterException, RedisError

from realtime_gateway.config.options import RedisOptions
from realtime_gateway.engine.bus import Bus, PubSub
from realtime_gateway.engine.shards import ShardedBus
from realtime_gateway.engine.topology import Topology

log = logging.getLogger("gateway.redis")

CONNECTIONS: Final = 32
_WRITE: Final = "return redis.call('SET', KEYS[1], '1', 'PX', '10000')"
TIMEOUT: Final = 3.0


def commands(options: RedisOptions) -> Redis:
    """A client for commands and scripts, bounded in connections and time."""
    if options.cluster_address:
        # Its methods are those of a client for one server, as far as this project goes.
        return cast(Redis, _cluster(options.cluster_address))
    pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
        options.address,
        # With RESP3 redis-py takes a connection that Redis has closed for one with news.
        protocol=2,
        max_connections=CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
    )
    kind = pool.connection_class
    pool.connection_class = type(kind.__name__, (_LeavesReplicas, kind), {})
    return Redis(connection_pool=pool)


def bus(
    options: RedisOptions,
    redis: Redis,
    *,
    message: Callable[[bytes, bytes], None],
    flushed: Callable[[], None],
    interrupted: Callable[[Collection[bytes]], None],
    resumed: Callable[[Collection[bytes]], None],
    always: Iterable[bytes],
) -> PubSub:
    """What carries live messages; `always` are keys that are followed all the time."""
    if options.cluster_address:
        return ShardedBus(
            Topology(options.cluster_address),
            message=message,
            flushed=flushed,
            interrupted=interrupted,
            resumed=resumed,
            always=always,
        )
    return Bus(
        options.address,
        message=message,
        flushed=flushed,
        interrupted=interrupted,
        resumed=resumed,
        publish=lambda key: redis.publish(key, b""),
        prefix=options.prefix,
        always=always,
    )


async def takes_writes(redis: Redis, prefix: str) -> bool:
    """Whether Redis does what a node needs of it, which is more than to answer.

    Run a script that writes. Of a cluster, whether any server answers: one may be away.
    """
    try:
        if isinstance(redis, RedisCluster):
            return bool(await redis.ping(target_nodes=RedisCluster.RANDOM))
        await cast(Any, redis.eval(_WRITE, 1, f"{prefix}.ready"))
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("Redis does not take writes: %s: %s", type(error).__name__, error)
        return False
    return True


def verb(options: RedisOptions) -> str:
    """How messages to the followers of a key are sent."""
    return "SPUBLISH" if options.cluster_address else "PUBLISH"


async def announce(options: RedisOptions, redis: Redis, key: bytes, message: bytes) -> None:
    """Send a message to whoever follows the key."""
    client = cast(Any, redis)
    await client.execute_command(verb(options), key, message)


class _LeavesReplicas:
    """A connection whose server has become a replica is dropped.

    The next one asks anew who stands at the address (a failover need not cut connections).
    """

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        this = cast(Any, self)
        try:
            found = await cast(Any, super()).read_response(*args, **kwargs)
        except ReadOnlyError:
            await this.disconnect(nowait=True)
            raise
        if isinstance(found, ReadOnlyError):
            await this.disconnect(nowait=True)
        return found


class _Cluster(RedisCluster):
    """What redis-py says of a cluster that is not whole is no RedisError: here it is one.

    Nor is what uvloop says of a connection that has just been closed (RuntimeError), nor that
    redis-py writes to one that another command has given up meanwhile (AttributeError).
    """

    async def initialize(self, *args: Any, **kwargs: Any) -> RedisCluster:
        try:
            return await super().initialize(*args, **kwargs)
        except RedisClusterException as error:
            raise RedisConnectionError(str(error)) from error

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute_command(*args, **kwargs)
        except (RedisClusterException, RuntimeError, AttributeError) as error:
            raise RedisConnectionError(str(error)) from error


def _cluster(addresses: tuple[str, ...]) -> RedisCluster:
    parts: list[dict[str, Any]] = [dict(parse_url(each)) for each in addresses]
    first = parts[0]
    seeds = [
        ClusterNode(each.get("host", "localhost"), each.get("port", 6379)) for each in parts
    ]
    return _Cluster(
        startup_nodes=seeds,
        username=first.get("username"),
        password=first.get("password"),
        ssl="connection_class" in first,
        protocol=2,
        max_connections=CONNECTIONS,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
    )
