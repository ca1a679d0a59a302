"""What the gateway offers, as the official SDKs for JavaScript and Python see it, in JSON and
in protobuf. Connecting, recovering and bursts: test_sdk_*.py and test_protobuf.py.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import official_sdks
import pytest
import python_sdk
from cuttable import relay
from gateway_process import KEEP, GatewayProcess, insecure
from local_stack.valkey import Valkey
from official_sdks import Facts, Member, Refused

SECRET = "a secret of at least thirty-two bytes"
OPEN = {
    "allow_subscribe_for_client": True,
    "allow_publish_for_subscriber": True,
    "allow_history_for_subscriber": True,
    "allow_presence_for_subscriber": True,
}


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Path
) -> Iterator[GatewayProcess]:
    valkey = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    valkey.start()
    options = insecure(
        insecure=False,
        token={"hmac_secret_key": SECRET},
        subscribe_to_user_personal_channel={"enabled": True},
        expired_close_delay="500ms",
        expired_sub_close_delay="2s",
    )
    options["channel"]["namespaces"] = [
        {"name": "kept", **OPEN, **KEEP, "history_size": 5},
        {"name": "room", **OPEN, "presence": True, "join_leave": True},
        {"name": "told", **OPEN, "presence": True, "join_leave": True,
         "force_push_join_leave": True},
    ]  # fmt: skip
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), options, valkey.url)
    yield gateway.wait_ready()
    gateway.kill()
    valkey.stop()


SDKS: dict[str, Any] = {"js": official_sdks.javascript, "python": python_sdk.python}


@pytest.fixture(params=[(sdk, way) for sdk in SDKS for way in ("json", "protobuf")],
                ids="-".join)  # fmt: skip
def sdk(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


Come = Callable[..., contextlib.AbstractAsyncContextManager[Member]]


@pytest.fixture
def come(sdk: tuple[str, str], gateway: GatewayProcess) -> Come:
    """`async with come(user, **claims) as member`: a member by the SDK, connected."""
    name, encoding = sdk

    @contextlib.asynccontextmanager
    async def coming(
        user: str = "ann",
        *,
        lifetime: Callable[[str | None], float | None] = lambda channel: None,
        state: official_sdks.State | None = None,
        url: str = gateway.ws_url,
        **claims: Any,
    ) -> AsyncIterator[Member]:
        def token(channel: str | None) -> str:
            own: Facts = {"sub": user, **(claims if channel is None else {"channel": channel})}
            seconds = lifetime(channel)
            if seconds is not None:
                own["exp"] = int(time.time() + seconds)
            return jwt.encode(own, SECRET)

        async with SDKS[name](url, encoding, token, state) as member:
            await member.connect()
            yield member

    return coming


@pytest.fixture
def user() -> str:
    return f"u-{secrets.token_hex(4)}"


async def test_presence_tells_who_is_there_and_what_their_tokens_say(
    come: Come, channel: str
) -> None:
    room = f"room:{channel}"
    async with come("ann", info={"name": "Ann"}) as ann, come("bob") as bob:
        await ann.subscribe(room)
        await bob.subscribe(room)
        assert await ann.ask("presence", room) == {
            ann.id: {"client": ann.id, "user": "ann", "conn_info": {"name": "Ann"}},
            bob.id: {"client": bob.id, "user": "bob"},
        }
        counted = await bob.ask("presence_stats", room)
        assert counted == {"num_clients": 2, "num_users": 2}
        await ann.ask("unsubscribe", room)
        assert (await ann.event("unsubscribed", channel=room))["code"] == 0
        with pytest.raises(Refused) as refusal:
            await ann.ask("presence", room)
        assert refusal.value.code == 103
        counted = await bob.ask("presence_stats", room)
        assert counted == {"num_clients": 1, "num_users": 1}


@pytest.mark.parametrize(
    ("namespace", "wishes"), [("told", {}), ("room", {"joinLeave": True})], ids=["all", "asked"]
)
async def test_members_are_told_who_joins_and_leaves(
    come: Come, channel: str, namespace: str, wishes: Facts
) -> None:
    room = f"{namespace}:{channel}"
    async with come("ann") as ann:
        await ann.subscribe(room, **wishes)
        async with come("bob", info={"name": "Bob"}) as bob:
            await bob.subscribe(room)
            who = {"client": bob.id, "user": "bob", "conn_info": {"name": "Bob"}}
            await ann.event("join", side="client", channel=room, info=who)
        await ann.event("leave", side="client", channel=room, info=who)


async def test_history_has_a_limit_a_beginning_and_a_direction(
    come: Come, gateway: GatewayProcess, channel: str
) -> None:
    room = f"kept:{channel}"
    places = [gateway.publish(room, number) for number in range(1, 8)]
    epoch = places[0]["epoch"]

    async def listed(**given: Any) -> list[int]:
        page = await ann.ask("history", room, **given)
        assert (page["offset"], page["epoch"]) == (7, epoch)
        assert all(each["data"] == each["offset"] for each in page["publications"])
        return [each["offset"] for each in page["publications"]]

    async with come() as ann:
        await ann.subscribe(room)
        assert await listed(limit=0) == []
        assert await listed(limit=-1) == [3, 4, 5, 6, 7]
        assert await listed(limit=2) == [3, 4]
        assert await listed(limit=2, reverse=True) == [7, 6]
        since = {"offset": 4, "epoch": epoch}
        assert await listed(limit=2, since=since) == [5, 6]
        assert await listed(limit=-1, since=since, reverse=True) == [3]
        with pytest.raises(Refused) as refusal:
            await ann.ask("history", room, limit=1, since={"offset": 4, "epoch": "other"})
        assert refusal.value.code == 112


async def test_a_publication_says_who_published_it_unless_the_server_did(
    come: Come, gateway: GatewayProcess, channel: str
) -> None:
    room = f"kept:{channel}"
    async with come("ann") as ann, come("bob", info={"name": "Bob"}) as bob:
        await ann.subscribe(room)
        with pytest.raises(Refused) as refusal:
            await bob.ask("publish", room, data="from outside")
        assert refusal.value.code == 103
        await bob.subscribe(room)
        await bob.ask("publish", room, data={"text": "grüß dich"})
        gateway.publish(room, [1.5, None], tags={"k": "v"})
        who = {"client": bob.id, "user": "bob", "conn_info": {"name": "Bob"}}
        for member in (ann, bob):
            first = await member.event("publication", side="client", channel=room)
            assert (first["data"], first["offset"]) == ({"text": "grüß dich"}, 1)
            assert (first["by"], first["tags"]) == (who, {})
            second = await member.event("publication", side="client", channel=room)
            assert (second["data"], second["offset"]) == ([1.5, None], 2)
            assert (second["by"], second["tags"]) == (None, {"k": "v"})


async def test_a_token_brings_channels_that_are_recovered_like_others(
    come: Come, gateway: GatewayProcess, channel: str, user: str
) -> None:
    one, other = f"kept:{channel}", f"room:{channel}"
    subs = {one: {"data": {"hello": 1}}, other: {}}
    async with come(user, subs=subs) as ann:
        first = [await ann.event("subscribed", side="server") for _ in range(3)]
        assert {each["channel"]: each["data"] for each in first} == {
            one: {"hello": 1}, other: None, f"#{user}": None
        }  # fmt: skip
        gateway.publish(one, 1)
        gateway.publish(other, 2)
        assert await ann.data(one, 1) == [1]
        assert await ann.data(other, 1) == [2]
        gateway.api("disconnect", user=user, disconnect={"code": 3011, "reason": "again"})
        gateway.publish(one, 3)
        back = await ann.event("subscribed", side="server", channel=one)
        assert (back["was_recovering"], back["recovered"]) == (True, True)
        gateway.publish(one, 4)
        assert await ann.data(one, 2) == [3, 4]


async def test_everybody_with_a_name_has_a_channel_of_their_own(
    come: Come, gateway: GatewayProcess, user: str
) -> None:
    async with come(user) as ann, come("bob") as bob:
        await ann.event("subscribed", side="server", channel=f"#{user}")
        gateway.publish(f"#{user}", "for you")
        assert await ann.data(f"#{user}", 1) == ["for you"]
        gateway.publish("#bob", "for bob")
        assert (await bob.event("publication"))["data"] == "for bob"


async def test_the_server_puts_a_user_into_a_channel_and_out_of_it(
    come: Come, gateway: GatewayProcess, channel: str, user: str
) -> None:
    room = f"told:{channel}"
    async with come(user) as ann:
        gateway.api("subscribe", user=user, channel=room, info={"role": "guest"}, data="hi")
        put = await ann.event("subscribed", side="server", channel=room)
        assert put["data"] == "hi"
        me = {"client": ann.id, "user": user, "chan_info": {"role": "guest"}}
        await ann.event("join", side="server", channel=room, info=me)
        assert await ann.ask("presence", room) == {ann.id: me}
        gateway.publish(room, 1)
        assert await ann.data(room, 1) == [1]
        gateway.api("unsubscribe", user=user, channel=room)
        await ann.event("unsubscribed", side="server", channel=room)
        assert gateway.api("presence", channel=room)["result"]["presence"] == {}


async def test_the_server_ends_a_subscription_that_a_client_made(
    come: Come, gateway: GatewayProcess, channel: str, user: str
) -> None:
    room = f"kept:{channel}"
    async with come(user) as ann:
        await ann.subscribe(room)
        gateway.api("unsubscribe", user=user, channel=room)
        over = await ann.event("unsubscribed", side="client", channel=room)
        assert over["code"] == 2000


@pytest.mark.parametrize("how", [{"expired": True}, {"expire_at": 1}], ids=["expired", "end"])
async def test_a_refresh_by_the_server_makes_a_client_come_back_with_another_token(
    come: Come, gateway: GatewayProcess, channel: str, user: str, how: Facts
) -> None:
    room = f"kept:{channel}"
    async with come(user) as ann:
        await ann.subscribe(room)
        gateway.api("refresh", user=user, **how)
        assert (await ann.event("connecting"))["code"] == 3005
        gateway.publish(room, "meanwhile")
        assert await ann.data(room, 1) == ["meanwhile"]


async def test_a_connection_that_the_server_gave_an_end_closes_then(
    come: Come, gateway: GatewayProcess, user: str
) -> None:
    async with come(user) as ann:
        gateway.api("refresh", user=user, expire_at=time.time() + 0.5)
        assert (await ann.event("connecting"))["code"] == 3005
        await ann.event("connected")


async def test_a_channels_own_token_is_refreshed_in_time(
    come: Come, gateway: GatewayProcess, channel: str, user: str
) -> None:
    private = f"$kept:{channel}"
    async with come(user, lifetime=lambda channel: 2 if channel else 60) as ann:
        await ann.subscribe(private, token=True)
        async with asyncio.timeout(30):
            seen = [await ann.happened.get() for _ in range(2)]
        assert seen == [{"event": "token", "channel": private}] * 2  # and no resubscribing
        gateway.publish(private, 1)
        assert await ann.data(private, 1) == [1]


async def test_who_has_no_token_for_a_private_channel_is_refused(
    come: Come, channel: str
) -> None:
    async with come() as ann:
        await ann.ask("subscribe", f"$kept:{channel}")
        refused = await ann.event("unsubscribed", channel=f"$kept:{channel}")
        assert refused["code"] == 103


async def test_who_missed_what_is_no_longer_kept_loads_the_state_again(
    come: Come, gateway: GatewayProcess, channel: str
) -> None:
    room = f"kept:{channel}"
    place = gateway.publish(room, 0)

    def state() -> Facts:
        result: Facts = gateway.api("history", channel=room, limit=0)["result"]
        return {"offset": result["offset"], "epoch": place["epoch"]}

    async with relay(gateway.ws_url) as between, come(state=state, url=between.url) as ann:
        await ann.subscribe(room, state=True)  # which has loaded it once
        gateway.publish(room, 1)
        assert await ann.data(room, 1) == [1]
        between.is_open = False
        between.cut()
        gateway.publish(room, 2)
        gateway.api("history_remove", channel=room)
        between.is_open = True
        await ann.event("state", channel=room)
        await ann.event("subscribed", channel=room)
        gateway.publish(room, 3)
        assert await ann.data(room, 1) == [3]
