"""The rules of a conversation, one by one, without a socket."""

import json
from dataclasses import replace
from typing import Any

import pytest
from realtime_gateway.config.options import (
    ChannelOptions,
    ChannelsOptions,
    ClientOptions,
    PersonalChannelOptions,
)
from realtime_gateway.protocol import codes, commands
from realtime_gateway.protocol.commands import decode
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.sessions import control_commands
from realtime_gateway.sessions.channels import Channels
from realtime_gateway.sessions.claims import (
    ConnectionClaims,
    ServerSubscription,
    SubscriptionClaims,
    TokenError,
)
from realtime_gateway.sessions.effects import (
    Admit,
    Answer,
    Appear,
    Appearance,
    Append,
    Dismiss,
    Effect,
    EndSubscription,
    Handling,
    HistoryPage,
    Join,
    JoinAll,
    Joined,
    Leave,
    Outcome,
    Ping,
    Read,
    VerifyConnection,
    VerifySubscription,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.session import Session

OPEN = ChannelOptions(
    history_size=10, history_ttl=60, force_recovery=True, allow_subscribe_for_client=True
)


class Talk:
    """A session, the answers it will be given, and what it asked."""

    def __init__(
        self,
        *answers: object,
        options: ChannelOptions = OPEN,
        is_connected: bool = True,
        has_keys: bool = True,
        user: str = "ann",
        admits: codes.Close | None = None,
        **client: Any,
    ) -> None:
        self.client = ClientOptions(**client)
        channels = Channels(
            ChannelsOptions(without_namespace=options), insecure=self.client.insecure
        )
        rules = Rules(self.client, channels, "1", has_keys=has_keys, random=lambda: 0.0)
        self.session = Session("c1", rules, now=0.0)
        self.effects: list[Effect] = []
        self.admits = admits
        self._answers = list(answers)
        if is_connected:
            self._answers.insert(0, ConnectionClaims(user))
            self.say(1.0, id=1, connect={"token": "t"})
            self.effects.clear()

    def say(self, now: float = 1.0, **command: Any) -> Outcome:
        return self.hear(self.session.handle(decode(json.dumps(command)), now))

    def hear(self, handling: Handling) -> Outcome:
        """The outcome, and on the way what is asked is noted and answered."""
        answer: object = None
        while True:
            try:
                ask = handling.send(answer)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            if isinstance(ask, Admit):
                answer = self.admits
                continue
            self.effects.append(ask)
            answer = None if isinstance(ask, Leave | Appear | Dismiss) else self._answers.pop(0)

    def result(self, now: float = 1.0, **command: Any) -> dict[str, Any]:
        outcome = self.say(now, **command)
        assert isinstance(outcome, Answer)
        found: dict[str, Any] = json.loads(outcome.message)
        return found


def error_of(outcome: Outcome) -> int:
    assert isinstance(outcome, Answer), outcome
    return outcome.error


# connect


def test_a_token_without_a_user_can_be_ruled_out() -> None:
    talk = Talk(
        ConnectionClaims(""), is_connected=False, disallow_anonymous_connection_tokens=True
    )
    assert talk.say(id=1, connect={"token": "t"}) == codes.Close(3507, "permission denied")


@pytest.mark.parametrize(("user", "dismissed"), [("ann", [Dismiss("ann", "c1")]), ("", [])])
def test_who_may_connect_only_once_sends_the_others_away(
    user: str, dismissed: list[Effect]
) -> None:
    personal = PersonalChannelOptions(enabled=True, single_connection=True)
    talk = Talk(
        ConnectionClaims(user),
        [Joined(0, "e")],
        is_connected=False,
        subscribe_to_user_personal_channel=personal,
    )
    talk.result(id=1, connect={"token": "t"})
    assert [ask for ask in talk.effects if isinstance(ask, Dismiss)] == dismissed


def test_a_valid_token_connects_and_says_how_long_it_is_good_for() -> None:
    talk = Talk(ConnectionClaims("ann", lifetime=300.9), is_connected=False)
    assert talk.result(id=1, connect={"token": "t"})["connect"] == {
        "client": "c1", "version": "1", "ping": 25, "pong": True, "expires": True, "ttl": 300,
    }  # fmt: skip
    assert talk.effects == [VerifyConnection("t")]


@pytest.mark.parametrize(
    ("client", "has_keys", "token", "expected"),
    [
        ({}, True, "", codes.INVALID_REQUEST),
        ({"allow_anonymous_connect_without_token": True}, True, "", None),
        ({"insecure": True}, True, "", None),
        ({"insecure": True}, False, "ignored", None),
    ],
)
def test_without_a_token_only_where_that_is_allowed(
    client: dict[str, bool], has_keys: bool, token: str, expected: object
) -> None:
    talk = Talk(is_connected=False, has_keys=has_keys, **client)
    outcome = talk.say(id=1, connect={"token": token})
    assert (outcome == expected) if expected else isinstance(outcome, Answer)
    assert talk.effects == []


@pytest.mark.parametrize(
    ("refusal", "error", "close"),
    [
        (TokenError.EXPIRED, 109, codes.CONNECTION_EXPIRED),
        (TokenError.UNAVAILABLE, 100, codes.SERVER_ERROR),
    ],
)
def test_a_token_that_may_be_good_later_is_an_error_that_clients_try_again_after(
    refusal: TokenError, error: int, close: codes.Close
) -> None:
    outcome = Talk(refusal, is_connected=False).say(id=1, connect={"token": "t"})
    assert isinstance(outcome, Answer)
    assert (outcome.error, outcome.then) == (error, close)


def test_a_bad_token_stops_the_client() -> None:
    outcome = Talk(TokenError.INVALID, is_connected=False).say(id=1, connect={"token": "t"})
    assert outcome == codes.INVALID_TOKEN


def test_connecting_twice_is_a_bad_request() -> None:
    assert Talk().say(id=2, connect={}) == codes.INVALID_REQUEST


# subscribe


@pytest.mark.parametrize(
    ("channel", "options", "user", "may"),
    [
        ("a", {}, "ann", True),
        ("a", {}, "", False),
        ("a", {"allow_subscribe_for_anonymous": True}, "", True),
        ("a", {"allow_subscribe_for_client": False}, "ann", False),
        ("$a", {}, "ann", False),
        ("x#ann", {"allow_user_limited_channels": True}, "ann", True),
        ("x#bob,ann", {"allow_user_limited_channels": True}, "ann", True),
        ("x#bob", {"allow_user_limited_channels": True}, "ann", False),
        ("x#", {"allow_user_limited_channels": True}, "", False),
        ("x#bob", {}, "ann", True),
    ],
)
def test_who_may_subscribe_without_a_token(
    channel: str, options: dict[str, bool], user: str, may: bool
) -> None:
    talk = Talk(Joined(0, "e"), options=replace(OPEN, **options), user=user)
    outcome = talk.say(id=2, subscribe={"channel": channel})
    assert error_of(outcome) == (0 if may else 103)


def test_a_subscription_token_decides_alone() -> None:
    claims = SubscriptionClaims("ann", "$a", lifetime=60.0)
    talk = Talk(claims, Joined(0, "e"))
    result = talk.result(id=2, subscribe={"channel": "$a", "token": "s"})["subscribe"]
    assert (result["expires"], result["ttl"]) == (True, 60)
    assert talk.effects[0] == VerifySubscription("s")


@pytest.mark.parametrize(
    "claims",
    [
        SubscriptionClaims("ann", "$b"),
        SubscriptionClaims("bob", "$a"),
        SubscriptionClaims("ann", "$a", client="c2"),
    ],
)
def test_a_token_for_another_channel_user_or_client_stops_the_client(
    claims: SubscriptionClaims,
) -> None:
    outcome = Talk(claims).say(id=2, subscribe={"channel": "$a", "token": "s"})
    assert outcome == codes.INVALID_TOKEN


@pytest.mark.parametrize(
    ("refusal", "error"),
    [(TokenError.INVALID, 103), (TokenError.EXPIRED, 109), (TokenError.UNAVAILABLE, 100)],
)
def test_a_refused_subscription_token_is_an_error(refusal: TokenError, error: int) -> None:
    outcome = Talk(refusal).say(id=2, subscribe={"channel": "$a", "token": "s"})
    assert error_of(outcome) == error


def test_a_rejected_subscribe_leaves_nothing_behind() -> None:
    talk = Talk(codes.INTERNAL, Joined(0, "e"))
    assert error_of(talk.say(id=2, subscribe={"channel": "a"})) == 100
    assert error_of(talk.say(id=3, subscribe={"channel": "a"})) == 0
    assert error_of(talk.say(id=4, subscribe={"channel": "a"})) == 105


@pytest.mark.parametrize("wish", [{"tf": {"op": "eq"}}, {"type": 1}])
def test_kinds_of_subscription_that_we_do_not_have_are_refused(wish: dict[str, Any]) -> None:
    assert error_of(Talk().say(id=2, subscribe={"channel": "a", **wish})) == 107


def test_a_recovered_subscribe_answers_the_position_the_client_had() -> None:
    talk = Talk(Joined(9, "e", [(8, b'{"data":8}'), (9, b'{"data":9}')]))
    request = {"channel": "a", "recover": True, "offset": 7, "epoch": "e"}
    assert talk.result(id=2, subscribe=request)["subscribe"] == {
        "recoverable": True, "positioned": True, "epoch": "e", "offset": 7,
        "was_recovering": True, "recovered": True,
        "publications": [{"data": 8, "offset": 8}, {"data": 9, "offset": 9}],
    }  # fmt: skip
    assert talk.effects == [Join("a", OPEN, StreamPosition(7, "e"), rejects_unrecovered=False)]


def test_an_unrecovered_subscribe_answers_the_top() -> None:
    request = {"channel": "a", "recover": True, "offset": 7, "epoch": "e"}
    assert Talk(Joined(9, "f")).result(id=2, subscribe=request)["subscribe"] == {
        "recoverable": True, "positioned": True, "epoch": "f", "offset": 9,
        "was_recovering": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "wishes", "result"),
    [
        ({"force_recovery": False}, {"recoverable": True}, {}),
        (
            {"force_recovery": False, "allow_positioning": True},
            {"positioned": True},
            {"positioned": True, "epoch": "e", "offset": 3},
        ),
        (
            {"force_recovery": False, "allow_recovery": True},
            {"recoverable": True},
            {"recoverable": True, "positioned": True, "epoch": "e", "offset": 3},
        ),
        ({"history_size": 0}, {"recover": True}, {}),
    ],
)
def test_positions_are_told_where_the_channel_allows(
    options: dict[str, Any], wishes: dict[str, bool], result: dict[str, Any]
) -> None:
    talk = Talk(Joined(3, "e"), options=replace(OPEN, **options))
    request = {"channel": "a", **wishes}
    assert talk.result(id=2, subscribe=request)["subscribe"] == result


# leaving


def test_unsubscribing_leaves_the_channel_and_is_never_an_error() -> None:
    talk = Talk(Joined(0, "e"))
    talk.say(id=2, subscribe={"channel": "a"})
    assert talk.result(id=3, unsubscribe={"channel": "a"}) == {"id": 3, "unsubscribe": {}}
    assert talk.effects[-1] == Leave("a")
    assert talk.result(id=4, unsubscribe={"channel": "a"}) == {"id": 4, "unsubscribe": {}}
    assert len(talk.effects) == 2


@pytest.mark.parametrize(("recovers", "is_told"), [(True, True), (False, False)])
def test_only_who_holds_a_position_is_told_of_a_loss(recovers: bool, is_told: bool) -> None:
    talk = Talk(Joined(0, "e"), options=replace(OPEN, force_recovery=recovers))
    talk.say(id=2, subscribe={"channel": "a"})
    outcome = talk.hear(talk.session.end_subscription("a", codes.INSUFFICIENT))
    assert (outcome is not None) is is_told
    assert ("a" in talk.session.subscriptions) is not is_told
    assert talk.hear(talk.session.end_subscription("unknown", codes.INSUFFICIENT)) is None


# publish and history


@pytest.mark.parametrize(
    ("options", "user", "subscribed", "may"),
    [
        ({}, "ann", True, False),
        ({"allow_publish_for_client": True}, "ann", False, True),
        ({"allow_publish_for_client": True}, "", False, False),
        (
            {"allow_publish_for_client": True, "allow_publish_for_anonymous": True},
            "",
            False,
            True,
        ),
        ({"allow_publish_for_subscriber": True}, "ann", True, True),
        ({"allow_publish_for_subscriber": True}, "ann", False, False),
    ],
)
def test_who_may_publish(
    options: dict[str, bool], user: str, subscribed: bool, may: bool
) -> None:
    rules = replace(OPEN, allow_subscribe_for_anonymous=True, **options)
    talk = Talk(*([Joined(0, "e")] if subscribed else []), None, options=rules, user=user)
    if subscribed:
        talk.say(id=2, subscribe={"channel": "a"})
    outcome = talk.say(id=3, publish={"channel": "a", "data": {"n": 1}})
    assert error_of(outcome) == (0 if may else 103)
    if may:
        appended = talk.effects[-1]
        assert isinstance(appended, Append)
        assert json.loads(appended.fragment)["info"] == {"user": user, "client": "c1"}


@pytest.mark.parametrize("data", ["1e400", '{"n":-1e999}'])
def test_data_that_json_cannot_say_again_is_refused(data: str) -> None:
    talk = Talk(options=replace(OPEN, allow_publish_for_client=True))
    command = decode(f'{{"id":2,"publish":{{"channel":"a","data":{data}}}}}')
    with pytest.raises(StopIteration) as end:
        next(talk.session.handle(command, 1.0))
    assert error_of(end.value.value) == 107


def test_history_is_read_as_far_as_allowed() -> None:
    page = HistoryPage(9, "e", [(9, b'{"data":9}')])
    talk = Talk(page, page, options=replace(OPEN, allow_history_for_client=True))
    request = {"channel": "a", "limit": -1, "since": {"offset": 8, "epoch": "e"}}
    assert talk.result(id=2, history=request)["history"] == {
        "offset": 9, "epoch": "e", "publications": [{"data": 9, "offset": 9}],
    }  # fmt: skip
    talk.say(id=3, history={"channel": "a", "limit": 5000, "reverse": True})
    assert talk.effects == [
        Read("a", 300, StreamPosition(8, "e"), False),
        Read("a", 300, None, True),
    ]
    assert error_of(Talk().say(id=2, history={"channel": "a"})) == 103


# time


def test_a_client_that_does_not_connect_is_stale() -> None:
    talk = Talk(is_connected=False)
    assert talk.session.wake_at() == 10.0
    assert talk.session.wake(9.9) == []
    assert talk.session.wake(10.0) == [codes.STALE]


def test_pings_go_out_and_pongs_come_back_in_time() -> None:
    talk = Talk()
    assert talk.session.wake_at() == 1.0 + 12.5
    assert talk.session.wake(13.5) == [Ping()]
    assert talk.session.wake_at() == 13.5 + 8
    assert talk.say(14.0) is None
    assert talk.session.wake_at() == 13.5 + 25
    assert talk.session.wake(38.5) == [Ping()]
    assert talk.session.wake(46.5) == [codes.NO_PONG]


def test_an_expired_connection_has_grace_to_refresh() -> None:
    talk = Talk(
        ConnectionClaims("ann", lifetime=10.0), ConnectionClaims("ann", lifetime=60.0),
        is_connected=False, ping_interval=1000.0,
    )  # fmt: skip
    talk.say(0.0, id=1, connect={"token": "t"})
    assert talk.session.wake(34.0) == []
    assert talk.result(34.0, id=2, refresh={"token": "u"})["refresh"] == {
        "expires": True,
        "ttl": 60,
    }
    assert talk.session.wake(34.0 + 84) == []
    assert talk.session.wake(34.0 + 85) == [codes.CONNECTION_EXPIRED]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (TokenError.EXPIRED, codes.CONNECTION_EXPIRED),
        (TokenError.INVALID, codes.INVALID_TOKEN),
        (ConnectionClaims("bob"), codes.INVALID_TOKEN),
    ],
)
def test_a_refresh_with_the_wrong_token_ends_the_connection(
    answer: object, expected: codes.Close
) -> None:
    assert Talk(answer).say(id=2, refresh={"token": "u"}) == expected


def test_a_refresh_while_the_keys_are_away_may_be_tried_again() -> None:
    assert error_of(Talk(TokenError.UNAVAILABLE).say(id=2, refresh={"token": "u"})) == 100


def test_a_refresh_to_a_token_without_end_ends_the_refreshing() -> None:
    talk = Talk(ConnectionClaims("ann"), ping_interval=1000.0)
    assert talk.result(id=2, refresh={"token": "u"})["refresh"] == {}
    assert talk.session.wake_at() == 501.0  # only the ping is left


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (["team", "vip"], ["team", "vip"], True),
        (["team", "vip"], ["vip", "team"], True),
        (["team", "vip"], ["team"], False),
        (["team"], [], False),
        ([], ["team"], False),
        ([], [], True),
    ],
)
def test_a_refreshed_token_that_grants_other_channels_sends_the_client_back_for_them(
    before: list[str], after: list[str], stays: bool
) -> None:
    first, second = (
        ConnectionClaims("ann", subscriptions=tuple(map(ServerSubscription, names)))
        for names in (before, after)
    )
    joined = [[Joined(0, "e") for _ in before]] if before else []
    talk = Talk(first, *joined, second, is_connected=False)
    talk.say(id=1, connect={"token": "t"})
    outcome = talk.say(id=2, refresh={"token": "u"})
    assert (outcome if outcome == codes.INSUFFICIENT_STATE else error_of(outcome)) == (
        0 if stays else codes.INSUFFICIENT_STATE
    )


@pytest.mark.parametrize("seconds", [2.0**31, 2.0**32, 1.8e12])
def test_a_lifetime_of_any_length_is_told_as_one_that_clients_can_count(seconds: float) -> None:
    talk = Talk(
        ConnectionClaims("ann", seconds), Joined(0, "e"), ConnectionClaims("ann", seconds),
        is_connected=False,
    )  # fmt: skip
    told = [
        talk.result(id=1, connect={"token": "t"})["connect"],
        talk.result(id=3, refresh={"token": "u"})["refresh"]
        if talk.say(id=2, subscribe={"channel": "a"})
        else {},
    ]
    assert [each["ttl"] for each in told] == [2**31 - 1] * 2


@pytest.mark.parametrize("method", ["history", "presence", "presence_stats"])
@pytest.mark.parametrize("user", ["", "ann"])
def test_what_a_channel_does_not_have_is_said_before_who_may_have_it(
    method: str, user: str
) -> None:
    """As Centrifugo does."""
    talk = Talk(options=ChannelOptions(), user=user)
    assert error_of(talk.say(id=2, **{method: {"channel": "a"}})) == 108


def test_an_expired_subscription_is_dropped_after_its_grace() -> None:
    claims = SubscriptionClaims("ann", "$a", lifetime=10.0)
    fresh = SubscriptionClaims("ann", "$a", lifetime=20.0)
    talk = Talk(claims, Joined(0, "e"), fresh, ping_interval=1000.0)
    talk.say(0.0, id=2, subscribe={"channel": "$a", "token": "s"})
    assert talk.session.wake_at() == 35.0
    talk.say(30.0, id=3, sub_refresh={"channel": "$a", "token": "s"})
    assert talk.session.wake(74.0) == []
    assert talk.session.wake(75.0) == [EndSubscription("$a", codes.SUBSCRIPTION_EXPIRED)]
    outcome = talk.hear(talk.session.end_subscription("$a", codes.SUBSCRIPTION_EXPIRED))
    assert isinstance(outcome, Answer)
    assert json.loads(outcome.message)["push"]["unsubscribe"]["code"] == 2501


@pytest.mark.parametrize(
    ("answer", "channel", "expected"),
    [
        (None, "other", 103),
        # An error would be final for the official clients, where a new token would do.
        (TokenError.EXPIRED, "a", codes.SUBSCRIPTION_OVER),
        (TokenError.UNAVAILABLE, "a", 100),
        (TokenError.INVALID, "a", codes.INVALID_TOKEN),
        (SubscriptionClaims("bob", "a"), "a", codes.INVALID_TOKEN),
    ],
)
def test_a_refused_subscription_refresh(
    answer: object, channel: str, expected: int | codes.Close
) -> None:
    talk = Talk(Joined(0, "e"), answer)
    talk.say(id=2, subscribe={"channel": "a"})
    outcome = talk.say(id=3, sub_refresh={"channel": channel, "token": "s"})
    assert (outcome if isinstance(expected, codes.Close) else error_of(outcome)) == expected


@pytest.mark.parametrize("command", [commands.Unavailable(5)])
def test_what_is_not_offered_is_not_available(command: commands.Unavailable) -> None:
    with pytest.raises(StopIteration) as end:
        next(Talk().session.handle(command, 1.0))
    assert error_of(end.value.value) == 108


# presence


@pytest.mark.parametrize(
    ("options", "user", "subscribed", "may"),
    [
        ({}, "ann", True, False),
        ({"allow_presence_for_client": True}, "ann", False, True),
        ({"allow_presence_for_client": True}, "", False, False),
        ({"allow_presence_for_client": True, "allow_presence_for_anonymous": True}, "", False,
         True),
        ({"allow_presence_for_subscriber": True}, "ann", True, True),
        ({"allow_presence_for_subscriber": True}, "ann", False, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["presence", "presence_stats"])
def test_who_may_see_who_is_there(
    options: dict[str, bool], user: str, subscribed: bool, may: bool, method: str
) -> None:
    rules = replace(OPEN, presence=True, allow_subscribe_for_anonymous=True, **options)
    answers = [Joined(0, "e")] if subscribed else []
    talk = Talk(*answers, {"c1": {"user": "ann"}}, options=rules, user=user)
    if subscribed:
        talk.say(id=2, subscribe={"channel": "a"})
    assert error_of(talk.say(id=3, **{method: {"channel": "a"}})) == (0 if may else 103)


def test_coming_and_going_is_shown_with_what_the_tokens_say() -> None:
    claims = SubscriptionClaims("ann", "a", info={"slot": 1})
    rules = replace(OPEN, presence=True, join_leave=True)
    talk = Talk(claims, Joined(0, "e"), options=rules)
    talk.say(id=2, subscribe={"channel": "a", "token": "s"})
    talk.say(id=3, unsubscribe={"channel": "a"})
    info = b'{"user":"ann","client":"c1","chan_info":{"slot":1}}'
    seen = Appearance("c1", info, is_present=True, is_announced=True)
    assert talk.effects[2:] == [Appear("a", seen), Leave("a", seen)]


def test_a_connection_that_ends_leaves_all_its_channels() -> None:
    talk = Talk(Joined(0, "e"), Joined(0, "e"))
    talk.say(id=2, subscribe={"channel": "a"})
    talk.say(id=3, subscribe={"channel": "b"})
    assert talk.session.end() == [Leave("a"), Leave("b")]
    assert talk.session.end() == []


# what a token changes


def test_a_token_may_override_the_options_of_its_channel() -> None:
    rules = replace(OPEN, force_recovery=False)
    for value in (True, False):
        claims = SubscriptionClaims("ann", "a", overrides=(("force_recovery", value),))
        talk = Talk(claims, Joined(3, "e"), options=rules)
        result = talk.result(id=2, subscribe={"channel": "a", "token": "s"})["subscribe"]
        assert result.get("recoverable", False) is value


def test_a_token_may_have_data_for_the_subscriber() -> None:
    claims = SubscriptionClaims("ann", "a", data={"slot": 1})
    talk = Talk(claims, Joined(3, "e"))
    result = talk.result(id=2, subscribe={"channel": "a", "token": "s"})["subscribe"]
    assert result["data"] == {"slot": 1}


@pytest.mark.parametrize(("channel", "error"), [("n-1", 0), ("n-x", 102), ("$n-x", 102)])
def test_a_channel_has_to_look_as_its_namespace_says(channel: str, error: int) -> None:
    talk = Talk(Joined(0, "e"), options=replace(OPEN, channel_regex=r"^n-\d+$"))
    assert error_of(talk.say(id=2, subscribe={"channel": channel})) == error


# what the server decides


SIGNED_IN = ConnectionClaims(
    "ann", session="s1", subscriptions=(ServerSubscription("news", data={"n": 1}),)
)


def test_server_side_subscriptions_begin_with_the_connect() -> None:
    talk = Talk(SIGNED_IN, [Joined(9, "e", [(9, b'{"data":9}')])], is_connected=False)
    held = {"news": {"recover": True, "offset": 8, "epoch": "e"}}
    assert talk.result(id=1, connect={"token": "t", "subs": held})["connect"]["subs"] == {
        "news": {
            "recoverable": True, "positioned": True, "epoch": "e", "offset": 8,
            "was_recovering": True, "recovered": True,
            "publications": [{"data": 9, "offset": 9}], "data": {"n": 1},
        }
    }  # fmt: skip
    assert talk.effects[1:] == [JoinAll((Join("news", OPEN, StreamPosition(8, "e"), False),))]
    assert talk.session.session == "s1"


@pytest.mark.parametrize(
    ("answers", "options", "admits", "expected"),
    [
        ([SIGNED_IN, codes.INTERNAL], {}, None, 100),
        ([SIGNED_IN], {"channel_regex": "^x"}, None, 102),
        ([SIGNED_IN], {}, codes.CONNECTION_LIMIT, codes.CONNECTION_LIMIT),
    ],
)
def test_a_connect_that_cannot_have_its_channels_is_refused_with_nothing_left_behind(
    answers: list[Any],
    options: dict[str, Any],
    admits: codes.Close | None,
    expected: int | codes.Close,
) -> None:
    rules = replace(OPEN, **options)
    talk = Talk(*answers, options=rules, admits=admits, is_connected=False)
    outcome = talk.say(id=1, connect={"token": "t"})
    assert (outcome if isinstance(expected, codes.Close) else error_of(outcome)) == expected
    assert not talk.session.is_connected
    assert talk.session.subscriptions == {}


def test_a_lost_place_in_a_server_side_subscription_ends_the_connection() -> None:
    talk = Talk(SIGNED_IN, [Joined(9, "e")], is_connected=False)
    talk.say(id=1, connect={"token": "t"})
    lost = talk.hear(talk.session.end_subscription("news", codes.INSUFFICIENT))
    assert lost == codes.INSUFFICIENT_STATE


def test_the_server_puts_a_client_into_a_channel_once() -> None:
    talk = Talk(Joined(3, "e"))
    command = control_commands.Subscribe(user="ann", channel="a", data={"n": 1})
    outcome = talk.hear(talk.session.apply(command, 1.0))
    assert isinstance(outcome, Answer)
    assert json.loads(outcome.message)["push"] == {
        "channel": "a",
        "subscribe": {
            "recoverable": True, "positioned": True, "epoch": "e", "offset": 3,
            "data": {"n": 1},
        },
    }  # fmt: skip
    assert talk.hear(talk.session.apply(command, 1.0)) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (control_commands.Refresh(user="ann", is_expired=True), codes.CONNECTION_EXPIRED),
        (control_commands.Subscribe(user="ann", channel="b"), codes.CHANNEL_LIMIT),
    ],
)
def test_a_control_command_may_end_the_connection(
    command: control_commands.Subscribe | control_commands.Refresh, expected: codes.Close
) -> None:
    talk = Talk(Joined(3, "e"), channel_limit=1)
    talk.say(id=2, subscribe={"channel": "a"})
    assert talk.hear(talk.session.apply(command, 1.0)) == expected


@pytest.mark.parametrize(
    "command",
    [
        control_commands.Disconnect(user="ann", session="s", whitelist=("c1", "c2"), code=4000),
        control_commands.Subscribe(
            user="ann",
            channel="a",
            since=StreamPosition(3, "e"),
            overrides=(("presence", True),),
        ),
        control_commands.Unsubscribe(user="ann", client="c", channel="a"),
        control_commands.Refresh(user="ann", lifetime=5.0),
    ],
)
def test_a_control_command_travels_unchanged(command: control_commands.ControlCommand) -> None:
    told = json.dumps(control_commands.as_json(command))
    assert control_commands.from_json(json.loads(told)) == command


@pytest.mark.parametrize(
    "message", [{}, {"command": "fly"}, {"command": "refresh"}, {"command": "refresh", "x": 1}]
)
def test_what_is_no_order_is_unreadable(message: dict[str, Any]) -> None:
    with pytest.raises(control_commands.Unreadable):
        control_commands.from_json(message)
