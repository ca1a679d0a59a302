"""A command of the server API that was refused, and how that is shown."""

from realtime_gateway.protocol import wire
from realtime_gateway.protocol.codes import Error


class Refused(Exception):
    """A command of the server API that fails with one of the protocol's errors."""

    def __init__(self, error: Error) -> None:
        self.error = error


def error_json(error: Error) -> bytes:
    """The error as the server API shows it: `{"code", "message"}`."""
    return wire.dumps({"code": error.code, "message": error.message})
