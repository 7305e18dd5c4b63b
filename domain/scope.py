"""What an API key allows."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Each allows what the one before it does."""

    READ = "read"
    """To look."""
    OPERATE = "operate"
    """To do what a restart undoes, and what the pipeline does by itself: pause, restart, retry, search."""
    ADMIN = "admin"
    """To throw away, to break on purpose, and to say who may do what."""

    def allows(self, wanted: Scope) -> bool:
        """Whether a key of this scope may do what asks for another."""
        order = tuple(Scope)
        return order.index(self) >= order.index(wanted)
