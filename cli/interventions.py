"""What persons have changed while the daemon runs, and what will be forgotten first: outages, limits, log levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.output import percent, printable, table
from reeld.domain.errors import ReeldError

WHOLE_PACE = 1.0


@dataclass(frozen=True, slots=True)
class Interventions:
    """What differs from the settings, as the daemon tells it.

    Attributes:
        rehearsals: Services that fail on purpose.
        limits: All rate limits, slowed down or not.
        log_levels: The level of all loggers, and those that differ.
    """

    rehearsals: Any
    limits: Any
    log_levels: Any

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "rehearsals": self.rehearsals,
            "limits": self.limits,
            "log_levels": self.log_levels,
        }


NONE = Interventions([], [], {"overrides": []})


def find_interventions(daemon: Daemon) -> Interventions:
    """Ask the daemon; while the database is away it cannot tell who asks, and nothing is known."""
    try:
        return Interventions(
            rehearsals=daemon.get("/api/test/circuit-breaker"),
            limits=daemon.get("/control/limits"),
            log_levels=daemon.get("/control/log-levels"),
        )
    except ReeldError:
        return NONE


def table_of(found: Interventions) -> Table | None:
    """Draw what differs from the settings; None when nothing does."""
    rows = [*_rehearsals(found), *_limits(found), *_levels(found)]
    return table(("Changed by a person", "", "Until"), rows) if rows else None


def _rehearsals(found: Interventions) -> Iterator[tuple[str, Text, str]]:
    for each in found.rehearsals:
        what = Text(f"rehearses: {printable(each['outage']).replace('_', ' ')}", "magenta")
        yield printable(each["service"]), what, _until(each["seconds_left"])


def _limits(found: Interventions) -> Iterator[tuple[str, Text, str]]:
    for each in found.limits:
        if each["factor"] < WHOLE_PACE:
            what = Text(f"limited to {percent(each['factor'])} of its pace", "yellow")
            yield printable(each["name"]), what, _until(each["seconds_left"])


def _levels(found: Interventions) -> Iterator[tuple[str, Text, str]]:
    for each in found.log_levels["overrides"]:
        what = Text(f"logs from {printable(each['level'])} on", "cyan")
        yield printable(each["logger"]), what, _until(each["seconds_left"])


def _until(seconds: float | None) -> str:
    if seconds is None:
        return "the daemon stops"
    return f"in {seconds / 60:.0f} min" if seconds >= 120 else f"in {seconds:.0f} s"
