"""A service runs from its files alone, as in its image: none of our packages is installed."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from compose_file import ROOT, environment
from conditions import eventually
from local_stack import secret_files
from local_stack.locks import PACKAGES
from local_stack.ports import free_port

pytestmark = pytest.mark.slow

DESCRIBES_ITSELF = {"notes-service": "notes_service", "users-service": "users_service"}
ANSWERS = {"realtime-gateway": ("realtime_gateway", "GATEWAY"), "web": ("notes_web", "WEB")}


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Other people's packages, without ours."""
    folder = tmp_path / "packages"
    folder.mkdir()
    ours = {name.replace("-", "_") for name in (*PACKAGES, "gateway-bench", "notes-web")}
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if each.suffix != ".pth" and each.name.split("-")[0] not in ours:
            (folder / each.name).symlink_to(each)
    return folder


def environ(name: str, foreign: Path, secrets: Path) -> dict[str, str]:
    """With the sources that its image names, from this checkout."""
    image = (ROOT / name / "Dockerfile").read_text()
    sources = image.partition("PYTHONPATH=")[2].split()[0].replace("/app", str(ROOT))
    path = f"{foreign}{os.pathsep}{sources}"
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment(name, secrets)}


@contextmanager
def started(package: str, env: dict[str, str], folder: Path) -> Iterator[None]:
    command = [sys.executable, "-S", "-m", package]
    process = subprocess.Popen(command, env=env, cwd=folder)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_service_starts_where_its_packages_are_not_installed(
    name: str, foreign: Path, tmp_path: Path
) -> None:
    secret_files.write(tmp_path / "secrets")
    package, prefix = ANSWERS[name]
    port = free_port()
    env = environ(name, foreign, tmp_path / "secrets")
    env |= {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": str(port)}
    with started(package, env, tmp_path):
        eventually(lambda: health(port) == 200, within=60)


def health(port: int) -> int:
    try:
        return httpx.get(
            f"http://127.0.0.1:{port}/health", trust_env=False, timeout=30
        ).status_code
    except httpx.TransportError:
        return 0


@pytest.mark.parametrize("name", sorted(DESCRIBES_ITSELF))
def test_a_service_is_built_where_its_packages_are_not_installed(
    name: str, foreign: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-S", "-m", DESCRIBES_ITSELF[name], "openapi"]
    env = environ(name, foreign, tmp_path)
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"openapi": "3.1.0"' in done.stdout
