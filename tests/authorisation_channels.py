"""The channels' part of the authorisation matrix: every command on every kind of channel."""

import json
import re
from pathlib import Path
from typing import Any, Final

from authorisation_cast import Caller
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

GATEWAY = Path(__file__).parents[1] / "realtime-gateway"
(PROTOCOL,) = (GATEWAY / "src").rglob("client.proto")
CONFIG = GATEWAY / "config" / "notes.json"

# What a command says beside its channel; only those that have one are about a channel.
_ABOUT_CHANNELS: Final[dict[str, dict[str, Any]]] = {
    "subscribe": {},
    "unsubscribe": {},
    "publish": {"data": {}},
    "presence": {},
    "presence_stats": {},
    "history": {"limit": 10},
    "sub_refresh": {"token": "x"},
}
_ABOUT_NONE: Final[dict[str, dict[str, Any]]] = {
    "connect": {},
    "ping": {},
    "send": {"data": {}},
    "rpc": {"method": "x", "data": {}},
    "refresh": {"token": "{realtime}"},
}
# Unknown channel, permission denied, method not found, bad request, not available.
_DENIED: Final = {102, 103, 104, 107, 108}
_STRANGE: Final = (
    "secrets",
    "users:m",
    "$notes:m",
    "#m",
    "notes:",
    "notes:a b",
    "home ",
    "Home",
)


def kinds() -> dict[str, list[str]]:
    """What channels there are, each with examples, by the configuration; and all others."""
    configured = json.loads(CONFIG.read_text())["channel"]
    named = {
        f"{each['name']}:<key>": [f"{each['name']}:m"] for each in configured["namespaces"]
    }
    assert "without_namespace" in configured
    return {"home": ["home"], **named, "any other": list(_STRANGE)}


def routes() -> list[str]:
    """Every command of the client protocol, on every kind of channel."""
    message = re.search(r"message Command \{(.*?)\n\}", PROTOCOL.read_text(), re.DOTALL)
    assert message
    commands = re.findall(r"Request (\w+) =", message[1])
    assert set(commands) == {*_ABOUT_CHANNELS, *_ABOUT_NONE}
    return [
        *(f"{command}" for command in commands if command in _ABOUT_NONE),
        *(
            f"{command} {kind}"
            for kind in kinds()
            for command in commands
            if command in _ABOUT_CHANNELS
        ),
    ]


def outcome(url: str, route: str, caller: Caller) -> str:
    """`yes`, `no`, or `closed` if there is no connection to say it on."""
    command, _, kind = route.partition(" ")
    channels = kinds()[kind] if kind else [""]
    found = {_said(url, command, channel, caller) for channel in channels}
    assert len(found) == 1, f"{route}: {found}"
    return found.pop()


def _said(url: str, command: str, channel: str, caller: Caller) -> str:
    token = {"token": caller.realtime} if caller.realtime else {}
    lines: list[dict[str, Any]] = [{"id": 1, "connect": token}]
    if command in _ABOUT_CHANNELS:
        if command != "subscribe":
            lines.append({"id": 2, "subscribe": {"channel": channel}})
        lines.append({"id": 3, command: {"channel": channel, **_ABOUT_CHANNELS[command]}})
    elif command == "refresh":
        lines.append({"id": 3, "refresh": token or {"token": "x"}})
    elif command != "connect":
        lines.append({"id": 3, command: _ABOUT_NONE[command]})
    with connect(url, proxy=None) as socket:
        try:
            for line in lines:
                socket.send(json.dumps(line))
            return _answered(socket, 1 if command == "connect" else 3, command)
        except ConnectionClosed:
            return "closed"


def _answered(socket: Any, number: int, command: str) -> str:
    if command == "send":
        # There is no reply to it: the connection answers what comes after, or is closed.
        socket.send(json.dumps({"id": 3, "ping": {}}))
    while True:
        for line in socket.recv(timeout=30).splitlines():
            reply = json.loads(line)
            if reply.get("id") == 1 and "error" in reply:
                return "closed"
            if reply.get("id") == number:
                error = reply.get("error")
                assert error is None or error["code"] in _DENIED, reply
                return "no" if error else "yes"
