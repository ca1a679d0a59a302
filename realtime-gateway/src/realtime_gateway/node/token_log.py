"""What the log says of tokens that are refused.

The check and the claim, never what stands in the token. A flood of bad ones costs
`LINES_A_SECOND` lines, and one that counts the rest.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

import jwt

LINES_A_SECOND: Final = 10

log = logging.getLogger("gateway.tokens")

_NAMED: Final = re.compile(r"\((exp|nbf|iat)\)")
_CHECKS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.ExpiredSignatureError, "exp: it has expired"),
    (jwt.InvalidAudienceError, "aud: not the audience that is wanted"),
    (jwt.InvalidIssuerError, "iss: not the issuer that is wanted"),
    (jwt.InvalidSignatureError, "signature: it does not fit the key"),
    (jwt.InvalidAlgorithmError, "alg: not one of the key's"),
    (jwt.InvalidKeyError, "alg: the key is of another kind"),
    (jwt.DecodeError, "form: it is no JSON Web Token"),
)


class TokenLog:
    """Logs why tokens were refused, a bounded number of lines a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second = 0
        self._lines = 0

    def tell(self, why: str) -> None:
        """Log one refusal, or only count it."""
        if (second := int(self._clock())) != self._second:
            if self._lines > LINES_A_SECOND:
                log.info("tokens refused: %d more", self._lines - LINES_A_SECOND)
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines <= LINES_A_SECOND:
            log.info("token refused: %s", why)


def check_of(error: Exception) -> str:
    """Which check of PyJWT's a token has not passed."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"{error.claim}: it is missing"
    if named := _NAMED.search(str(error)):
        is_early = isinstance(error, jwt.ImmatureSignatureError)
        return f"{named[1]}: {'not yet' if is_early else 'not a time'}"
    found = (words for kind, words in _CHECKS if isinstance(error, kind))
    return next(found, f"form: {type(error).__name__}")
