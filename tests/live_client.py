"""Official SDK clients (centrifuge-python) on a thread of their own, for tests without `async`.

A `Watcher` does what a page does: load the state together with the channel's position, follow
the events after it, and load again when the server cannot say what was missed. It keeps a
record of all it was told, which `history_checker.judge` reads.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import httpx
from centrifuge import (
    Client,
    ClientEventHandler,
    PublicationContext,
    StreamPosition,
    SubscribedContext,
    SubscriptionEventHandler,
)
from conditions import eventually
from history_checker import Known, Loaded, Record, Seen

Json = dict[str, Any]
T = TypeVar("T")

HOME = "home"
_NEVER = Known(0, None)


class Watcher(SubscriptionEventHandler):  # type: ignore[misc]  # the SDK has no types
    """One person who looks at `channel`. Lists grow on the SDK's thread; read them freely."""

    def __init__(self, url: str, channel: str, *, name: str) -> None:
        self.channel = channel
        self.events: list[Json] = []
        self.record: Record = []
        self.loads = 0
        self.recoveries = 0
        self.subscribed = False
        self._url, self._name = url, name
        self._known: dict[str, Known] = {}

    def notes(self, prefix: str = "") -> dict[str, Known]:
        """The list as this watcher's page would show it."""
        return {
            key: known
            for key, known in list(self._known.items())
            if known.title is not None and key.startswith(prefix)
        }

    def saw(self, **facts: Any) -> bool:
        """Whether an event carried these facts about its note."""
        return any(
            facts.items() <= {**event, **event.get("note", {})}.items()
            for event in list(self.events)
        )

    async def load(self, http: httpx.AsyncClient) -> Any:
        address = f"{self._url}/live/{self.channel.replace(':', '/', 1)}"
        answer = await http.get(address, headers={"Host": self._name})
        answer.raise_for_status()
        state = answer.json()
        rows = state["notes"] if self.channel == HOME else [state["note"]]
        position = state["position"]
        known = {row["key"]: Known(row["version"], row["title"]) for row in rows}
        self.record.append(Loaded(position["offset"], known))
        self._known = dict(known)
        self.loads += 1
        return StreamPosition(offset=position["offset"], epoch=position["epoch"])

    async def on_subscribed(self, ctx: SubscribedContext) -> None:
        self.subscribed = True
        self.recoveries += ctx.was_recovering and ctx.recovered

    async def on_subscribing(self, ctx: Any) -> None:
        self.subscribed = False

    async def on_publication(self, ctx: PublicationContext) -> None:
        event = ctx.pub.data
        self.events.append(event)
        note = event.get("note", {})
        title = None if event["type"] == "note.deleted" else note.get("title")
        key, version = note.get("key") or self.channel.partition(":")[2], note.get("version")
        self.record.append(Seen(ctx.pub.offset, key, version, title))
        if version is not None and version > self._known.get(key, _NEVER).version:
            self._known[key] = Known(version, title)


class LiveClients:
    """Makes watchers, and ends them and their thread together."""

    def __init__(self, url: str, *, name: str = "") -> None:
        """`name` is the site's, where `url` is that of a wire to it."""
        self._url, self._name = url, name or url.partition("//")[2]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._clients: list[Any] = []
        self._http: httpx.AsyncClient | None = None

    def watch(self, channel: str = HOME, *, token: str = "") -> Watcher:
        """A subscribed watcher, on a connection of its own."""
        watcher = Watcher(self._url, channel, name=self._name)
        self.run(self._connect(watcher, token))
        eventually(lambda: watcher.subscribed, within=30)
        return watcher

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _connect(self, watcher: Watcher, token: str) -> None:
        self._http = self._http or httpx.AsyncClient(trust_env=False, timeout=15)
        http = self._http
        client = Client(
            self._url.replace("http", "ws", 1) + "/connection/websocket",
            events=ClientEventHandler(),
            token=token,
            max_reconnect_delay=2.0,
            proxy=None,
        )
        subscription = client.new_subscription(
            watcher.channel,
            events=watcher,
            recoverable=True,
            max_resubscribe_delay=2.0,
            get_state=lambda _: watcher.load(http),
        )
        self._clients.append(client)
        await client.connect()
        await subscription.subscribe()

    async def _disconnect(self) -> None:
        await asyncio.gather(*(client.disconnect() for client in self._clients))
        if self._http is not None:
            await self._http.aclose()
        # The SDK closes its sockets behind our back: that ends before the loop does.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            _, unfinished = await asyncio.wait(rest, timeout=3)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        await asyncio.sleep(0.01)
