"""What the benchmark prints, and what it must not."""

import json
from dataclasses import replace

import pytest
from gateway_bench.build import source
from gateway_bench.comparison import Comparison
from gateway_bench.figures import Bottleneck, Measurement
from gateway_bench.report import (
    document,
    number,
    ratio_table,
    table,
    target_table,
    text,
    warnings,
    without_secrets,
)

OURS = Measurement(
    "gateway", "fanout-w2", 1, 1_000, 5.0, deliveries=10, cpu_user=1.0, cpu_system=5.0,
    server_share=0.99, generator_share=0.5, broker_share=0.0, bottleneck=Bottleneck.SERVER,
)  # fmt: skip
LIMIT = replace(OURS, server="c", cpu_user=0.0)


def test_a_ratio_above_its_bound_is_called_missed() -> None:
    within = target_table(Comparison([OURS, LIMIT]))
    assert within[1][1:] == ["≤ 1.25", "1.2 (1.2-1.2)", "met"]
    beyond = target_table(Comparison([replace(OURS, cpu_user=2.0), LIMIT]))
    assert beyond[1][-1] == "MISSED"


def test_times_taken_on_a_busy_machine_are_neither_met_nor_missed() -> None:
    run = replace(OURS, workload="open-loop", p99=20.0, others_share=1.5)
    judged = {row[0]: row[-1] for row in target_table(Comparison([run]))}
    assert judged["open-loop: p99, ms"] == "not judged: busy machine"
    quiet = target_table(Comparison([replace(run, others_share=0.02)]))
    assert {row[0]: row[-1] for row in quiet}["open-loop: p99, ms"] == "met"


def test_a_target_that_was_not_measured_is_not_called_met() -> None:
    assert target_table(Comparison([OURS])) == []


def test_the_ratios_are_those_of_the_gateway_to_each_other_server() -> None:
    assert ratio_table(Comparison([OURS, LIMIT]))[1][:3] == ["fanout-w2", "c", "1.2 (1.2-1.2)"]


def test_a_generator_that_held_the_server_down_is_named() -> None:
    held = replace(OURS, bottleneck=Bottleneck.GENERATOR, generator_share=0.97)
    (warning,) = warnings([held], native=True)
    assert "the generator was the bottleneck (97% of a core" in warning


def test_a_busy_machine_and_a_missing_compiler_are_told() -> None:
    found = warnings([replace(OURS, others_share=1.2)], native=False)
    assert "no C compiler" in found[0]
    assert "others took 1.20 cores" in found[1]
    assert warnings([replace(OURS, others_share=0.01)], native=True) == []


def test_passwords_in_addresses_do_not_get_into_results() -> None:
    arguments = ["--redis", "redis://:very-secret@127.0.0.1:6379/0", "--url", "ws://h:1/p"]
    shown = without_secrets(arguments)
    assert shown == ["--redis", "redis://:***@127.0.0.1:6379/0", "--url", "ws://h:1/p"]
    assert "secret" not in document(Comparison([OURS]), shown, [])


def test_the_result_is_json_with_the_command_that_made_it() -> None:
    found = json.loads(document(Comparison([OURS], {"nchan": "not here"}), ["--peers"], ["w"]))
    assert found["command"][-1] == "--peers"
    assert found["measurements"][0]["cpu"] == 6.0
    assert (found["left_out"], found["warnings"]) == ({"nchan": "not here"}, ["w"])


def test_tables_line_up() -> None:
    lines = text(table([OURS, LIMIT])).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.0, "0"), (0.03251, "0.0325"), (12.34, "12.3"),
                         (123.4, "123"), (2_940_000.0, "2,940,000")]
)  # fmt: skip
def test_numbers_have_three_figures(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_the_peers_packages_are_pinned_and_name_no_address() -> None:
    lock = json.loads(source("node", "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads(source("node", "package.json").read_text(encoding="utf-8"))
    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert all("integrity" in facts and "resolved" not in facts for facts in packages.values())
    for name, version in wanted["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
