"""The node's numbers for Prometheus, read from the plain counters when somebody asks.

Names follow Centrifugo's, with `gateway_` in front.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from realtime_gateway.delivery.fanout import Fanout
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.node.clients import Clients


class NodeCollector(Collector):
    """Reads a node's counters when Prometheus scrapes."""

    def __init__(
        self,
        stats: Stats,
        clients: Clients,
        fanout: Fanout,
        *,
        users: Callable[[], int],
        hears: Callable[[], bool],
    ) -> None:
        self._stats = stats
        self._clients = clients
        self._fanout = fanout
        self._users = users
        self._hears = hears

    def collect(self) -> Iterable[Metric]:
        """Yield every metric of the node."""
        yield from self._gauges()
        yield from self._counters()
        yield from self._by_code()
        yield from self._durations()

    def _gauges(self) -> Iterable[Metric]:
        channels = self._fanout.hub.channels.values()
        stats = self._stats
        found: Mapping[str, tuple[str, float]] = {
            "client_connections_inflight": ("Connected clients", len(self._clients.connected)),
            "client_connection_limit": (
                "So many clients are let in at most; 0: no bound",
                self._clients.limit,
            ),
            "client_subscriptions_inflight": (
                "Subscriptions of all clients",
                sum(len(channel.members) for channel in channels),
            ),
            "node_num_channels": ("Channels followed in Redis", len(channels)),
            "node_num_users": ("Users with a connection here", self._users()),
            "node_loop_last_lag_seconds": ("How late the event loop's last tick was",
                                           stats.loop_lag_seconds),
            "node_loop_longest_pause_seconds": (
                "For how long the event loop stood still at most, in the last 10 to 20 s",
                stats.pauses.longest,
            ),
            "broker_redis_pub_sub_away": (
                "1 while Redis pub/sub is away, so nothing is heard",
                float(not self._hears()),
            ),
            "transport_buffered_bytes": ("Bytes that clients have not taken yet",
                                         self._clients.buffered_bytes()),
        }  # fmt: skip
        for name, (text, value) in found.items():
            yield GaugeMetricFamily(f"gateway_{name}", text, value)

    def _counters(self) -> Iterable[Metric]:
        stats = self._stats
        found: Mapping[str, tuple[str, float]] = {
            "client_connections_accepted": ("Handshakes agreed to", stats.connections_accepted),
            "client_commands": ("Commands of clients", stats.commands),
            "transport_messages_received_size": ("Bytes of messages from clients",
                                                 stats.bytes_received),
            "node_messages_received_count": ("Publications from Redis", stats.publications),
            "node_messages_sent_count": ("Publications to clients", stats.deliveries),
            "node_messages_malformed": ("Messages from Redis that are none", stats.malformed),
            "client_recovered_publications": ("Publications sent by recoveries",
                                              stats.recovered_publications),
            "node_channel_gaps": ("Gaps found in a channel's messages", stats.gaps),
            "node_channels_lost": ("Channels whose history could not close a gap", stats.lost),
            "client_recover_from_memory": ("Recoveries without asking Redis",
                                           stats.from_memory),
            "broker_redis_pub_sub_connects": ("Connections made to Redis pub/sub",
                                              stats.pub_sub_connects),
        }  # fmt: skip
        for name, (text, value) in found.items():
            yield CounterMetricFamily(f"gateway_{name}", text, value)

    def _by_code(self) -> Iterable[Metric]:
        stats = self._stats
        found: Mapping[str, tuple[str, str, Mapping[int, int]]] = {
            "client_num_server_disconnects": ("Ended connections", "code", stats.disconnects),
            "client_num_server_unsubscribes": ("Subscriptions ended here", "code",
                                               stats.unsubscribes),
            "client_handshakes_refused": ("Handshakes refused", "status",
                                          stats.handshakes_refused),
        }  # fmt: skip
        for name, (text, label, counts) in found.items():
            family = CounterMetricFamily(f"gateway_{name}", text, labels=[label])
            for code, count in counts.items():
                family.add_metric([str(int(code))], count)
            yield family
        errors = CounterMetricFamily(
            "gateway_client_num_reply_errors", "Commands refused", labels=["method", "code"]
        )
        for (method, code), count in stats.errors.items():
            errors.add_metric([method, str(code)], count)
        yield errors
        failures = CounterMetricFamily(
            "gateway_node_task_failures", "Supervisor of the node that failed", labels=["task"]
        )
        for task, count in stats.task_failures.items():
            failures.add_metric([task], count)
        yield failures
        recoveries = CounterMetricFamily(
            "gateway_client_recover",
            "Subscriptions that asked for recovery",
            labels=["recovered"],
        )
        recoveries.add_metric(["yes"], stats.recovered)
        recoveries.add_metric(["no"], stats.unrecovered)
        yield recoveries

    def _durations(self) -> Iterable[Metric]:
        found = {
            "node_pub_sub_lag_seconds": ("From a publication to its delivery", self._stats.lag),
            "node_loop_lag_seconds": ("How late the event loop's ticks were",
                                      self._stats.loop_lag),
            "node_loop_pause_seconds": ("For how long the event loop stood still",
                                        self._stats.pauses.seconds),
        }  # fmt: skip
        for name, (text, seconds) in found.items():
            family = HistogramMetricFamily(f"gateway_{name}", text)
            family.add_metric([], seconds.cumulative(), seconds.total)
            yield family
        commands = HistogramMetricFamily(
            "gateway_client_command_duration_seconds",
            "From a command's arrival to its reply",
            labels=["method"],
        )
        for method, seconds in self._stats.command_seconds.items():
            commands.add_metric([method], seconds.cumulative(), seconds.total)
        yield commands
