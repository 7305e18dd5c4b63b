"""What is known of reeld's health: results that somebody else keeps fresh, so that a probe never waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum


class Status(StrEnum):
    """The words of the health+json draft (draft-inadarei-api-health-check-06)."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    """It works, less well, and says what does not."""
    FAIL = "fail"


_WORST = (Status.PASS, Status.WARN, Status.FAIL)


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: `component:measurement`, such as `database:answers`.
        kind: `component`, `datastore` or `system`.
        sentence: What is the matter and what to do; empty when all is well.
        observed: The value that was seen, in `unit`.
        since: Since when the status is what it is (UTC); what a check says itself counts.
        at: When it was checked last (UTC).
        last_success: When it last passed (UTC); None when it never did. A check that knows better, from rows, says
            so itself.
        is_figure: Whether no metric tells its status, because it only ever passes, or is as its breaker's check is.
    """

    name: str
    status: Status
    kind: str = "component"
    sentence: str = ""
    observed: float | str | None = None
    unit: str = ""
    since: datetime | None = None
    at: datetime | None = None
    last_success: datetime | None = None
    is_figure: bool = False


class HealthBoard:
    """The latest result of every check."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def post(self, checks: Iterable[Check]) -> None:
        """Put new results up in place of all old ones; what still holds keeps its `since`."""
        now = datetime.now(UTC)
        posted: dict[str, Check] = {}
        for check in checks:
            before = self._checks.get(check.name)
            last_success = before.last_success if before else None
            if check.status is Status.PASS:
                last_success = now
            unchanged = before.since if before and before.status is check.status else now
            posted[check.name] = replace(
                check,
                at=now,
                since=check.since or unchanged,
                last_success=check.last_success or last_success,
            )
        self._checks = posted

    def checks(self) -> tuple[Check, ...]:
        """Return every result, by name."""
        return tuple(self._checks[name] for name in sorted(self._checks))

    @property
    def status(self) -> Status:
        """The worst status of all; a warning while nothing was checked yet."""
        if not self._checks:
            return Status.WARN
        return max((check.status for check in self._checks.values()), key=_WORST.index)
