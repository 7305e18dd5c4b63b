"""The circuit breaker of a service as the API shows it beside what it guards."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.http.surface import Surface


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A circuit breaker.

    Attributes:
        state: `closed` while calls pass; `open`, `half_open`, `forced_open` or `disabled`.
        reason: Why it is not closed, machine-readable; empty when closed.
        sentence: Why it is not closed, and what to do, for a person; empty when closed.
        retry_in: Seconds until it lets a call through to try; null when it lets all through or waits for a person.
    """

    state: str
    reason: str
    sentence: str
    retry_in: float | None

    @classmethod
    def of(cls, surface: Surface, actor: str, breaker: str) -> BreakerView | None:
        """Show a breaker of an actor's; None before the actor has made it."""
        directory = surface.directory
        found = directory[actor].breakers.get(breaker) if actor in directory else None
        if found is None:
            return None
        now = found.snapshot()
        return cls(str(now.state), now.reason, now.sentence, now.retry_in)
