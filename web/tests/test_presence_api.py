"""Who has a note open: names for people who are signed in, cheap whatever the crowd."""

import asyncio

import pytest
from fake_backends import ANA, BEN
from notes_web.clients.gateway import GatewayClient
from notes_web.clients.http import Unreachable
from notes_web.presence import SHOWN, Presence


def client(user="", name=None):
    return {"user": user, "client": "c"} | ({"conn_info": {"name": name}} if name else {})


@pytest.fixture
def crowd(backends):
    backends.gateway.present = {
        "notes:menu": [client("ana-id", "Ana"), client("ben-id", "Ben"), client(), client()],
        "writing:menu": [client("ben-id", "Ben")],
    }
    return backends


async def test_the_others_are_named_and_guests_are_counted(browse, crowd):
    told = (await browse(ANA).get("/live/notes/menu/present")).response.json()
    assert told == {
        "people": [{"name": "Ben", "writing": True}],
        "more": 0,
        "guests": 2,
        "poll_after": 8,
        "again": 8,
    }


async def test_no_account_id_is_told(browse, crowd):
    assert "-id" not in (await browse(BEN).get("/live/notes/menu/present")).text


async def test_guests_are_told_nothing(browse, crowd):
    answer = await browse().get("/live/notes/menu/present")
    assert (answer.status, "Ben" in answer.text) == (401, False)


async def test_two_windows_of_one_person_are_one_person(browse, backends):
    backends.gateway.present = {"notes:menu": [client("ben-id", "Ben")] * 3}
    told = (await browse(ANA).get("/live/notes/menu/present")).response.json()
    assert (told["people"], told["more"]) == ([{"name": "Ben", "writing": False}], 0)


async def test_a_gateway_that_is_away_is_told_as_such(browse, crowd):
    crowd.gateway.is_away = True
    assert (await browse(ANA).get("/live/notes/menu/present")).status == 503


class CountingGateway(GatewayClient):
    """A crowd of so many, and how often it was asked about."""

    def __init__(self, size: int) -> None:
        self.size, self.asked, self.is_away = size, 0, False

    async def present(self, channel):
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise Unreachable("realtime-gateway", "away")
        size = self.size if channel.startswith("notes:") else 0
        return [client(f"u{number}", f"P{number}") for number in range(size)]


async def test_promise_a_crowd_asks_a_bounded_number_of_times_and_shares_the_answers():
    """1,000 windows: 20 questions a second at most, and one read of the gateway for 2 s."""
    clock = [0.0]
    gateway = CountingGateway(1000)
    presence = Presence(gateway, now=lambda: clock[0])
    told = (await presence.at("menu")).as_seen_by("u1")
    assert (len(told["people"]), told["more"], told["poll_after"]) == (SHOWN, 999 - SHOWN, 50)
    for _ in range(1000):
        await presence.at("menu")
    assert gateway.asked == 2  # readers and writers, once
    clock[0] = 2.1
    await presence.at("menu")
    assert gateway.asked == 4


async def test_many_who_ask_at_once_share_one_question():
    gateway = CountingGateway(3)
    presence = Presence(gateway, now=lambda: 0.0)
    await asyncio.gather(*(presence.at("menu") for _ in range(100)))
    assert gateway.asked == 2


async def test_a_gateway_that_could_not_answer_is_left_in_peace_for_a_while():
    clock = [0.0]
    gateway = CountingGateway(3)
    presence = Presence(gateway, now=lambda: clock[0])
    gateway.is_away = True
    for _ in range(10):
        with pytest.raises(Unreachable):
            await presence.at("menu")
    assert gateway.asked == 2
    gateway.is_away, clock[0] = False, 10.0
    assert len((await presence.at("menu")).people) == 3


async def test_as_few_notes_are_remembered_as_there_is_room_for():
    presence = Presence(CountingGateway(1), now=lambda: 0.0, room=10)
    for number in range(50):
        await presence.at(f"n{number}")
    assert len(presence._answers) == 10
