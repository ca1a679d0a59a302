"""A server of asyncio's beside tests that are not: on a loop and a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def on_a_loop(serving: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What `serving` yields, while it serves on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(step: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(step, loop).result(20)

    try:
        yield run(serving.__aenter__())
        run(_ended(serving))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(serving: AbstractAsyncContextManager[Any]) -> None:
    await serving.__aexit__(None, None, None)
    await asyncio.sleep(0.2)  # connections see their end
