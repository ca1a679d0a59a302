"""Ports for servers of this process, and of those that work beside it."""

import pytest
from local_stack import ports


def test_processes_side_by_side_choose_from_parts_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = []
    for number in range(3):
        for name, part in ports.part(number, 3).items():
            monkeypatch.setenv(name, part)
        chosen.append({ports.free_port() for _ in range(50)})
    assert not chosen[0] & chosen[1]
    assert not chosen[1] & chosen[2]
    assert not chosen[0] & chosen[2]


def test_none_is_chosen_twice_while_others_are_left() -> None:
    assert len({ports.free_port() for _ in range(300)}) == 300
