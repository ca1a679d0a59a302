"""The Docker Engine that answers here, if one does."""

import os
import shutil
import subprocess
from pathlib import Path


def missing() -> str:
    """Why there is no engine to try on; nothing where there is one."""
    if shutil.which("docker") is None:
        return "there is no program `docker` here"
    for asked in (["docker", "version"], ["docker", "compose", "version"]):
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            return (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
    return ""


def docker(*arguments: str) -> str:
    """What `docker …` says; an AssertionError with all of it where it fails."""
    return run(["docker", *arguments], Path.cwd(), dict(os.environ))


def run(command: list[str], folder: Path, env: dict[str, str], given: str = "") -> str:
    """Type a command, as an operator would, and read what it says."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{said}"
    return done.stdout


def open_files_limit(image: str) -> int:
    """The most open files that a container may have here."""
    asked = [
        "run",
        "--rm",
        "--network",
        "none",
        "--entrypoint",
        "sh",
        image,
        "-c",
        "ulimit -Hn",
    ]
    said = docker(*asked).strip()
    return 2**20 if said == "unlimited" else int(said)
