"""Promise 4: a slow or hostile client cannot slow the others, nor grow memory without bound."""

import asyncio
import contextlib
import socket

import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from raw_client import RawClient
from realtime_gateway.config.options import MESSAGE_SIZE
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode


class DeafClient:
    """Subscribes and then never reads."""

    def __init__(self, gateway: GatewayProcess, channel: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self._socket.connect(("127.0.0.1", gateway.port))
        self._socket.sendall(
            b"GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        commands = (
            f'{{"id":1,"connect":{{}}}}\n{{"id":2,"subscribe":{{"channel":"{channel}"}}}}'
        )
        self._socket.sendall(Frame(Opcode.TEXT, commands.encode()).serialize(mask=True))

    def close(self) -> None:
        self._socket.close()


async def test_a_client_that_does_not_read_is_cut_off_and_its_memory_given_back(
    start_gateway: StartGateway,
) -> None:
    # No pings: on a busy machine those would end the deaf ones first, with another code.
    gateway = start_gateway(insecure(ping_interval="1h")).wait_ready()
    async with RawClient(gateway.ws_url) as good, contextlib.AsyncExitStack() as deaf:
        await good.connect()
        await good.subscribe("news")
        before = gateway.memory
        for _ in range(50):
            deaf.callback(DeafClient(gateway, "news").close)
        async with asyncio.timeout(30):
            while gateway.metric("client_subscriptions_inflight") < 51:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for number in range(120):
            await asyncio.to_thread(gateway.publish, "news", {"n": number, "x": "x" * 60_000})
            assert (await good.publication())["data"]["n"] == number
        async with asyncio.timeout(30):
            while gateway.metric("client_connections_inflight") > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert gateway.metric("client_num_server_disconnects_total", code="3008") == 50
        async with asyncio.timeout(30):
            while gateway.memory - before > 30_000_000:  # noqa: ASYNC110 - 50 buffers of 1 MiB
                await asyncio.sleep(0.05)


async def test_too_large_a_message_ends_the_connection_with_1009(
    gateway: GatewayProcess,
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.send(" " * (MESSAGE_SIZE + 1))
        assert (await client.closed())[0] == 1009


async def test_too_large_a_message_in_small_pieces_ends_it_too(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.send(["x" * 2560] * 110)
        assert (await client.closed())[0] == 1009


async def test_text_that_is_no_utf8_ends_the_connection_with_1007(
    gateway: GatewayProcess,
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.send(b"\xff\xfe", text=True)
        assert (await client.closed())[0] == 1007


async def test_an_unmasked_frame_ends_the_connection_with_1002(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        client.socket.transport.write(Frame(Opcode.TEXT, b"{}").serialize(mask=False))
        assert (await client.closed())[0] == 1002


async def test_a_flood_of_pings_ends_the_connection_with_1008(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for number in range(200):
            client.socket.transport.write(
                Frame(Opcode.PING, str(number).encode()).serialize(mask=True)
            )
        assert (await client.closed())[0] == 1008


async def test_a_polite_goodbye_is_answered(gateway: GatewayProcess) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.socket.close(4001, "bye")
        assert client.socket.close_code == 4001


async def test_impatient_commands_are_all_answered_in_order(
    gateway: GatewayProcess, channel: str
) -> None:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for frame in range(36):  # a client's allowance is 1,000 units at once
            await client.send(
                *(
                    {"id": 2 + frame * 25 + n, "publish": {"channel": channel, "data": n}}
                    for n in range(25)
                )
            )
        ids = [(await client.receive(20))["id"] for _ in range(900)]
    assert ids == list(range(2, 902))


@pytest.mark.parametrize("count", [300])
async def test_connections_leave_nothing_behind(
    start_gateway: StartGateway, count: int
) -> None:
    gateway = start_gateway(insecure()).wait_ready()

    async def come_and_go(ending: str) -> None:
        async with RawClient(gateway.ws_url) as client:
            await client.connect()
            await client.subscribe("news")
            if ending == "bad":
                await client.socket.send("nonsense")
                await client.closed()
            elif ending == "cut":
                client.socket.transport.abort()

    for ending in ("good", "bad", "cut") * 2:
        await asyncio.gather(*(come_and_go(ending) for _ in range(count // 3)))
    async with asyncio.timeout(30):
        while gateway.metric("client_connections_inflight"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert gateway.metric("client_subscriptions_inflight") == 0


async def test_over_the_rate_of_connections_a_client_is_told_to_come_later(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(insecure(connection_rate_limit=5)).wait_ready()

    async def come() -> str:
        try:
            async with RawClient(gateway.ws_url):
                return "101"
        except InvalidStatus as refused:
            return f"{refused.response.status_code} {refused.response.headers['Retry-After']}"

    statuses = await asyncio.gather(*(come() for _ in range(40)))
    assert set(statuses) == {"101", "503 5"}
    refused = gateway.metric("client_handshakes_refused_total", status="503")
    assert refused == statuses.count("503 5")
