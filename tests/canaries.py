"""Secrets that are told apart: each is used once, for one thing, and looked for everywhere."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass
class Canaries:
    """Values by what they are. What is found is told by that name, never by its value."""

    values: dict[str, str] = field(default_factory=dict)

    def new(self, name: str) -> str:
        """A made-up value for `name`; it fits where passwords, codes and addresses do."""
        return self.keep(name, f"canary{secrets.token_hex(12)}")

    def keep(self, name: str, value: str) -> str:
        """Watch for `value` too, which somebody else made."""
        assert len(value) >= 12, f"{name} is too short to be told from chance"
        self.values[name] = value
        return value

    def found_in(self, texts: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Where (by name) which secret stands, in clear or as addresses write it."""
        for where, text in texts:
            for name, value in self.values.items():
                if value in text or quote(value, safe="") in text:
                    yield f"{name} in {where}"
