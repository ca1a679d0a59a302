"""Background work that cannot outlive the block that started it.

A cancellation is only a request: `asyncio.wait_for` of Python 3.11 swallows one that comes as
its inner task ends, and redis-py sends through it. So it is repeated until the task has ended.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Run `work` for the length of the block, then cancel it and wait for its end.

    If the work failed, leaving the block raises its error.
    """
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await end([task])
        if not task.cancelled():
            task.result()


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel the tasks every second until all have ended; what they raise is ignored."""
    waiting: Collection[asyncio.Task[Any]] = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        ended, waiting = await asyncio.wait(waiting, timeout=1.0)
        for task in ended:
            task.cancelled() or task.exception()  # seen, so that nobody warns of it


def heed_cancellation() -> None:
    """Raise the cancellation that something awaited before has swallowed.

    For loops that are about to wait: they end now, not when it is repeated.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def rest(seconds: float) -> None:
    """Sleep in a loop that runs until cancelled; a cancellation swallowed before is raised."""
    heed_cancellation()
    await asyncio.sleep(seconds)


async def repeat(
    work: Callable[[], Awaitable[None]],
    *,
    every: float,
    on_error: Callable[[Exception, float], None],
    longest: float = 0.0,
    errors: tuple[type[Exception], ...] = (Exception,),
) -> None:
    """Call `work` until cancelled, `every` seconds after it has ended.

    After one of `errors` it is called again, after pauses that are twice as long each time, of
    up to `longest` seconds; `on_error` gets the error and the pause. Other errors are raised.
    """
    pause = every
    while True:
        try:
            await work()
            pause = every
        except errors as error:
            pause = max(every, min(2 * pause, longest))
            on_error(error, pause)
        await rest(pause)
