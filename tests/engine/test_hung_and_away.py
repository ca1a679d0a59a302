"""What is hung is started again; what only waits for its servers is left alone."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from compose_file import OWN_IMAGES
from conditions import eventually
from guest import Guest
from installation import Installation

Json = dict[str, Any]

SILENT_SECONDS = 300
"""A minute of silence, then a start; a busy machine is late with both."""


def running(installation: Installation, name: str) -> Json:
    [container] = installation.containers(name)
    return container


def test_every_service_that_is_silent_for_a_minute_is_started_again(
    installation: Installation, ada: Guest
) -> None:
    before = {name: running(installation, name) for name in OWN_IMAGES}
    for container in before.values():
        os.kill(installation.pid(container), signal.SIGSTOP)

    def is_back(name: str) -> bool:
        now = running(installation, name)
        assert now["Id"] == before[name]["Id"]
        return (
            now["RestartCount"] > before[name]["RestartCount"]
            and now["State"]["Health"]["Status"] == "healthy"
        )

    for name in OWN_IMAGES:
        eventually(lambda name=name: is_back(name), within=SILENT_SECONDS)
        assert "killed" in installation.compose("logs", "--no-log-prefix", name)
    key = ada.write("After the pause")
    assert "After the pause" in ada.read(key)


@contextmanager
def away(installation: Installation, *names: str) -> Iterator[None]:
    installation.compose("stop", *names)
    yield
    installation.compose("start", *names)
    eventually(lambda: healthy(installation), within=SILENT_SECONDS)


def healthy(installation: Installation) -> bool:
    states = [each["State"] for each in installation.containers()]
    return all(state["Health"]["Status"] == "healthy" for state in states)


def test_nothing_restarts_while_postgresql_and_valkey_are_away(
    installation: Installation,
) -> None:
    before = {name: running(installation, name) for name in OWN_IMAGES}
    with away(installation, "postgres", "valkey"):
        # More than a minute of answers that are no good news.
        for name in ("users-service", "notes-service", "realtime-gateway"):
            eventually(
                lambda name=name: (
                    running(installation, name)["State"]["Health"]["FailingStreak"] >= 8
                ),
                within=SILENT_SECONDS,
            )
        during = {name: running(installation, name) for name in OWN_IMAGES}
    for name in OWN_IMAGES:
        assert during[name]["RestartCount"] == before[name]["RestartCount"], name
        assert during[name]["State"]["StartedAt"] == before[name]["State"]["StartedAt"], name
