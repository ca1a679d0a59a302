"""Builds one gateway node from its options."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from service_kit import __version__
from service_kit.tokens import Revocations

from realtime_gateway.api.application import application, spans
from realtime_gateway.api.methods import Methods
from realtime_gateway.api.metrics import NodeCollector
from realtime_gateway.config.options import Options
from realtime_gateway.delivery.fanout import Fanout
from realtime_gateway.delivery.feed import Feed
from realtime_gateway.delivery.joining import Joining
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.engine import broker
from realtime_gateway.engine.bus import PubSub
from realtime_gateway.engine.control import Control
from realtime_gateway.engine.log import Log
from realtime_gateway.engine.presence import Presence
from realtime_gateway.node.allowance import Allowance
from realtime_gateway.node.clients import Clients
from realtime_gateway.node.node import Node
from realtime_gateway.node.pulse import Pulse
from realtime_gateway.node.supervisor import Supervisor
from realtime_gateway.node.token_log import TokenLog
from realtime_gateway.node.tokens import verifiers
from realtime_gateway.readiness import Readiness
from realtime_gateway.sessions.channels import Channels
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.transports.http_protocol import no_upgrade
from realtime_gateway.worker_metrics import SharedRegistry, WorkerMetrics, WorkerSlot


class Gateway:
    """One node. Needs a running event loop; `run` starts what it does by itself."""

    def __init__(self, options: Options, *, slot: WorkerSlot | None = None) -> None:
        self.options = options
        self._registry = CollectorRegistry() if slot is None else SharedRegistry(slot)
        self._version = __version__
        self._started = time.monotonic()
        self.stats = Stats()
        self.supervisor = Supervisor(self.stats.task_failures)
        self.clients = Clients(
            asyncio.get_running_loop(),
            self.stats,
            limit=options.client.connection_limit,
            rate_limit=options.client.connection_rate_limit,
            allowance=Allowance(
                commands_a_turn=options.client.turn_command_limit,
                bytes_a_turn=options.client.turn_byte_limit,
                a_second=options.client.command_rate_limit,
                burst=options.client.command_burst_limit,
            ),
        )
        self._redis = broker.commands(options.engine.redis)
        self._log = Log(
            self._redis,
            prefix=options.engine.redis.prefix,
            sharded=bool(options.engine.redis.cluster_address),
        )
        self._http = httpx.AsyncClient()
        self._origin = secrets.token_hex(8).encode()
        self.fanout = Fanout(
            self.stats,
            origin=self._origin,
            key_of=self._key_of,
            on_gap=lambda channel: self.feed.on_gap(channel),
            on_other=self._on_other,
        )
        self.pulse = Pulse(self.clients, self.clients.loop.time)
        self._control_key = f"{options.engine.redis.prefix}.control".encode()
        self.control = Control(
            publish=lambda message: broker.announce(
                options.engine.redis, self._redis, self._control_key, message
            ),
            node=lambda: self.node,
            describe=self._describe,
            drain_peer=lambda peer: self.clients.spawn(self._send_away(peer)),
            heard=self.pulse.heard,
        )
        self.presence = self._presence()
        self.bus = self._bus()
        self.feed = self._feed()
        self.node = self._node()
        self.readiness = Readiness(
            redis_answers=lambda: broker.takes_writes(self._redis, options.engine.redis.prefix),
            bus=self.bus,
            clients=self.clients,
            supervisor=self.supervisor,
            worker_metrics=self.worker_metrics,
        )
        self._spans = spans(options, self._version)
        self.app = self._app()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the node going for the length of the block, and have it leave at the end."""
        try:
            async with self.supervisor.running({
                "bus": self.bus.run,
                "clients": self.clients.run,
                "feed": self.feed.run,
                "control": self.control.run,
                "presence": self.presence.run,
                "presence_renewal": self.presence.renew,
                **({"pulse": self.pulse.run} if self.options.client.pulse else {}),
            }):  # fmt: skip
                yield
                await self.feed.stop()
                await self.presence.write_what_can_be()
                await self.control.leave()
        finally:
            await asyncio.to_thread(self._spans.close)
            await self._http.aclose()
            await self._redis.aclose()

    @property
    def worker_metrics(self) -> WorkerMetrics | None:
        """What a worker shares with its siblings."""
        registry = self._registry
        return registry.worker_metrics if isinstance(registry, SharedRegistry) else None

    def _bus(self) -> PubSub:
        return broker.bus(
            self.options.engine.redis,
            self._redis,
            message=self.fanout.receive,
            flushed=self.fanout.flush,
            interrupted=lambda keys: self.feed.on_interrupted(keys),
            resumed=lambda keys: self.feed.on_resumed(keys),
            always=[self._control_key],
        )

    def _presence(self) -> Presence:
        redis = self.options.engine.redis
        return Presence(
            self._redis,
            prefix=redis.prefix,
            ttl=redis.presence_ttl,
            interval=self.options.client.presence_update_interval,
            pubsub_channel=self._log.pubsub_channel,
            verb=broker.verb(redis),
            origin=self._origin,
        )

    def _feed(self) -> Feed:
        client = self.options.client
        return Feed(
            self.fanout,
            self.bus,
            self._log,
            self.stats,
            check_delay=client.channel_position_check_delay,
            catch_up_bytes=client.queue_max_size // 2,
        )

    def _node(self) -> Node:
        client = self.options.client
        token_log = TokenLog()
        connections, subscriptions = verifiers(client, self._http, self._revocations, token_log)
        rules = Rules(
            client,
            Channels(self.options.channel, insecure=client.insecure),
            self._version,
            has_keys=connections.has_keys or subscriptions.has_keys,
            random=random.random,
            refused=token_log.tell,
        )
        return Node(
            self.options,
            rules=rules,
            fanout=self.fanout,
            joining=Joining(self.fanout, self.feed, self._log, self.stats, client),
            presence=self.presence,
            channel_log=self._log,
            connection_tokens=connections,
            subscription_tokens=subscriptions,
            stats=self.stats,
            broadcast_soon=self.control.broadcast_soon,
        )

    def _revocations(self) -> Revocations:
        unread = Counter(
            "revocations_unread",
            "Tokens that passed because Redis could not be asked",
            registry=self._registry,
        )
        return Revocations(self._redis, unread)

    def _app(self) -> FastAPI:
        self._registry.register(
            NodeCollector(
                self.stats,
                self.clients,
                self.fanout,
                users=lambda: len(self.node.users),
                hears=lambda: self.bus.is_connected,
            )
        )
        app = application(
            self.options,
            Methods(self.node, self.control, self._spans),
            spans=self._spans,
            registry=self._registry,
            ready=self.readiness.of_the_port,
            drain_peer=self._drain_peer,
        )
        path = self.options.websocket.handler_prefix
        app.add_api_route(path, no_upgrade(self.clients), response_model=None)
        return app

    def _key_of(self, channel: str) -> bytes:
        return self._log.pubsub_channel(channel).encode()

    def _on_other(self, key: bytes, payload: bytes) -> None:
        if key == self._control_key:
            self.control.receive(payload)

    def _describe(self) -> dict[str, Any]:
        channels = self.fanout.hub.channels.values()
        return {
            "name": self.options.node_name,
            "version": self._version,
            "num_clients": len(self.clients.connected),
            "num_users": len(self.node.users),
            "num_subs": sum(len(channel.members) for channel in channels),
            "num_channels": len(channels),
            "uptime": int(time.monotonic() - self._started),
        }

    async def _drain_peer(self, peer: str) -> None:
        self.control.drain_peer(peer)
        await self._send_away(peer)

    async def _send_away(self, peer: str) -> None:
        await self.clients.drain_peer(peer, window=self.options.shutdown.drain_window)
