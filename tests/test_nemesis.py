"""Promise: whatever is killed, frozen or emptied, and whoever attacks, nothing committed goes
unseen.

Five writers and twenty watchers, while a nemesis with a fixed seed takes parts away and lets
strangers in, one act after the other. The judge finds no violation of I1 to I6 (see
`history_checker`).
"""

import pytest
from attacks import TOO_FAST
from conditions import PROMISED_SECONDS, eventually
from history_checker import judge
from live_client import LiveClients
from nemesis import Nemesis
from wired_stack import WiredStack
from writers import Writers

pytestmark = pytest.mark.alone

SEED = 20261123
SECONDS = 30.0


@pytest.mark.timeout(300)
def test_promise_nothing_committed_goes_unseen_whatever_the_nemesis_does(
    hurt_stack: WiredStack,
) -> None:
    people = [hurt_stack.people.sign_up(f"Writer {number}") for number in range(5)]
    writers = Writers(people, prefix="nemesis", seed=SEED)
    nemesis = Nemesis(hurt_stack, seed=SEED, token=people[0].token)
    with nemesis, LiveClients(hurt_stack.url) as clients:
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
    assert nemesis.mistakes == []
    assert TOO_FAST in nemesis.codes
