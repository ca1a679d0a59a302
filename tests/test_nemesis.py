"""Promise: whatever is killed, frozen or emptied, nothing committed goes unseen.

Five writers and twenty watchers, while a nemesis with a fixed seed takes parts away one after
the other. The judge finds no violation of I1 to I6 (see `history_checker`).
"""

import random
import shutil
import time
from collections.abc import Callable

import pytest
from conditions import PROMISED_SECONDS, eventually
from history_checker import judge
from live_client import LiveClients
from wired_stack import WiredStack
from writers import Writers

pytestmark = pytest.mark.alone

SEED = 20261123
SECONDS = 15.0


class Nemesis:
    def __init__(self, stack: WiredStack, seed: int) -> None:
        self._stack = stack
        self._chance = random.Random(seed)
        self.acts: list[str] = []

    def run(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        deeds: list[Callable[[], str]] = [self._kill, self._freeze, self._empty_redis]
        while time.monotonic() < deadline:
            time.sleep(self._chance.uniform(0.3, 1.0))
            # Every deed once before chance decides, so that a short run has them all.
            first = len(self.acts) < len(deeds)
            deed = deeds[len(self.acts)] if first else self._chance.choice(deeds)
            self.acts.append(deed())

    def _kill(self) -> str:
        names = ["notes-service", "realtime-gateway", "realtime-gateway-2", "valkey"]
        name = self._chance.choice(names)
        part = self._stack.parts[name]
        part.kill()
        if name == "valkey" and self._chance.random() < 0.5:
            shutil.rmtree(self._stack.data_dir / "valkey" / "appendonlydir")
        time.sleep(self._chance.uniform(0, 0.5))
        part.start()
        return f"killed {name}"

    def _freeze(self) -> str:
        names = ["notes-service", "realtime-gateway", "realtime-gateway-2", "valkey", "web"]
        name = self._chance.choice(names)
        process = self._stack.parts[name].process
        process.pause()
        time.sleep(self._chance.uniform(0.2, 1.5))
        process.resume()
        return f"froze {name}"

    def _empty_redis(self) -> str:
        self._stack.valkey.flush()
        return "emptied redis"


@pytest.mark.timeout(180)
def test_promise_nothing_committed_goes_unseen_whatever_the_nemesis_does(
    hurt_stack: WiredStack,
) -> None:
    people = [hurt_stack.people.sign_up(f"Writer {number}") for number in range(5)]
    writers = Writers(people, prefix="nemesis", seed=SEED)
    nemesis = Nemesis(hurt_stack, SEED)
    with LiveClients(hurt_stack.url) as clients:
        watchers = [clients.watch() for _ in range(20)]
        with writers:
            nemesis.run(SECONDS)
        final = writers.final()
        eventually(
            lambda: all(watcher.notes("nemesis") == final for watcher in watchers),
            within=PROMISED_SECONDS,
        )
        run = writers.run(watchers)
    assert judge(run) == [], nemesis.acts
    assert writers.answered > 100, nemesis.acts
