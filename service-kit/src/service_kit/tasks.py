"""Background work that cannot outlive the block that started it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Run `work` for the length of the block, then cancel it and wait for its end.

    If the work failed, leaving the block raises what it raised.
    """
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        # Again and again: Python 3.11's asyncio can swallow a cancellation during connect.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=1.0)
        if not task.cancelled():
            task.result()
