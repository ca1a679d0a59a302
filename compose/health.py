"""The health of one service, asked inside its container every few seconds: health.py PORT

Ends with 0 where /ready says 200: this is what compose waits for and shows. A service that has
answered before and then does not answer /health for a minute is hung and would be so for ever:
it is killed, and the container's restart policy starts it again. What /ready says never counts
for that, so a database that is away restarts nothing; nor does a start that takes long.

It is started anew each time, so it imports next to nothing: `socket` alone costs as much as the
rest of it, and is a comfortable face of `_socket`.
"""

import _socket
import os
import sys
import time

HUNG_SECONDS = 60.0
"""How long nothing may be heard, and at least as many questions as these unanswered:"""
UNANSWERED = 3

ANSWER_SECONDS = 2.0
MEMORY = os.environ.get("TMPDIR", "/tmp") + "/health"  # noqa: S108 (gone with the container)
INIT = 1
SIGKILL = 9


def main(port: int) -> int:
    if status(port, "/health"):
        remember(time.monotonic(), 0)
    elif is_hung():
        tell(f"/health has not answered for {HUNG_SECONDS:.0f} s: the service is killed")
        kill()
        return 1
    return 0 if status(port, "/ready") == 200 else 1


def status(port: int, path: str) -> int:
    """The status of the answer; 0 without one in time."""
    wire = _socket.socket()
    wire.settimeout(ANSWER_SECONDS)
    try:
        wire.connect(("127.0.0.1", port))
        wire.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        said = wire.recv(64).split(maxsplit=2)
    except OSError:
        return 0
    finally:
        wire.close()
    return int(said[1]) if len(said) > 1 and said[1].isdigit() else 0


def is_hung() -> bool:
    """Whether it answered once, and then too long not at all. Remembers this time."""
    try:
        with open(MEMORY) as file:
            heard_at, unanswered = file.read().split()
    except (OSError, ValueError):
        return False  # it has yet to start
    missed = int(unanswered) + 1
    remember(float(heard_at), missed)
    return missed >= UNANSWERED and time.monotonic() - float(heard_at) >= HUNG_SECONDS


def remember(heard_at: float, unanswered: int) -> None:
    with open(f"{MEMORY}.new", "w") as file:
        file.write(f"{heard_at} {unanswered}")
    os.replace(f"{MEMORY}.new", MEMORY)


def tell(sentence: str) -> None:
    """Into the container's log: what a check writes itself is seen by nobody."""
    line = f'{{"level": "error", "logger": "health", "message": "{sentence}"}}\n'
    try:
        with open(f"/proc/{INIT}/fd/2", "w") as log:
            log.write(line)
    except OSError:
        sys.stderr.write(line)


def kill() -> None:
    """End what the container runs: the children of its init, which ends with them."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                parent = file.read().rpartition(")")[2].split()[1]
            if int(parent) == INIT:
                os.kill(int(process), SIGKILL)
        except OSError:
            continue  # it has ended by itself


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
