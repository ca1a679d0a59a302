"""`./notes up`: the stack in the foreground, until Ctrl-C.

Ends with status 0 after a clean stop, 1 with one plain message when something is wrong.
"""

import os
import signal
import threading
import time
from argparse import Namespace
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from local_stack import demo, lock, orphan_processes, supervisor
from local_stack.files import require_room
from local_stack.ports import require_free
from local_stack.stack import Stack
from local_stack.terminal import Terminal

_SIGN_IN = ("USERS_PROVIDERS", "USERS_PROVIDER_SECRETS", "USERS_PASSWORD_LOGIN")
_EMAILS = (
    "USERS_MAIL_FROM", "USERS_SMTP_HOST", "USERS_SMTP_PORT", "USERS_SMTP_SECURITY",
    "USERS_SMTP_USER", "USERS_SMTP_PASSWORD", "USERS_SMTP_CA",
)  # fmt: skip


def run(arguments: Namespace) -> None:
    """Raises StackError."""
    data_dir = Path(arguments.data).resolve()
    require_room(data_dir)
    terminal = Terminal()
    try:
        with lock.held(data_dir):
            if orphan_processes.end(data_dir):
                terminal.say("An earlier run was killed; what was left of it is gone now.")
            require_free(arguments.port)
            _run(data_dir, arguments, terminal)
            orphan_processes.forget(data_dir)
    finally:
        terminal.close()


def operators_choice(environ: Mapping[str, str]) -> dict[str, str]:
    """Of users-service, for this machine: where people sign in, and who carries e-mails."""
    names = [name + end for name in (*_SIGN_IN, *_EMAILS) for end in ("", "_FILE")]
    return {name: environ[name] for name in names if name in environ}


def _run(data_dir: Path, arguments: Namespace, terminal: Terminal) -> None:
    started = time.monotonic()
    stack = Stack(
        data_dir,
        port=arguments.port,
        gateways=arguments.gateways,
        sign_up=arguments.sign_up,
        usual_ports=True,
        env={"users-service": operators_choice(os.environ)},
        watcher=terminal.part,
    )
    stop = _stop_on_signals(stack)
    try:
        if not _start(stack, stop):
            return
        orphan_processes.remember(data_dir, [part.pid for part in stack.parts.values()])
        accounts = demo.load(stack) if arguments.demo else []
        seconds = time.monotonic() - started
        terminal.say(_welcome(stack, terminal, seconds, accounts))
        supervisor.watch(stack, stop, terminal.say)
    finally:
        terminal.say("Stopping…")
        stack.stop()
        terminal.say("Stopped. Your notes are kept; ./notes up brings them back.")


def _start(stack: Stack, stop: threading.Event) -> bool:
    """False when it was told to stop meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(stack.start)
        while not starting.done() and not stop.wait(0.02):
            pass
        if stop.is_set():
            stack.stop()
            starting.exception()
            return False
        starting.result()
    return True


def _stop_on_signals(stack: Stack) -> threading.Event:
    """The first signal asks for a clean stop, a second one does not wait for it."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            for part in stack.parts.values():
                part.process.signal(signal.SIGKILL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    return stop


def _welcome(
    stack: Stack, terminal: Terminal, seconds: float, accounts: list[demo.Account]
) -> str:
    lines = ["", terminal.bold(f"Notes is ready: {stack.url}") + f"   ({seconds:.1f} s)", ""]
    if accounts:
        lines.append("  Open it in two or three windows and log in as")
        lines += [f"    {each.username:<6} {each.password}" for each in accounts]
    else:
        lines.append("  Open it in two or three windows, sign up, and write a note.")
        lines.append("  The first account that signs up becomes the administrator.")
    lines += [
        "",
        f"  data  {stack.data_dir}",
        f"  logs  {stack.logs_dir}",
        f"  ports {_ports(stack)}",
        "  stop  Ctrl-C",
        "",
    ]
    return "\n".join(lines)


def _ports(stack: Stack) -> str:
    services = [f"{service.name} {service.port}" for service in stack.services.values()]
    servers = [f"postgres {stack.postgres.port}", f"valkey {stack.valkey.port}"]
    return ", ".join([*services, *servers]) + " (this machine only)"
