"""A TCP forwarder that a test can cut: the cable between one browser and the edge.

`cut()` resets every connection and refuses new ones until `mend()`; the address stays. A
browser takes it for a proxy, so that the site has its one name at the other end. Answers that
come back are late by `late_seconds`: what was asked for is done.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Self

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    def __init__(self, target_port: int, *, port: int) -> None:
        self.port = port
        self.late_seconds = 0.0
        self._target = ("127.0.0.1", target_port)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def as_proxy(self) -> dict[str, str]:
        """For a context of Playwright's; else loopback would be asked directly."""
        return {"server": f"http://127.0.0.1:{self.port}", "bypass": "<-loopback>"}

    def mend(self) -> None:
        if self._listener is not None:
            return
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def cut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone would leave the thread in accept(), and the port taken.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return  # cut
            threading.Thread(target=self._carry, args=[near], daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.socket() as far:
            with self._lock:
                self._ends |= {near, far}
            try:
                far.connect(self._target)
                _open_tunnel(near)
            except OSError:
                return
            back = threading.Thread(target=self._answer, args=[far, near], daemon=True)
            back.start()
            _pump(near, far)
            back.join()
            with self._lock:
                self._ends -= {near, far}

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        _pump(far, near, wait=lambda: time.sleep(self.late_seconds))


def _open_tunnel(near: socket.socket) -> None:
    """For a browser's WebSocket, which asks its proxy for one; other bytes stay untouched."""
    if near.recv(8, socket.MSG_PEEK) != b"CONNECT ":
        return
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += near.recv(1)
    near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


def _pump(
    source: socket.socket, sink: socket.socket, *, wait: Callable[[], None] = lambda: None
) -> None:
    try:
        while data := source.recv(65_536):
            wait()
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _reset(source)
        _reset(sink)


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        # Wakes the thread that reads from it; close() alone does not.
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended already
