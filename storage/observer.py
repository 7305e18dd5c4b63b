"""Small hooks through which the database tells what it does. The composition root connects them to metrics."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Is told what the database does. Every method is quick and never raises."""

    def statement_ended(self, repository: str, seconds: float) -> None:
        """A call of `Database` ended, well or badly, after `seconds` (with its wait for a connection)."""

    def failed(self, sqlstate_class: str) -> None:
        """A call failed: the first two characters of the SQLSTATE, or `client` when the server said none."""

    def availability_changed(self, available: bool) -> None:
        """The server could, or could not, be reached when a connection was opened."""


class NullObserver:
    """Listens to nothing."""

    def statement_ended(self, repository: str, seconds: float) -> None:
        """Ignore it."""

    def failed(self, sqlstate_class: str) -> None:
        """Ignore it."""

    def availability_changed(self, available: bool) -> None:
        """Ignore it."""
