"""What was checked before a wait opens nothing once it is no longer so.

A hash takes its time; meanwhile the password is changed, the account disabled, a second step
switched on. Each test holds a check back just there, and what was begun under old credentials
is tried after they were changed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from signing_in import Someone, join, sign_in, told
from test_two_factor import first_step, second_step, set_up
from users_running import KEY, PASSWORD, Service

pytestmark = pytest.mark.slow

NEW = "another quiet river"
Change = Callable[[Service, Someone], Awaitable[Any]]


@pytest.fixture
async def ivy(people: httpx.AsyncClient) -> Someone:
    await join(people, "boss")
    return await join(people, "ivy")


class Held:
    """One kind of slow work: done, and not yet told."""

    def __init__(self, service: Service, work: str) -> None:
        self._passwords: Any = service.state["credential_check"].passwords
        self._work = work
        self.is_done, self.goes_on = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> "Held":
        real = getattr(self._passwords, self._work)

        async def held(*given: Any, **named: Any) -> Any:
            setattr(self._passwords, self._work, real)  # the next one is as quick as ever
            result = await real(*given, **named)
            self.is_done.set()
            await self.goes_on.wait()
            return result

        setattr(self._passwords, self._work, held)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.goes_on.set()


@asynccontextmanager
async def held(
    service: Service, work: str, begun: Awaitable[httpx.Response]
) -> AsyncIterator["asyncio.Future[httpx.Response]"]:
    """`begun` stands still behind its slow `work` for as long as the block lasts."""
    async with Held(service, work) as hold:
        under_way = asyncio.ensure_future(begun)
        await hold.is_done.wait()
        yield under_way


async def _own_change(service: Service, ivy: Someone) -> None:
    sent = {"old_password": PASSWORD, "new_password": NEW}
    assert (await ivy("PUT", "/v1/account/password", json=sent)).is_success


async def _reset(service: Service, ivy: Someone) -> None:
    link = await ivy.client.post(f"/v1/accounts/{ivy.id}/reset-link", auth=KEY)
    sent = {"token": link.json()["token"], "password": NEW}
    assert (await ivy.client.post("/v1/password-resets", json=sent)).is_success


async def _update(service: Service, ivy: Someone) -> None:
    sent = {"password": NEW}
    assert (await ivy.client.post("/update-user/ivy", json=sent, auth=KEY)).is_success


async def _disable(service: Service, ivy: Someone) -> None:
    path, sent = f"/v1/accounts/{ivy.id}", {"disabled": True}
    assert (await ivy.client.patch(path, json=sent, auth=KEY)).is_success


async def _end_sessions(service: Service, ivy: Someone) -> None:
    path = f"/v1/accounts/{ivy.id}/sessions"
    assert (await ivy.client.delete(path, auth=KEY)).is_success


async def _destroy(service: Service, ivy: Someone) -> None:
    assert (await ivy.client.delete("/destroy/ivy", auth=KEY)).is_success


CHANGES: dict[str, Change] = {
    "own change": _own_change,
    "reset": _reset,
    "update-user": _update,
    "disabled": _disable,
    "sessions ended": _end_sessions,
    "destroyed": _destroy,
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


async def sessions_of(ivy: Someone) -> int:
    found = await ivy.client.get(f"/v1/accounts/{ivy.id}", auth=KEY)
    return int(found.json().get("sessions", 0))


@every_change
async def test_a_sign_in_with_the_old_password_outlives_no_change(
    service: Service, people: httpx.AsyncClient, ivy: Someone, change: Change
) -> None:
    sent = {"username": "ivy", "password": PASSWORD}
    async with held(service, "check", people.post("/v1/sessions", json=sent)) as late:
        await change(service, ivy)
        before = await sessions_of(ivy)
    assert told(await late) == (401, "wrong_credentials")
    assert await sessions_of(ivy) == before


async def test_a_sign_in_that_waits_while_the_second_step_is_switched_on_is_asked_for_it(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    sent = {"username": "ivy", "password": PASSWORD}
    async with held(service, "check", people.post("/v1/sessions", json=sent)) as late:
        await set_up(service, ivy)
    assert set((await late).json()) == {"second_factor"}


@every_change
async def test_a_password_change_of_a_session_that_ended_meanwhile_changes_nothing(
    service: Service, people: httpx.AsyncClient, ivy: Someone, change: Change
) -> None:
    thief = await sign_in(people, "ivy")
    sent = {"old_password": PASSWORD, "new_password": "a thief's own password"}
    begun = thief("PUT", "/v1/account/password", json=sent)
    async with held(service, "hash", begun) as late:
        await change(service, ivy)
    assert told(await late) == (401, "session_ended")
    sent = {"username": "ivy", "password": "a thief's own password"}
    assert (await people.post("/v1/sessions", json=sent)).status_code == 401


async def test_a_session_that_ended_meanwhile_is_not_made_fresh_again(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    other = await sign_in(people, "ivy")
    proof = {"password": PASSWORD}
    begun = other("POST", "/v1/sessions/current/re-authenticate", json=proof)
    async with held(service, "check", begun) as late:
        await ivy("DELETE", "/v1/sessions/others")
    assert told(await late) == (401, "session_ended")


@pytest.mark.parametrize("change", [_disable, _update, _end_sessions])
async def test_a_reset_link_that_is_used_while_it_dies_sets_no_password(
    service: Service, people: httpx.AsyncClient, ivy: Someone, change: Change
) -> None:
    link = await people.post(f"/v1/accounts/{ivy.id}/reset-link", auth=KEY)
    sent = {"token": link.json()["token"], "password": "a stranger's own password"}
    async with held(service, "hash", people.post("/v1/password-resets", json=sent)) as late:
        await change(service, ivy)
    assert told(await late) == (403, "invalid_reset_link")


async def test_sign_ins_without_pause_leave_no_session_behind_a_changed_password(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    is_over = False

    async def keep_signing_in() -> None:
        client = service.client("198.51.100.7")
        while not is_over:
            sent = {"username": "ivy", "password": PASSWORD}
            await client.post("/v1/sessions", json=sent)

    loops = [asyncio.create_task(keep_signing_in()) for _ in range(4)]
    try:
        await asyncio.sleep(0)
        await _update(service, ivy)
    finally:
        is_over = True
        await asyncio.gather(*loops)
    assert await sessions_of(ivy) == 0


@every_change
async def test_a_second_step_begun_before_a_change_opens_nothing(
    service: Service, people: httpx.AsyncClient, ivy: Someone, change: Change
) -> None:
    _, codes = await set_up(service, ivy)
    begun = await first_step(people)
    await change(service, ivy)
    done = await second_step(people, begun["token"], codes[0])
    assert told(done) == (403, "two_factor_challenge_ended")


@every_change
async def test_links_made_before_a_change_open_nothing(
    service: Service, people: httpx.AsyncClient, ivy: Someone, change: Change
) -> None:
    at = f"/v1/accounts/{ivy.id}"
    in_link = (await people.post(f"{at}/sign-in-link", auth=KEY)).json()["token"]
    reset = None
    if change is not _reset:  # making a link ends the one before
        reset = (await people.post(f"{at}/reset-link", auth=KEY)).json()["token"]
    await change(service, ivy)
    entered = await people.post("/v1/sessions/link", json={"token": in_link})
    assert told(entered) == (403, "invalid_sign_in_link")
    sent = {"token": reset or "x" * 43, "password": "yet another river"}
    refused = await people.post("/v1/password-resets", json=sent)
    assert told(refused) == (403, "invalid_reset_link")


async def test_a_reset_link_of_a_disabled_account_sets_no_password(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    await _disable(service, ivy)
    link = (await people.post(f"/v1/accounts/{ivy.id}/reset-link", auth=KEY)).json()["token"]
    refused = await people.post("/v1/password-resets", json={"token": link, "password": NEW})
    assert told(refused) == (403, "invalid_reset_link")
