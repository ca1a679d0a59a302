"""The secrets where the host has no Python: by a container, owned by who types the line."""

import os
from pathlib import Path

from compose_file import ROOT
from docker_engine import docker
from installation import checkout
from local_stack import secret_files

OWNER = os.getuid() or 1234
"""Not root's own: who types it is somebody."""


def one_line(*arguments: str) -> list[str]:
    """As docs/topics/operating.md has it."""
    text = (ROOT / "docs" / "topics" / "operating.md").read_text()
    [line] = [
        line for line in text.splitlines() if line.startswith("docker run --rm --network")
    ]
    return [*line.split()[1:], *arguments]


def test_a_container_writes_the_secrets_as_the_person_who_types_it(
    engine: None, tmp_path: Path
) -> None:
    checkout(tmp_path)
    if os.getuid() == 0:
        for path in (tmp_path, *tmp_path.rglob("*")):
            os.chown(path, OWNER, OWNER)
    filled = {'"$(id -u):$(id -g)"': f"{OWNER}:{OWNER}", '"$PWD:/notes"': f"{tmp_path}:/notes"}
    docker(*(filled.get(word, word) for word in one_line()))
    written = {path.name: path.stat() for path in (tmp_path / "secrets").iterdir()}
    assert written.keys() == secret_files.MAKERS.keys()
    assert {each.st_uid for each in written.values()} == {OWNER}
    docker(*(filled.get(word, word) for word in one_line("--rotate", "web_secret")))
