import asyncio

import pytest
from service_kit.tasks import background, heed_cancellation, repeat, rest


async def test_work_ends_with_its_block():
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with background(work(), name="work"):
        await asyncio.sleep(0)
    assert ended == [True]


async def test_a_swallowed_cancellation_is_repeated():
    async def work():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        async with background(work(), name="work"):
            await asyncio.sleep(0)


async def test_failed_work_is_told_when_the_block_ends():
    async def work():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        async with background(work(), name="work"):
            await asyncio.sleep(0)


async def test_a_loop_ends_at_once_although_its_cancellation_was_swallowed():
    rested = []

    async def work():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heed_cancellation()
            rested.append(True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert rested == []


async def test_a_pause_is_none_after_a_swallowed_cancellation():
    async def work():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await rest(3600)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=30)
    assert task.cancelled()


async def test_failing_work_is_repeated_after_longer_pauses_until_it_succeeds():
    ends = [OSError(), OSError(), OSError(), None, OSError(), ValueError("of ours")]
    told = []

    async def work():
        if error := ends.pop(0):
            raise error

    def on_error(error, pause):
        told.append(pause)

    with pytest.raises(ValueError, match="of ours"):
        await repeat(work, every=0.01, longest=0.03, errors=(OSError,), on_error=on_error)
    assert told == [0.02, 0.03, 0.03, 0.02]


async def test_without_a_longest_pause_all_are_the_same():
    ends, told = [OSError(), OSError(), asyncio.CancelledError()], []

    async def work():
        raise ends.pop(0)

    with pytest.raises(asyncio.CancelledError):
        await repeat(work, every=0.01, on_error=lambda _, pause: told.append(pause))
    assert told == [0.01, 0.01]
