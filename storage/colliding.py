"""Transactions that are done again when PostgreSQL ends them in favour of another one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage.connection import TrioConnection
from reeld.storage.database import Database

log = structlog.get_logger("reeld.storage")

TIMES: Final = 3
"""How often a transaction is begun that collides with others."""
_COLLIDED: Final = frozenset({"deadlock", "serialization_failure"})

T = TypeVar("T")


async def committed(database: Database, effect: Callable[[TrioConnection], Awaitable[T]]) -> T:
    """Run an effect in a transaction of its own, and return what it returned once that is committed.

    Args:
        database: The database.
        effect: Changes rows and nothing else: it runs again when the transaction collided with another one.

    Raises:
        DatabaseUnavailable: The database cannot serve now, or the last attempt collided as well.
    """
    left = TIMES
    while True:
        left -= 1
        try:
            async with database.transaction() as conn:
                return await effect(conn)
        except DatabaseUnavailable as error:
            if error.reason not in _COLLIDED or not left:
                raise
            log.info("transaction_collided", reason=error.reason)
