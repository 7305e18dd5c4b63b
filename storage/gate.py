"""Who decides whether the database is called at all: a small hook, since this room knows no breakers."""

from __future__ import annotations

from typing import Protocol

from reeld.domain.errors import DatabaseUnavailable


class Gate(Protocol):
    """Stands before every call of a `Database`, and hears of those that failed. Its methods neither block nor wait."""

    def require_open(self) -> None:
        """Let a call through, or refuse it at once. It is asked before each call: it must cost next to nothing.

        Raises:
            DatabaseUnavailable: The server is known to be away.
        """

    def call_failed(self, error: DatabaseUnavailable) -> None:
        """Hear that a call could not be served."""

    def connecting_failed(self, sentence: str) -> None:
        """Hear that a connection could not be opened, in the server's or the system's own words."""

    def try_again(self) -> None:
        """Hear that somebody expects the server to be back: look at once, whatever was to be waited for."""
