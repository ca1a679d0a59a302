"""What stands in the configuration as a pattern fits what it fits in Centrifugo (RE2)."""

import re
from dataclasses import replace

import jwt
import pytest
from realtime_gateway.config.checks import problems
from realtime_gateway.config.options import (
    ChannelOptions,
    ChannelsOptions,
    ClientOptions,
    Namespace,
    Options,
    TokenOptions,
)
from realtime_gateway.config.patterns import compiled
from realtime_gateway.node.tokens import TokenVerifier
from realtime_gateway.sessions.channels import Channels
from realtime_gateway.sessions.claims import ConnectionClaims, TokenError

SECRET = "a secret of at least thirty-two bytes"


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("^bread$", ["bread"], ["bread\n", "bread\n\n", "\nbread"]),
        (r"^bread\z", ["bread"], ["bread\n"]),
        ("^(bread$|cake)", ["bread", "cakes"], ["bread\n"]),
        ("^[$a-z]+$", ["a$"], ["a$\n"]),
        ("^[]$]+$", ["]$"], ["]\n"]),
        ("^[^]$]+$", ["ab"], ["$", "]"]),
        (r"^\$5$", ["$5"], ["$5\n"]),
        (r"^[\]$]+$", ["]$"], ["]$\n"]),
        (r"^\\$", ["\\"], ["\\\n"]),
        (r"^\w+$", ["caf_1"], ["caf\u00e9"]),
        (r"^\d$", ["1"], ["\u0661"]),
        ("(?m)^a$", ["a", "a\nb"], ["ab"]),
        ("", ["anything"], []),
    ],
)
def test_the_end_is_the_end(pattern: str, fits: list[str], does_not: list[str]) -> None:
    assert [text for text in fits + does_not if compiled(pattern).search(text)] == fits


@pytest.mark.parametrize("pattern", ["(", "[[:alpha:]]+", r"\pL", "a{99999999999999999999}"])
def test_what_means_something_else_or_nothing_here_is_refused(pattern: str) -> None:
    with pytest.raises(re.error):
        compiled(pattern)
    channels = ChannelsOptions(namespaces=(Namespace(name="ab", channel_regex=pattern),))
    token = TokenOptions(issuer_regex=pattern, audience_regex=pattern)
    found = problems(Options(client=ClientOptions(token=token), channel=channels))
    assert len([each for each in found if "must be a regular expression" in each]) == 3


def test_no_channel_has_a_line_break_more_than_its_pattern_allows() -> None:
    options = ChannelOptions(channel_regex="^[a-z]{1,64}$")
    namespaces = (Namespace(name="notes", channel_regex=options.channel_regex),)
    channels = Channels(ChannelsOptions(without_namespace=options, namespaces=namespaces))
    assert channels.options("notes:bread") is not None
    assert channels.options("home") is not None
    for name in ("notes:bread\n", "home\n", "$notes:bread\n"):
        assert channels.options(name) is None


def test_no_issuer_or_audience_has_one_either() -> None:
    options = TokenOptions(issuer_regex="^https://a$", audience_regex="^real.*e$")
    verifier = TokenVerifier(replace(options, hmac_secret_key=SECRET), None)

    def verdict(**claims: object) -> object:
        return verifier.connection_now(jwt.encode(claims, SECRET))

    assert verdict(iss="https://a", aud="realtime") == ConnectionClaims("")
    assert verdict(iss="https://a\n", aud="realtime") is TokenError.INVALID
    assert verdict(iss="https://a", aud=["realtime\n"]) is TokenError.INVALID
