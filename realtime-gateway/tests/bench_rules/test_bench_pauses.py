"""The longest pause during a workload, read from two looks at a server's metrics page."""

import pytest
from gateway_bench.pauses import Buckets, longest_ms, read
from realtime_gateway.delivery.pauses import Pauses

PAGE = """
# TYPE gateway_node_loop_pause_seconds histogram
gateway_node_loop_pause_seconds_bucket{le="0.001"} 7.0
gateway_node_loop_pause_seconds_bucket{le="0.005"} 9.0
gateway_node_loop_pause_seconds_bucket{le="+Inf"} 9.0
gateway_node_loop_pause_seconds_count 9.0
gateway_node_loop_lag_seconds_bucket{le="0.5"} 3.0
"""


def seen(*seconds: float) -> Buckets:
    pauses = Pauses()
    for each in seconds:
        pauses.observe(each)
    return {float(bound): count for bound, count in pauses.seconds.cumulative()}


def test_the_buckets_of_the_pauses_are_found_on_the_page() -> None:
    assert read(PAGE) == {0.001: 7, 0.005: 9, float("inf"): 9}
    assert read("") == {}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (seen(), seen(0.0042), 5.0),
        (seen(0.09), seen(0.09, 0.005), 5.0),  # what was before does not count
        (seen(0.09, 0.001), seen(0.09, 0.001), None),
        (seen(0.001, 0.001), seen(0.0055), 6.0),  # started again meanwhile
        (seen(), seen(60.0), 5000.0),  # at least
        ({}, {}, None),
    ],
)
def test_the_longest_pause_is_that_of_the_workload_alone(
    before: Buckets, after: Buckets, expected: float | None
) -> None:
    assert longest_ms(before, after) == expected
