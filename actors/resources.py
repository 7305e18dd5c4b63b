"""What the actors of one daemon share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from reeld.actors.kernel import Directory
from reeld.actors.kernel.breaker import BreakerKeeper
from reeld.actors.limiting import Limits
from reeld.actors.settings import LiveSettings
from reeld.storage import Database
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Resources:
    """Handed to every actor when it is made.

    Attributes:
        breakers: Restores breakers when an actor makes them, and stores their changes.
        vault: Seals what must be stored and not be read, such as a feed's download links.
        limits: The limiters of the services, for a person to look at and slow down.
    """

    settings: LiveSettings
    database: Database
    work: WorkQueue
    metrics: Metrics
    directory: Directory
    breakers: BreakerKeeper
    vault: Vault
    limits: Limits = field(default_factory=Limits)

    def of(self, actor: str) -> Self:
        """Return the same for one actor: what it asks of the database is measured under its name."""
        return replace(self, database=self.database.labelled(actor))
