"""compose.yaml as Python sees it: parsed, with the defaults of its variables filled in."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
OWN_IMAGES = ("users-service", "notes-service", "realtime-gateway", "web", "edge")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    text = (ROOT / "compose.yaml").read_text()
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def filled(value: object) -> str:
    """The value with every variable at its default."""
    return VARIABLE.sub(lambda match: match[2], str(value)).replace("$$", "$")


def environment(service: str, secrets: Path) -> dict[str, str]:
    """What the service's process would see, with its secrets in another folder."""
    given = services()[service].get("environment", {})
    return {
        name: filled(value).replace("/run/secrets", str(secrets))
        for name, value in given.items()
    }
