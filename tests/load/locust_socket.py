"""One page's WebSocket for Locust: connect, subscribe, pong, and recover after a loss.

The Centrifuge protocol v2 in JSON, as the official SDK speaks it, by websocket-client. Every
publication is told with its age, every connect with its time, every loss with its reason.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import gevent
from websocket import WebSocket, WebSocketException, create_connection

Json = dict[str, Any]
Hear = Callable[[str, Json], None]
Tell = Callable[[str, str, float, Exception | None], None]
"""Kind, name, seconds and what went wrong: a row of Locust's table."""

SILENCE_SECONDS = 40
"""Longer than the gateway's pings: the connection is dead."""
LONGEST_PAUSE = 4.0


class NotSubscribed(Exception):
    pass


class LiveSocket:
    def __init__(
        self,
        address: str,
        origin: str,
        channels: Sequence[str],
        token: Callable[[], str] | None,
        hear: Hear,
        tell: Tell,
    ) -> None:
        self._address, self._origin = address, origin
        self._places: dict[str, Json] = {channel: {} for channel in channels}
        self._token, self._hear, self._tell = token, hear, tell
        self._socket: WebSocket | None = None
        self._is_over = False

    def run(self) -> None:
        """Stay connected until `stop`."""
        tries = 0
        while not self._is_over:
            try:
                self._connect()
                tries = 0
                while True:
                    self._take(str(self._receive()))
            except (OSError, WebSocketException, NotSubscribed) as error:
                if self._is_over:
                    return
                self._tell("LIVE", "connection lost", 0.0, error)
            tries += 1
            gevent.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.3 * 2**tries)))

    def stop(self) -> None:
        self._is_over = True
        if self._socket is not None:
            self._socket.close()

    def _connect(self) -> None:
        started = time.perf_counter()
        token = {} if self._token is None else {"token": self._token()}
        self._socket = create_connection(
            self._address, origin=self._origin, timeout=SILENCE_SECONDS
        )
        commands: list[Json] = [{"id": 1, "connect": {**token, "name": "locust"}}]
        for number, (channel, place) in enumerate(self._places.items(), start=2):
            wish = {"channel": channel, **({"recover": True, **place} if place else {})}
            commands.append({"id": number, "subscribe": wish})
        self._socket.send("\n".join(map(json.dumps, commands)))
        self._waiting = dict(enumerate(self._places, start=2))
        while self._waiting:
            self._take(str(self._receive()))
        self._tell("LIVE", "connect and subscribe", time.perf_counter() - started, None)

    def _receive(self) -> str | bytes:
        assert self._socket is not None
        frame: str | bytes = self._socket.recv()
        if not frame:
            raise NotSubscribed(f"closed with {self._socket.status}")
        return frame

    def _take(self, frame: str) -> None:
        for line in frame.split("\n"):
            message = json.loads(line)
            if not message:
                assert self._socket is not None
                self._socket.send("{}")
            elif "error" in message:
                raise NotSubscribed(message["error"]["message"])
            elif "subscribe" in message:
                self._subscribed(self._waiting.pop(message["id"]), message["subscribe"])
            elif "pub" in message.get("push", {}):
                self._publication(message["push"]["channel"], message["push"]["pub"])
            elif "unsubscribe" in message.get("push", {}):
                raise NotSubscribed(message["push"]["unsubscribe"]["reason"])

    def _subscribed(self, channel: str, result: Json) -> None:
        self._places[channel] = {"offset": result.get("offset", 0), "epoch": result["epoch"]}
        if result.get("was_recovering") and not result.get("recovered"):
            self._tell("LIVE", "recover", 0.0, NotSubscribed("more was missed than is kept"))
        for publication in result.get("publications", []):
            self._publication(channel, publication)

    def _publication(self, channel: str, publication: Json) -> None:
        self._places[channel]["offset"] = publication["offset"]
        event = publication["data"]
        age = time.time() - datetime.fromisoformat(event["at"]).timestamp()
        self._tell("LIVE", f"publication of {channel.partition(':')[0]}", max(age, 0.0), None)
        self._hear(channel, event)
