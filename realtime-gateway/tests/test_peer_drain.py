"""A proxy that is about to stop has its clients sent away first, on every node."""

import asyncio
from typing import Any

import httpx
from gateway_process import GatewayProcess, StartGateway, insecure
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

CLIENTS = 40


def options(**shutdown: Any) -> dict[str, Any]:
    return insecure() | {"shutdown": {"peer_drain": True, **shutdown}}


async def _end(client: ClientConnection) -> tuple[int, float]:
    """Its close code, and when."""
    async with asyncio.timeout(20):
        await client.wait_closed()
    return client.close_code or 0, asyncio.get_running_loop().time()


async def _come(node: GatewayProcess, source: str = "127.0.0.1") -> ClientConnection:
    client = await connect(node.ws_url, local_addr=(source, 0))
    await client.send('{"id":1,"connect":{}}')
    await client.recv()
    return client


async def _is_refused(node: GatewayProcess) -> bool:
    try:
        await (await _come(node)).close()
    except InvalidStatus as refused:
        return refused.response.status_code == 503
    return False


async def _drain(node: GatewayProcess, **headers: str) -> int:
    async with httpx.AsyncClient(timeout=20) as http:
        return (await http.post(f"{node.http_url}/drain", headers=headers)).status_code


async def test_who_came_through_a_proxy_that_stops_is_sent_away_spread_on_every_node(
    start_gateway: StartGateway,
) -> None:
    first, second = start_gateway(options()).wait_ready(), start_gateway(options()).wait_ready()
    clients = [await _come(node) for node in (first, second) for _ in range(CLIENTS)]
    stays = await _come(first, source="127.0.0.2")
    ends = [asyncio.create_task(_end(client)) for client in clients]
    assert await _drain(first) == 204
    told = await asyncio.gather(*ends)
    assert {code for code, _ in told} == {3001}
    ours = [when for _, when in told[:CLIENTS]]
    assert max(ours) - min(ours) > 0.5 * CLIENTS * 0.005
    await stays.send('{"id":2,"ping":{}}')
    assert await stays.recv()
    await stays.close()


async def test_nobody_is_let_in_from_there_until_it_has_stopped(
    start_gateway: StartGateway,
) -> None:
    node = start_gateway(options()).wait_ready()
    client = await _come(node)
    assert await _drain(node) == 204
    assert await _is_refused(node)
    while await _is_refused(node):  # noqa: ASYNC110 - for a moment
        await asyncio.sleep(0.1)
    await client.close()


async def test_only_a_proxy_itself_may_ask_for_it_and_only_where_it_is_wanted(
    start_gateway: StartGateway, gateway: GatewayProcess
) -> None:
    node = start_gateway(options()).wait_ready()
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert await _drain(node, **{header: "127.0.0.1"}) == 403
    assert not await _is_refused(node)
    assert await _drain(gateway) == 404
