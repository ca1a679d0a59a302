"""What is deleted and renewed four times an hour, for as long as the service runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

_SECONDS: Final = 15 * 60


async def keep_house(chores: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do all chores four times an hour until cancelled; a failure is logged, never fatal."""
    while True:
        await asyncio.sleep(_SECONDS)
        try:
            for chore in chores:
                await chore()
        except (SQLAlchemyError, OSError) as error:
            log.warning("housekeeping failed, again in a while: %s", type(error).__name__)
