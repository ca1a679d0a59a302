"""Promise: after any fault heals, every open page shows the database's state, without reload.

Parts of a running system are killed, paused and emptied while people write and watch; the judge
of `history_checker` then compares what was answered with what was seen.
"""

import itertools
import random
import shutil
import time
from collections.abc import Iterable, Iterator

import pytest
from conditions import PROMISED_SECONDS, eventually
from history_checker import judge
from live_client import LiveClients, Watcher
from people import Person
from wired_stack import WiredStack
from writers import Writers

pytestmark = pytest.mark.alone

_runs = itertools.count(1)


@pytest.fixture
def people(hurt_stack: WiredStack) -> list[Person]:
    return [hurt_stack.people.sign_up(f"Writer {number}") for number in range(4)]


@pytest.fixture
def writers(people: list[Person]) -> Writers:
    return Writers(people, prefix=f"run{next(_runs)}")


@pytest.fixture
def watchers(hurt_stack: WiredStack) -> Iterator[list[Watcher]]:
    with LiveClients(hurt_stack.url) as clients:
        yield [clients.watch() for _ in range(6)]


def converged(writers: Writers, watchers: Iterable[Watcher]) -> None:
    """Every watcher shows the database's state, soon."""
    final = writers.final()
    eventually(
        lambda: all(watcher.notes(writers.prefix) == final for watcher in watchers),
        within=PROMISED_SECONDS,
    )


def more(writers: Writers, saves: int = 20) -> None:
    """Wait until so many more saves were answered."""
    wanted = writers.answered + saves
    eventually(lambda: writers.answered >= wanted, within=30)


def test_promise_every_committed_change_is_announced_when_redis_is_killed_and_comes_back_empty(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    with writers:
        more(writers)
        hurt_stack.valkey.kill()
        more(writers, 50)  # writes still succeed
        shutil.rmtree(hurt_stack.data_dir / "valkey" / "appendonlydir", ignore_errors=True)
        hurt_stack.valkey.start()
        more(writers)
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []
    assert writers.refusals == []


def test_promise_a_paused_redis_only_delays(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    with writers:
        more(writers)
        hurt_stack.valkey.process.pause()
        more(writers)
        hurt_stack.valkey.process.resume()
        more(writers)
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []


def test_promise_every_committed_change_is_announced_though_notes_service_is_killed_at_random(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    # Its own tests do this 50 times on the service; here it is the whole way to a subscriber.
    notes = hurt_stack.services["notes-service"]
    chance = random.Random(3)
    with writers:
        for _ in range(5):
            more(writers, 5)
            time.sleep(chance.uniform(0, 0.05))  # somewhere between commit and publish
            notes.kill()
            notes.start()
        more(writers)
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []


def test_promise_a_save_that_was_answered_stays_when_postgresql_is_killed_under_load(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    with writers:
        more(writers)
        hurt_stack.postgres.kill()
        hurt_stack.postgres.start()
        more(writers)
        hurt_stack.postgres.stop()
        hurt_stack.postgres.start()
        more(writers)
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []
    assert {refusal.status for refusal in writers.refusals} <= {503}
    assert not [refusal for refusal in writers.refusals if "Traceback" in str(refusal)]


def test_promise_the_clients_of_a_killed_gateway_node_come_back_and_converge(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    with writers:
        more(writers)
        hurt_stack.services["realtime-gateway-2"].kill()
        more(writers)
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []
    # The nodes that are left hold everybody, until the other one is back.
    hurt_stack.services["realtime-gateway-2"].start()


def test_promise_a_frozen_gateway_node_does_not_hold_up_the_other_one(
    hurt_stack: WiredStack, writers: Writers, watchers: list[Watcher]
) -> None:
    node = hurt_stack.services["realtime-gateway-2"]
    with writers:
        more(writers)
        node.process.pause()
        more(writers)
        node.process.resume()
    converged(writers, watchers)
    assert judge(writers.run(watchers)) == []
