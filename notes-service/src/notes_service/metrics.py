"""What this service counts, beside the kit's HTTP metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The service's own metrics, in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.saves = Counter(
            "notes_saves", "Committed changes, by kind", ["kind"], registry=registry
        )
        self.conflicts = Counter(
            "notes_conflicts", "Changes refused because the note moved on", registry=registry
        )
        self.published = Counter(
            "notes_events_published", "Events announced by this process", registry=registry
        )
        self.unread = Counter(
            "revocations_unread",
            "Requests let in without knowing whether their token was taken back",
            registry=registry,
        )
        self.outbox_size = Gauge(
            "notes_outbox_size", "Events committed and not yet announced", registry=registry
        )
        self.relay_lag = Gauge(
            "notes_relay_lag_seconds", "Age of the oldest such event", registry=registry
        )
        self.is_relay = Gauge(
            "notes_relay_active", "1 if this process is the relay", registry=registry
        )
