"""What all sessions of a node share."""

from collections.abc import Callable
from dataclasses import dataclass

from realtime_gateway.config.options import ClientOptions
from realtime_gateway.sessions.channels import Channels


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about a command besides the session itself."""

    client: ClientOptions
    channels: Channels
    version: str
    has_keys: bool
    """Whether there is anything to verify tokens with."""
    random: Callable[[], float]
    expects_pong: bool = True
    """Unidirectional clients cannot answer a ping."""
    refused: Callable[[str], None] = lambda _: None
    """Told why a token that is good does not do here."""

    def must_verify(self, token: str) -> bool:
        """Whether a token that was brought has to be good."""
        return token != "" and (self.has_keys or not self.client.insecure)
