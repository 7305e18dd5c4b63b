"""Small hooks through which the database tells what it does. The composition root connects them to metrics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TransactionOutcome(StrEnum):
    """How a transaction ended."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    """Its block raised, or was cancelled."""
    FAILED = "failed"
    """The database did not answer in time, or refused; the outcome may be unknown."""


class PoolError(StrEnum):
    """What can go wrong with the pool."""

    TIMEOUT = "timeout"
    """Nobody got a connection in time."""
    CONNECT = "connect"
    """No connection could be opened."""
    LOST = "lost"
    """A connection ended that was not asked to."""


class StageOutcome(StrEnum):
    """How an acquisition left a stage."""

    OK = "ok"
    FAILED = "failed"
    BACK = "back"
    """To an earlier one, because what was done is gone."""


@dataclass(frozen=True, slots=True)
class StageLeft:
    """That an acquisition left a stage; told once the transaction has committed.

    Attributes:
        seconds: How long it was in the stage.
        downloaded_in: Seconds since the client was seen to have it, when its download is complete now.
    """

    stage: str
    outcome: StageOutcome
    seconds: float
    downloaded_in: float | None = None


class Observer(Protocol):
    """Is told what the database does. Every method is quick and never raises."""

    def statement_ended(self, repository: str, seconds: float) -> None:
        """A call of `Database` ended, well or badly, after `seconds` (with its wait for a connection)."""

    def transaction_ended(self, outcome: TransactionOutcome) -> None:
        """A transaction of `Database` ended."""

    def stage_left(self, left: StageLeft) -> None:
        """An acquisition left a stage, in a transaction that has committed."""

    def failed(self, sqlstate_class: str) -> None:
        """A call failed: the first two characters of the SQLSTATE, or `client` when the server said none."""

    def pool_failed(self, kind: PoolError) -> None:
        """Something went wrong with the pool."""

    def availability_changed(self, available: bool) -> None:
        """The server could, or could not, be reached when a connection was opened."""


class NullObserver:
    """Listens to nothing."""

    def statement_ended(self, repository: str, seconds: float) -> None:
        """Ignore it."""

    def transaction_ended(self, outcome: TransactionOutcome) -> None:
        """Ignore it."""

    def stage_left(self, left: StageLeft) -> None:
        """Ignore it."""

    def failed(self, sqlstate_class: str) -> None:
        """Ignore it."""

    def pool_failed(self, kind: PoolError) -> None:
        """Ignore it."""

    def availability_changed(self, available: bool) -> None:
        """Ignore it."""
