"""The benchmark's arithmetic, held against plain Python and against tables."""

import random

import pytest
from gateway_bench.figures import (
    Bottleneck,
    Cpu,
    Histogram,
    Measurement,
    bottleneck,
    middle_of,
    per_delivery,
    ratios,
    slot_of,
    spread,
)


@pytest.mark.parametrize("microseconds", [0, 1, 127, 128, 129, 255, 256, 1_000, 65_535, 10**7])
def test_a_slot_knows_its_value_to_a_sixty_fourth(microseconds: int) -> None:
    assert middle_of(slot_of(microseconds)) == pytest.approx(microseconds, rel=1 / 64, abs=1)


def test_slots_rise_with_the_value() -> None:
    slots = [slot_of(value) for value in range(0, 100_000, 7)]
    assert slots == sorted(slots)


@pytest.mark.parametrize("percent", [1, 50, 90, 99, 100])
def test_percentiles_are_those_of_the_sorted_samples(percent: float) -> None:
    samples = sorted(int(random.Random(7).lognormvariate(8, 1)) for _ in range(5_000))
    histogram = Histogram((slot_of(value), 1) for value in samples)
    exact = samples[max(0, len(samples) * int(percent) // 100 - 1)] / 1000
    assert histogram.percentile(percent) == pytest.approx(exact, rel=0.03)


def test_a_histogram_without_samples_has_no_percentiles() -> None:
    assert Histogram().percentile(50) is None


def test_merged_histograms_count_all_samples() -> None:
    both = Histogram([(3, 2)])
    both.merge(Histogram([(3, 1), (900, 7)]))
    assert both.count == 10


@pytest.mark.parametrize(
    ("generator", "server", "expected"),
    [
        (0.95, 0.99, Bottleneck.SERVER),  # both busy, the server more: it had no time to spare
        (0.40, 0.97, Bottleneck.SERVER),
        (0.97, 0.60, Bottleneck.GENERATOR),
        (1.00, 0.92, Bottleneck.GENERATOR),
        (0.50, 0.50, Bottleneck.NEITHER),
        (0.00, 0.00, Bottleneck.NEITHER),
        (0.99, None, Bottleneck.GENERATOR),
        (0.50, None, Bottleneck.UNKNOWN),
    ],
)
def test_the_generator_is_called_the_bottleneck_when_it_is(
    generator: float, server: float | None, expected: Bottleneck
) -> None:
    assert bottleneck(generator, server) is expected


def test_seconds_a_million_deliveries_are_microseconds_a_delivery() -> None:
    assert per_delivery(6.24, 1_000_000) == pytest.approx(6.24)
    assert per_delivery(1.0, 0) is None


def test_processor_times_add_up_and_subtract() -> None:
    assert (Cpu(3.0, 2.0) - Cpu(1.0, 0.5)).total == pytest.approx(3.5)


def test_ratios_compare_only_what_ran_in_the_same_round() -> None:
    ours = [_measured("gateway", turn, cpu) for turn, cpu in [(1, 6.0), (2, 12.0), (3, 5.0)]]
    theirs = [_measured("c", turn, cpu) for turn, cpu in [(1, 3.0), (2, 12.0)]]
    found = ratios(ours, theirs, "cpu")
    assert found is not None
    assert (found.low, found.median, found.high) == (1.0, 1.5, 2.0)


def test_what_was_not_measured_is_left_out_of_a_spread() -> None:
    found = spread([None, 2.0, None, 4.0])
    assert found is not None
    assert (found.low, found.median, found.high) == (2.0, 3.0, 4.0)
    assert spread([None]) is None


def _measured(server: str, turn: int, cpu: float) -> Measurement:
    return Measurement(server, "fanout-w2", turn, 1_000, 5.0, cpu_user=0.0, cpu_system=cpu)


def test_what_others_take_of_the_cores_is_not_held_against_the_server() -> None:
    shares = {"generator_share": 0.5, "broker_share": 0.25, "others_share": 0.25}
    found = Measurement("gateway", "workers-2", 1, 1, 1.0, per_second=300.0, **shares)
    assert found.per_free_core(2) == 300
    assert found.per_free_core(1) is None
