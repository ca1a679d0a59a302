"""Notes as an operator installs it: a fresh checkout, and the commands of the README in it.

Every installation is a compose project of its own, on ports and with images of its own, so that
it stands beside any other on the same engine. At the end nothing of it is left.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

from compose_file import OWN_IMAGES, ROOT, filled, services
from docker_engine import docker, open_files_limit, run
from local_stack.ports import free_port

Json = dict[str, Any]


def checkout(folder: Path) -> None:
    """What a clone of this repository would hold, with the changes that are made here."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = ROOT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def checkout_of(commit: str, folder: Path) -> None:
    """What a clone held at `commit`. An AssertionError where this one is too shallow."""
    archive = folder / "archive.tar"
    run(["git", "archive", f"--output={archive}", commit], ROOT, dict(os.environ))
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    archive.unlink()


class Installation:
    def __init__(self, folder: Path, commit: str = "") -> None:
        """Of this checkout, or of an earlier commit."""
        checkout_of(commit, folder) if commit else checkout(folder)
        self.folder = folder
        self.project = f"notes-engine-{secrets.token_hex(3)}"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.seconds: dict[str, float] = {}
        image = filled(services()["web"]["build"]["args"]["PYTHON_IMAGE"])
        self.settings = {
            "COMPOSE_PROJECT_NAME": self.project,
            "HTTP_PORT": f"127.0.0.1:{self.port}",
            "HTTPS_PORT": f"127.0.0.1:{free_port()}",
            "GRAFANA_PORT": str(free_port()),
            "PUBLIC_URL": self.url,
            "GATEWAY_NOFILE": str(min(65536, open_files_limit(image))),
            **{_variable(name): f"{self.project}/{name}" for name in OWN_IMAGES},
        }

    def type(self, *command: str, given: str = "", **settings: str) -> str:
        """A command, typed in the checkout; `settings` are in its environment."""
        return run(
            list(command), self.folder, {**_machine(), **self.settings, **settings}, given
        )

    def compose(self, *arguments: str, given: str = "", **settings: str) -> str:
        return self.type("docker", "compose", *arguments, given=given, **settings)

    def timed(self, what: str, *arguments: str, **settings: str) -> None:
        """A command of compose whose duration is a figure to be shown."""
        started = time.monotonic()
        self.compose(*arguments, **settings)
        self.seconds[what] = round(time.monotonic() - started, 1)
        print(f"docker compose {' '.join(arguments)}: {self.seconds[what]} s")

    def pull(self) -> None:
        """This checkout in place of what is installed; what the operator made stays."""
        for each in self.folder.iterdir():
            if each.name not in (".env", "secrets"):
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        checkout(self.folder)

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().strip()

    def containers(self, service: str = "") -> list[Json]:
        """What the engine knows about the project's containers, or about one service's."""
        chosen = [service] if service else []
        ids = self.compose("ps", "--all", "--quiet", *chosen).split()
        found: list[Json] = json.loads(docker("inspect", *ids))
        return found

    def inside(self, container: Json, *command: str) -> str:
        return docker("exec", container["Id"], *command)

    def pid(self, container: Json) -> int:
        """The service's own process as the host sees it: below init, and below a shell."""
        found = _child(container["State"]["Pid"])
        while Path(f"/proc/{found}/comm").read_text().strip() in ("sh", "dash", "busybox"):
            found = _child(found)
        return found

    def remove(self) -> None:
        self.compose(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5"
        )
        images = [self.settings[_variable(name)] for name in OWN_IMAGES]
        docker("image", "rm", "--force", *images)


def service_of(container: Json) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def _child(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


def _machine() -> dict[str, str]:
    """This machine's environment without settings of Notes; base images may be a mirror's."""
    known = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    settings = {name for name in known if not name.endswith("_IMAGE")}
    return {name: value for name, value in os.environ.items() if name not in settings}


def _variable(name: str) -> str:
    return f"{name.replace('-', '_').upper()}_IMAGE"
