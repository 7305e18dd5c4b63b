"""What the web server may reach: addresses, the control port, rows and cached results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reeld.actors.kernel import Directory
from reeld.domain.limits import LimitView
from reeld.domain.rehearsal import Outage, Rehearsal, RehearsedService
from reeld.domain.settings import Origin, Reloaded, Settings
from reeld.http.access import Access
from reeld.http.events.live import LiveEvents
from reeld.http.identity.login import Identity
from reeld.http.ops.audit import Audit
from reeld.storage import Database
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.supervisors import Control
from reeld.telemetry import HealthBoard, Metrics


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the daemon can do its work.

    Attributes:
        reason: Why not, machine-readable; empty when it can.
        sentence: Why not, and what to do, for a person; empty when it can.
    """

    reason: str = ""
    sentence: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it can."""
        return not self.reason


class View(Protocol):
    """Metrics under other names."""

    def refresh(self) -> None:
        """Take what is true now; called on the loop, must be quick."""

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type; called in a worker thread."""


class Limits(Protocol):
    """The rate limits of the services."""

    def every(self) -> tuple[LimitView, ...]:
        """Return a picture of all of them, by name."""

    def slow_down(self, name: str, factor: float, seconds: float | None) -> LimitView:
        """Allow only a part of the configured pace; raises `NotFound` for a name that nobody has."""


class Rehearsals(Protocol):
    """Outages on purpose."""

    def begin(self, service: RehearsedService, outage: Outage, seconds: float) -> None:
        """Have a service fail for so many seconds; raises `Refused` when it cannot in that way."""

    def end(self, service: RehearsedService) -> None:
        """Let it work again."""

    def active(self) -> tuple[Rehearsal, ...]:
        """Return what fails now."""


class SettingChanges(Protocol):
    """Settings that are changed while the daemon runs."""

    def origin(self, name: str) -> Origin:
        """Return where the value of a setting comes from, by its dotted name."""

    async def change(self, wanted: Mapping[str, object], by: str) -> tuple[str, ...]:
        """Change settings by dotted names, None taking a change back; raises `InvalidField` for what cannot be."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Handed to every route.

    Attributes:
        settings: Returns the settings in force.
        readiness: Whether the schema is in place, this process leads, and the database answered lately.
        heartbeat_age: Returns the seconds since the root supervisor last came round; None while nobody judges that.
        database_is_away: Finds out whether the database is away; quick when that is known already.
        vault: Seals credentials that are stored.
        refresh_gauges: Sets the gauges that are read at scrape time; called on the loop, must be quick.
        identity: Knows people.
        exportarr: Shows the metrics under exportarr's names.
        live: Tells events as they happen; other parts follow them with `live.hub.follow`.
        audit: Notes every change that is made through the control port.
        limits: The rate limits of the services.
        rehearsals: Outages on purpose.
        changes: Settings that people changed, and where the value of each comes from.
        reload: Reads the settings again and says what came of it.
        started_at: When the daemon started (UTC).
        uptime: Seconds since then.
    """

    settings: Callable[[], Settings]
    directory: Directory
    control: Control
    database: Database
    work: WorkQueue
    vault: Vault
    metrics: Metrics
    health: HealthBoard
    live: LiveEvents
    access: Access
    identity: Identity
    audit: Audit
    limits: Limits
    rehearsals: Rehearsals
    readiness: Callable[[], Readiness]
    heartbeat_age: Callable[[], float | None]
    database_is_away: Callable[[], Awaitable[bool]]
    refresh_gauges: Callable[[], None]
    exportarr: View
    reload: Callable[[], Awaitable[Reloaded]]
    changes: SettingChanges
    version: str
    started_at: datetime
    uptime: Callable[[], float]
