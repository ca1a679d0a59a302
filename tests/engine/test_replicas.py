"""Two of every service: a setting that the next `up` keeps, and everything goes on working."""

from collections import Counter
from collections.abc import Iterator

import pytest
from conditions import eventually
from guest import Guest
from installation import Installation, service_of
from live_client import LiveClients

SERVICES = ("users-service", "notes-service", "realtime-gateway", "web")
SETTINGS = ("USERS_REPLICAS", "NOTES_REPLICAS", "GATEWAY_REPLICAS", "WEB_REPLICAS")


@pytest.fixture(scope="module")
def doubled(installation: Installation) -> Iterator[Installation]:
    env = installation.folder / ".env"
    env.write_text("".join(f"{setting}=2\n" for setting in SETTINGS))
    installation.timed("two of each", "up", "--wait")
    yield installation
    env.unlink()
    installation.compose("up", "--wait")


def test_the_next_up_keeps_the_replicas(doubled: Installation) -> None:
    doubled.compose("up", "--wait")
    running = Counter(service_of(each) for each in doubled.containers())
    assert {name: running[name] for name in SERVICES} == dict.fromkeys(SERVICES, 2)


def test_everybody_sees_a_note_live_whichever_node_they_are_on(
    doubled: Installation, ada: Guest
) -> None:
    key = ada.write("On two nodes")
    with LiveClients(doubled.url) as clients:
        watchers = [clients.watch(f"notes:{key}") for _ in range(6)]
        ada.save(key, "Seen on both")
        for watcher in watchers:
            eventually(lambda watcher=watcher: watcher.saw(title="Seen on both"), within=10)


def test_another_notes_service_announces_when_one_is_gone(
    doubled: Installation, ada: Guest
) -> None:
    key = ada.write("Announced")
    with LiveClients(doubled.url) as clients:
        watcher = clients.watch(f"notes:{key}")
        for number, container in enumerate(doubled.containers("notes-service")):
            title = f"Announced without number {number}"
            doubled.type("docker", "stop", container["Id"])
            ada.save(key, title)
            eventually(lambda title=title: watcher.saw(title=title), within=60)
            doubled.compose("up", "--wait")


def test_pages_are_answered_when_one_web_is_gone(doubled: Installation, ada: Guest) -> None:
    for container in doubled.containers("web"):
        doubled.type("docker", "stop", container["Id"])
        assert [ada.http.get("/").status_code for _ in range(20)] == [200] * 20
        doubled.compose("up", "--wait")


def test_limits_count_over_all_processes_together(doubled: Installation) -> None:
    with Guest(doubled.url) as eve:
        said = [eve.log_in("one-account", f"guess {n}").status_code for n in range(11)]
    assert said == [401] * 10 + [429]


def test_the_end_of_a_session_is_told_on_every_node(doubled: Installation, ada: Guest) -> None:
    token = ada.live_token()
    with LiveClients(doubled.url) as clients:
        watchers = [clients.watch("home", token=token) for _ in range(6)]
        assert ada.send("/users/logout", form="/").status_code == 303
        for watcher in watchers:
            eventually(lambda watcher=watcher: not watcher.subscribed, within=10)
