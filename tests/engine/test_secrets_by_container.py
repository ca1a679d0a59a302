"""The secrets where the host has no Python: by a container, owned by who types the line."""

import os
import shlex
from pathlib import Path

from compose_file import ROOT
from docker_engine import docker
from installation import checkout
from local_stack import secret_files

OWNER = os.getuid() or 1234
"""Not root's own: who types it is somebody."""


def one_line(folder: Path) -> list[str]:
    """As docs/topics/operating.md has it, typed in `folder` by its owner."""
    text = (ROOT / "docs" / "topics" / "operating.md").read_text()
    [line] = [each for each in text.splitlines() if each.startswith("docker run --rm --net")]
    line = line.replace("$(id -u):$(id -g)", f"{OWNER}:{OWNER}").replace("$PWD", str(folder))
    return shlex.split(line)[1:]


def test_a_container_writes_the_secrets_as_the_person_who_types_it(
    engine: None, tmp_path: Path
) -> None:
    checkout(tmp_path)
    if os.getuid() == 0:
        for path in (tmp_path, *tmp_path.rglob("*")):
            os.chown(path, OWNER, OWNER)
    docker(*one_line(tmp_path))
    written = {path.name: path.stat() for path in (tmp_path / "secrets").iterdir()}
    assert written.keys() == secret_files.MAKERS.keys()
    assert {each.st_uid for each in written.values()} == {OWNER}
    docker(*one_line(tmp_path), "--rotate", "web_secret")
