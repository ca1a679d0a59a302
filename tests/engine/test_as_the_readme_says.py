"""What the README types, on a real engine: it comes up, works, is hardened, keeps its data."""

import json
from typing import Any

import pytest
from compose_file import OWN_IMAGES, filled, services
from conditions import eventually
from guest import Guest
from installation import Installation, service_of
from live_client import LiveClients

NET_BIND_SERVICE = 1 << 10


def test_docker_compose_up_becomes_healthy(
    installation: Installation, record_property: Any
) -> None:
    for what, seconds in installation.seconds.items():
        record_property(what, seconds)
    health = {
        service_of(each): each["State"]["Health"]["Status"]
        for each in installation.containers()
    }
    wanted = {name for name, service in services().items() if "profiles" not in service}
    assert health == dict.fromkeys(wanted, "healthy")
    assert all(each["RestartCount"] == 0 for each in installation.containers())


def test_an_image_runs_the_python_that_compose_names(installation: Installation) -> None:
    version = filled(services()["web"]["build"]["args"]["PYTHON_IMAGE"])
    version = version.partition(":")[2].partition("-")[0]
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    for name in set(OWN_IMAGES) - {"edge"}:
        [container] = installation.containers(name)
        assert installation.inside(container, "python", "-c", asked).strip() == version


def test_every_part_runs_without_rights(installation: Installation) -> None:
    for each in installation.containers():
        name = service_of(each)
        bound = NET_BIND_SERVICE if name == "edge" else 0
        told = each["HostConfig"]
        assert told["ReadonlyRootfs"] is True, name
        status = dict(
            line.split(":\t", 1)
            for line in installation.inside(each, "cat", "/proc/1/status").splitlines()
            if ":\t" in line
        )
        assert "0" not in status["Uid"].split(), name
        assert "0" not in status["Gid"].split(), name
        assert int(status["CapBnd"], 16) | bound == bound, name
        assert int(status["CapEff"], 16) == 0, name
        assert status["NoNewPrivs"] == "1", name


def test_no_part_can_write_where_its_program_lies(installation: Installation) -> None:
    for each in installation.containers():
        written = installation.inside(
            each, "sh", "-c", "touch /probe 2>/dev/null && echo yes || echo no"
        )
        assert written.strip() == "no", service_of(each)


def test_only_the_edge_publishes(installation: Installation) -> None:
    published = {
        service_of(each)
        for each in installation.containers()
        if any((each["NetworkSettings"]["Ports"] or {}).values())
    }
    assert published == {"edge"}


def test_a_note_is_seen_live_through_the_edge(installation: Installation, ada: Guest) -> None:
    key = ada.write("Menu", "Soup")
    with LiveClients(installation.url) as clients:
        watcher = clients.watch(f"notes:{key}")
        ada.save(key, "Menu for Monday", "Soup, bread")
        eventually(lambda: watcher.saw(title="Menu for Monday"), within=10)


def test_the_setup_token_makes_one_administrator(
    installation: Installation, ada: Guest
) -> None:
    with Guest(installation.url) as eve:
        token = installation.secret("setup_token")
        assert eve.sign_up("eve", "nine red apples", setup_token=token).status_code != 303
        assert eve.log_in("eve", "nine red apples").status_code == 401
    assert ada.http.get("/admin").status_code == 200


def test_promise_a_save_that_was_answered_stays_after_down_and_up(
    installation: Installation, ada: Guest
) -> None:
    key = ada.write("Kept", "through **down** and up")
    installation.compose("down")
    assert json.loads(installation.compose("ps", "--all", "--format", "json") or "[]") == []
    installation.timed("healthy again", "up", "--wait")
    assert "<strong>down</strong>" in ada.read(key)
    ada.save(key, "Kept", "and written on")


@pytest.mark.parametrize("name", sorted(set(OWN_IMAGES) - {"edge"}))
def test_a_service_logs_no_error_on_the_way(installation: Installation, name: str) -> None:
    lines = installation.compose("logs", "--no-log-prefix", name).splitlines()
    assert [line for line in lines if '"level": "error"' in line or "Traceback" in line] == []
