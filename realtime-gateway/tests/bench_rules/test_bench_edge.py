"""Edges in the benchmark: who takes part in what, and the arithmetic of their tables."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_bench import edge as edges
from gateway_bench.build import NotHere
from gateway_bench.comparison import Comparison, fitting
from gateway_bench.contender import CONTENDERS
from gateway_bench.edge import CADDY, HAPROXY, Site, most_clients
from gateway_bench.edge_table import load_table, memory_table
from gateway_bench.figures import Measurement, Memory, sockets_in
from gateway_bench.measure import edge_figures, untimed
from gateway_bench.report import ratio_table
from gateway_bench.workload import ALL, Workload, named

BY_NAME = {contender.name: contender for contender in CONTENDERS}
OWN = Measurement(
    "gateway", "fanout-w2", 1, 1_000, 5.0, deliveries=10, cpu_user=1.0, cpu_system=3.0,
    p50=2.0, p99=5.0, per_second=1_000.0,
)  # fmt: skip
CADDYS = replace(
    OWN, server="caddy", cpu_system=19.0, p50=3.0, p99=20.0, per_second=200.0,
    through_edge=True, edge_cpu=16.0,
)  # fmt: skip
CROWD = Measurement(
    "haproxy", "idle", 1, 9_950, 5.0, through_edge=True, edge_rss_each=6.0,
    edge_rss_base=4 * 1024.0, edge_charged_each=12.0, edge_charged_base=16 * 1024.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "each", "expected"),
    [
        (0.0, 4.0, 65_536),
        (64 * 1024.0, 4.0, 49_152),
        (1.0, 100.0, 2_621),  # the last one does not fit by a KiB
        (512 * 1024.0, 4.0, 0),
        (None, 4.0, None),
        (0.0, None, None),
        (0.0, 0.0, None),
    ],
)
def test_sockets_fit_into_what_the_program_leaves_of_the_memory(
    base: float | None, each: float | None, expected: float | None
) -> None:
    assert sockets_in(256 * 1024, base, each) == expected


def test_an_edges_memory_a_socket_is_its_growth_shared_by_the_clients() -> None:
    found = edge_figures(Memory(4_000.0, 20_000.0), Memory(9_000.0, 32_000.0), 1_000)
    assert found == {
        "edge_rss_base": 4_000.0,
        "edge_rss_each": 5.0,
        "edge_charged_base": 20_000.0,
        "edge_charged_each": 12.0,
    }


def test_what_no_control_group_counted_is_not_called_nothing() -> None:
    found = edge_figures(Memory(4_000.0, None), Memory(9_000.0, None), 1_000)
    assert set(found) == {"edge_rss_base", "edge_rss_each"}
    assert edge_figures(None, None, 1_000) == {}


def test_the_limit_of_a_container_counts_more_than_the_programs_own_pages() -> None:
    (_, counted) = memory_table(Comparison([CROWD]))
    # (256 - 16) MiB / 12 KiB, and the number up to which that was seen.
    assert counted == ["idle", "haproxy", "6", "12", "16", "20,480", "9,950"]
    alone = replace(CROWD, edge_charged_each=None, edge_charged_base=None)
    (_, by_pages) = memory_table(Comparison([alone]))
    assert by_pages == ["idle", "haproxy", "6", "-", "4", "43,008", "9,950"]


def test_the_way_through_an_edge_is_told_in_units_of_the_gateways_own_port() -> None:
    (titles, row) = load_table(Comparison([OWN, CADDYS]))
    told = dict(zip(titles, row, strict=True))
    assert (told["CPU µs"], told["of it edge"]) == ("20", "16")
    assert told["cpu /"] == "5 (5-5)"
    assert told["p50 /"] == "1.5 (1.5-1.5)"
    assert told["p99 /"] == "4 (4-4)"
    assert told["per_second /"] == "0.2 (0.2-0.2)"


def test_an_edge_is_no_peer_of_the_gateway() -> None:
    assert ratio_table(Comparison([OWN, CADDYS])) == []


def test_without_edges_there_are_no_tables_of_them() -> None:
    assert load_table(Comparison([OWN])) == memory_table(Comparison([OWN])) == []


def test_a_slow_generators_times_are_not_told_as_those_of_the_edge() -> None:
    found = untimed(CADDYS)
    assert (found.p50, found.p99, found.per_second) == (None, None, None)
    assert (found.cpu, found.edge_cpu) == (20.0, 16.0)


@pytest.mark.parametrize("name", ["caddy", "haproxy", "caddy-tls", "haproxy-tls"])
def test_an_edge_holds_half_as_many_clients_as_it_may_open_files(name: str) -> None:
    ((idle,),) = fitting(named(["idle"]), BY_NAME[name], 4_100)
    assert idle.audience.connections == most_clients(4_100) == 2_000
    ((own,),) = fitting(named(["idle"]), BY_NAME["gateway"], 4_100)
    assert own.audience.connections == 10_000


def test_through_an_edge_everything_is_measured_and_with_tls_what_python_can_do() -> None:
    plain = [part for each in ALL for part in fitting([each], BY_NAME["caddy"], 65_536)]
    assert len(plain) == len(ALL)
    with_tls = [w.name for each in ALL for part in _fit(each.name) for w in part]
    assert with_tls == ["fanout-w2", "idle"]


def test_caddy_gets_the_routing_table_of_compose_and_only_what_it_asks_for(
    tmp_path: Path,
) -> None:
    table = edges._table("Caddyfile")
    placeholders = set(re.findall(r"\{\$(\w+)", table.read_text()))
    plain = CADDY.launch("caddy", _site(tmp_path, tls=False))
    assert str(table) in plain.command
    assert {name for name in plain.env if not name.startswith(("HOME", "XDG"))} <= placeholders
    CADDY.launch("caddy", _site(tmp_path, tls=True))
    ours = (tmp_path / "Caddyfile").read_text().splitlines()
    added = [line.strip() for line in ours if line not in table.read_text().splitlines()]
    assert added == ["skip_install_trust", "auto_https disable_redirects"]


def test_haproxy_finds_by_port_what_it_would_ask_dns_for(tmp_path: Path) -> None:
    table = """
\tfile /etc/edge/away.html
\tserver-template node- 32 "${GATEWAY_HOST}:${GATEWAY_PORT}" check inter 2s
\tserver-template any- 16 "${WEB_HOST}:${WEB_PORT}" backup
"""
    assert edges.on_loopback(table, _site(tmp_path, tls=False)).splitlines()[2:] == [
        "\tserver node-3 127.0.0.1:3 check inter 2s",
        "\tserver node-4 127.0.0.1:4 check inter 2s",
        "\tserver any-5 127.0.0.1:5 backup",
    ]


def test_haproxy_gets_the_routing_table_of_compose_and_only_what_it_asks_for(
    tmp_path: Path,
) -> None:
    asked = set(re.findall(r"\$\{(\w+)", edges._table("haproxy.cfg").read_text()))
    for tls in (False, True):
        launch = HAPROXY.launch("haproxy", _site(tmp_path, tls=tls))
        assert set(launch.env) == asked
    table = (tmp_path / "haproxy.cfg").read_text()
    assert "server-template" not in table
    assert "/etc/edge" not in table


def test_a_machine_without_haproxy_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edges, "program", lambda *_: None)
    with pytest.raises(NotHere, match="no HAProxy"):
        HAPROXY.find(None)


@pytest.mark.parametrize(
    ("said", "is_new_enough"),
    [
        ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", False),
        ("HAProxy version 3.2.26-1 2026/10/14 - https://haproxy.org/", True),
        ("HAProxy version 3.10.0 2030/01/01 - https://haproxy.org/", True),
        ("", False),
    ],
)
def test_a_haproxy_too_old_for_the_routing_table_is_left_out_and_named(
    said: str, is_new_enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "_said", lambda *_: said)
    if is_new_enough:
        assert HAPROXY.find("/opt/haproxy") == "/opt/haproxy"
    else:
        with pytest.raises(NotHere, match="too old"):
            HAPROXY.find("/opt/haproxy")


def test_the_key_of_a_certificate_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = edges._certificate(tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    assert "BEGIN CERTIFICATE" in path.read_text()


def _fit(name: str) -> list[Sequence[Workload]]:
    return list(fitting(named([name]), BY_NAME["haproxy-tls"], 65_536))


def _site(folder: Path, *, tls: bool) -> Site:
    return Site(folder, 1, 2, 6, [3, 4], 5, tls, 4_096)
