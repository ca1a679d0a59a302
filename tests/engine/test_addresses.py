"""Whose address a visitor is taken to have, behind Docker's own ways in."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from docker_engine import docker
from guest import Guest
from installation import Installation

ELSEWHERE = "203.0.113.77"


def seen(installation: Installation, path: str) -> str:
    """The address that the edge took for the last request of `path`."""
    lines = installation.compose("logs", "--no-log-prefix", "edge").splitlines()
    found = [json.loads(line) for line in lines if f'"uri":"{path}"' in line]
    return str(found[-1]["request"]["client_ip"])


def gateway(installation: Installation) -> str:
    [network] = json.loads(docker("network", "inspect", f"{installation.project}_public"))
    return str(network["IPAM"]["Config"][0]["Gateway"])


@pytest.fixture
def another_machine() -> Iterator[tuple[str, str, list[str]]]:
    """Our address there, its own, and what to put before a command to run it there."""
    if os.getuid() != 0 or not shutil.which("ip"):
        pytest.skip("another machine is a network namespace here, made by root with `ip`")
    name = f"notes{os.getpid()}"
    veth, ours, theirs = f"veth{os.getpid() % 10**9}"[:14], "10.77.13.1", "10.77.13.2"
    for command in (
        f"netns add {name}",
        f"link add {veth} type veth peer name eth0 netns {name}",
        f"addr add {ours}/24 dev {veth}",
        f"link set {veth} up",
        f"-n {name} addr add {theirs}/24 dev eth0",
        f"-n {name} link set eth0 up",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    yield ours, theirs, ["ip", "netns", "exec", name]
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_another_machine_is_seen_by_its_own_address(
    installation: Installation, another_machine: tuple[str, str, list[str]]
) -> None:
    ours, theirs, there = another_machine
    installation.compose("up", "--detach", "--wait", HTTP_PORT=f"{ours}:{installation.port}")
    try:
        asked = "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=20)"
        url = f"http://{ours}:{installation.port}/health"
        subprocess.run([*there, "python3", "-c", asked, url], check=True)
        assert seen(installation, "/health") == theirs
    finally:
        installation.compose("up", "--detach", "--wait")


def test_this_machine_is_seen_as_docker_s_gateway_and_is_not_believed(
    installation: Installation,
) -> None:
    with Guest(installation.url, **{"X-Forwarded-For": ELSEWHERE}) as guest:
        guest.http.get("/not-believed")
    assert seen(installation, "/not-believed") == gateway(installation)


def test_a_proxy_on_this_machine_is_believed_where_the_setting_says_so(
    installation: Installation,
) -> None:
    installation.compose("up", "--detach", "--wait", EDGE_TRUSTED_PROXIES="private_ranges")
    try:
        with Guest(installation.url, **{"X-Forwarded-For": f"10.9.9.9, {ELSEWHERE}"}) as guest:
            guest.http.get("/believed")
            said = [guest.log_in("nobody", f"guess {n}").status_code for n in range(11)]
        assert seen(installation, "/believed") == ELSEWHERE
        assert said[-1] == 429
        with Guest(installation.url, **{"X-Forwarded-For": "203.0.113.78"}) as other:
            assert other.log_in("nobody-else", "a guess").status_code == 401
    finally:
        installation.compose("up", "--detach", "--wait")
