"""The benchmark as an operator types it, against real servers, small."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_bench.build import NotHere, c_program
from gateway_bench.contender import GATEWAY, Place
from gateway_bench.running import Running

pytestmark = pytest.mark.long

SECRET = "a-secret-of-at-least-32-bytes-for-tests"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench-cache")


@pytest.fixture
def place(tmp_path: Path, cache: Path, redis_url: str) -> Place:
    return Place(tmp_path, cache, redis_url, open_files=4_096, secret=SECRET)


@pytest.fixture
def gateway(place: Place) -> Iterator[Running]:
    with Running(GATEWAY, place, clients=1) as running:
        yield running


def test_a_quick_comparison_measures_the_gateway_and_the_kernels_limit(
    tmp_path: Path, cache: Path, redis_url: str
) -> None:
    result, page = tmp_path / "result.json", tmp_path / "result.html"
    _bench(
        f"--quick --redis {redis_url} --cache {cache} --json {result} --html {page}",
        "--servers gateway,c,c-joined --workloads fanout-w2,fanout-w32,history-w2,idle",
    )
    found = json.loads(result.read_text())
    assert found["left_out"] == {}
    busy = [m for m in found["measurements"] if m["workload"].startswith(("fanout", "history"))]
    assert {m["server"] for m in busy} == {"gateway", "c", "c-joined"}
    assert all(m["deliveries"] > 0 and m["lost"] == 0 and m["p99"] for m in busy)
    assert "<svg" in page.read_text()


def test_clients_recover_and_all_come_back_after_the_server_was_killed(
    tmp_path: Path, cache: Path, redis_url: str
) -> None:
    result = tmp_path / "result.json"
    _bench(
        f"--quick --redis {redis_url} --cache {cache} --json {result}",
        "--servers gateway --workloads storm --max-connections 60",
    )
    arrival, storm = json.loads(result.read_text())["measurements"]
    assert (arrival["connections"], arrival["recovered"]) == (60, 60)
    assert (storm["connections"], storm["lost_connections"]) == (60, 60)
    assert storm["recovered"] == 60


def test_two_workers_are_measured_beside_one(
    tmp_path: Path, cache: Path, redis_url: str
) -> None:
    result = tmp_path / "result.json"
    done = _bench(
        f"--quick --redis {redis_url} --cache {cache} --json {result}",
        "--servers gateway --workloads fanout-w2,nodes-2,workers-2 --max-connections 60",
    )
    found = json.loads(result.read_text())
    assert found["left_out"] == {}, done.stdout
    by_name = {m["workload"]: m for m in found["measurements"]}
    for name in ("fanout-w2", "nodes-2", "workers-2"):
        assert by_name[name]["connections"] == 60
        assert by_name[name]["deliveries"] > 0
        assert by_name[name]["lost"] == 0


@pytest.mark.parametrize("name", ["caddy", "haproxy"])
def test_an_edge_is_measured_plain_and_with_tls(
    name: str, tmp_path: Path, cache: Path, redis_url: str
) -> None:
    result = tmp_path / "result.json"
    done = _bench(
        f"--quick --redis {redis_url} --cache {cache} --json {result}",
        f"--servers {name},{name}-tls --workloads fanout-w2 --max-connections 60",
        check=False,
    )
    if "no HAProxy" in done.stdout or "is too old for edge/haproxy.cfg" in done.stdout:
        pytest.skip("no HAProxy here that knows edge/haproxy.cfg")
    found = json.loads(result.read_text())
    assert found["left_out"] == {}, done.stdout
    assert list(found["edges"].values()) != [""]
    busy = [m for m in found["measurements"] if m["workload"] == "fanout-w2"]
    assert [m["server"] for m in busy] == [name, f"{name}-tls"]
    assert all((m["connections"], m["lost"]) == (60, 0) for m in busy)
    assert all(m["edge_cpu"] is not None for m in busy)  # 0: less than a hundredth of a second
    crowds = [m for m in found["measurements"] if m["workload"] == "arrive-60"]
    assert all(m["edge_rss_each"] > 0 for m in crowds)
    assert "Memory of the edge" in done.stdout


@pytest.mark.parametrize("options", ["", "--python-generator"], ids=["c", "python"])
def test_a_load_test_of_a_running_gateway_goes_through_all_phases(
    gateway: Running, redis_url: str, tmp_path: Path, cache: Path, options: str
) -> None:
    result = tmp_path / "result.json"
    url = f"ws://127.0.0.1:{gateway.target.port}/connection/websocket"
    _bench(
        f"--url {url} --redis {redis_url} --prefix bench --cache {cache} --json {result}",
        "--connections 40 --channels 4 --seconds 0.6 --token-hmac-env BENCH_SECRET",
        options,
    )
    phases = {m["workload"]: m for m in json.loads(result.read_text())["measurements"]}
    assert list(phases) == ["connect", "idle", "steady", "burst", "storm"]
    assert all(m["connections"] == 40 for m in phases.values())
    assert phases["steady"]["deliveries"] == phases["steady"]["publications"] * 10
    assert phases["burst"]["lost"] == 0
    assert phases["storm"]["lost_connections"] == 40


def test_a_wrong_token_shows_as_clients_that_were_refused(
    gateway: Running, redis_url: str, tmp_path: Path, cache: Path
) -> None:
    result = tmp_path / "result.json"
    url = f"ws://127.0.0.1:{gateway.target.port}/connection/websocket"
    done = _bench(
        f"--url {url} --redis {redis_url} --cache {cache} --json {result}",
        "--connections 1 --connect-seconds 2 --token-env PATH",
        check=False,
    )
    (connect,) = json.loads(result.read_text())["measurements"]
    assert connect["connections"] == 0
    assert connect["failed"] > 0
    assert "no client could connect" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--url http://127.0.0.1:1/", "ws://"),
        ("--url ws://127.0.0.1:1/", "say where to publish"),
        ("--workloads no-such", "no-such"),
        ("--servers no-such", "no such server"),
    ],
)
def test_wrong_arguments_are_answered_with_what_is_wrong(arguments: str, words: str) -> None:
    done = _bench(arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_program_is_built_once_for_a_source(cache: Path) -> None:
    try:
        assert c_program("baseline", cache) == c_program("baseline", cache)
    except NotHere as reason:
        pytest.skip(str(reason))


def _bench(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        [sys.executable, "-m", "gateway_bench", *" ".join(arguments).split()],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env=os.environ | {"BENCH_SECRET": SECRET},
    )
    assert not check or done.returncode == 0, done.stderr
    return done
