"""The official SDKs for JavaScript and Python behind one face, in both encodings: what one test
says is then true of all four.

A member tells what happens to it as events (`{"event", "side", "channel", ...facts}`); `side`
is `client` for what it subscribed to itself and `server` for what it was put into.
"""

import asyncio
import contextlib
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "sdk" / "member.mjs"
NODE_MODULES = Path(__file__).parents[2] / "web" / "node_modules"

Facts = dict[str, Any]
Tokens = Callable[[str | None], str]
"""Makes a token: for the connection, or for a channel."""
State = Callable[[], Facts]
"""Loads the state of a page; returns the position that belongs to it."""


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Member(ABC):
    def __init__(self, tokens: Tokens | None, state: State | None) -> None:
        self.id = ""
        self.happened: asyncio.Queue[Facts] = asyncio.Queue()
        self._tokens = tokens
        self._state = state

    @abstractmethod
    async def ask(self, verb: str, channel: str = "", **given: Any) -> Any: ...

    async def connect(self) -> None:
        await self.ask("connect")
        self.id = (await self.event("connected"))["client"]

    async def subscribe(self, channel: str, **options: Any) -> Facts:
        """`token=True`: with a token of its own; `state=True`: with `getState`."""
        await self.ask("subscribe", channel, **options)
        return await self.event("subscribed", channel=channel)

    async def event(self, name: str, **facts: Any) -> Facts:
        """The next event of that name and with these facts; others are passed over."""
        async with asyncio.timeout(30):
            while True:
                found = await self.happened.get()
                if found["event"] == name and facts.items() <= found.items():
                    return found

    async def data(self, channel: str, count: int) -> list[Any]:
        return [
            (await self.event("publication", channel=channel))["data"] for _ in range(count)
        ]

    def answer(self, what: str, channel: str | None) -> Any:
        if what == "token":
            assert self._tokens is not None
            self.happened.put_nowait({"event": "token", "channel": channel})
            return self._tokens(channel)
        assert self._state is not None
        self.happened.put_nowait({"event": "state", "channel": channel})
        return self._state()


class JavaScriptMember(Member):
    """A Node process around the very package that the pages use."""

    def __init__(
        self, process: asyncio.subprocess.Process, tokens: Tokens | None, state: State | None
    ) -> None:
        super().__init__(tokens, state)
        self._process = process
        self._replies: dict[int, asyncio.Future[Facts]] = {}

    async def ask(self, verb: str, channel: str = "", **given: Any) -> Any:
        number = len(self._replies) + 1
        self._replies[number] = asyncio.get_running_loop().create_future()
        self._say({"id": number, "do": verb, "channel": channel, "given": given})
        async with asyncio.timeout(30):
            reply = await self._replies[number]
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["result"]

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "event" in message:
                self.happened.put_nowait(message)
            elif "ask" in message:
                value = self.answer(message["what"], message["channel"])
                self._say({"answer": message["ask"], "value": value})
            else:
                self._replies[message["id"]].set_result(message)

    def _say(self, message: Facts) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")


@contextlib.asynccontextmanager
async def javascript(
    url: str, encoding: str, tokens: Tokens | None, state: State | None
) -> AsyncIterator[Member]:
    node = shutil.which("node")
    assert node is not None, "Node is needed to run the official SDK"
    process = await asyncio.create_subprocess_exec(
        node, "--experimental-websocket", "--no-warnings", str(SCRIPT), str(NODE_MODULES), url,
        encoding, "yes" if tokens else "no", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    member = JavaScriptMember(process, tokens, state)
    listening = asyncio.create_task(member.listen())
    try:
        yield member
    finally:
        process.kill()
        await process.wait()
        await listening
