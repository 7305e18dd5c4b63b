"""Outages on purpose, wherever a service is spoken to from."""

from __future__ import annotations

from reeld.domain.errors import Refused
from reeld.domain.rehearsal import Outage, Rehearsal, RehearsedService
from reeld.services.transport import outages
from reeld.storage import Database


class Rehearsals:
    """Has services fail, and the database.

    Args:
        database: Of the daemon; its labelled twins fail with it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, service: RehearsedService, outage: Outage, seconds: float) -> None:
        """Have a service fail for so many seconds.

        Raises:
            Refused: It cannot fail in that way.
        """
        if service is not RehearsedService.POSTGRESQL:
            outages.begin(service, outage, seconds)
        elif outage is Outage.DOWN:
            self._database.rehearse_outage(seconds)
        else:
            raise Refused("PostgreSQL can only be down.", reason="outage_not_possible")

    def end(self, service: RehearsedService) -> None:
        """Let a service work again."""
        if service is RehearsedService.POSTGRESQL:
            self._database.rehearse_outage(0)
        else:
            outages.end(service)

    def active(self) -> tuple[Rehearsal, ...]:
        """Return what fails now."""
        found = [
            Rehearsal(service, *left)
            for service in RehearsedService
            if (left := outages.left(service))
        ]
        if seconds := self._database.rehearsing:
            found.append(Rehearsal(RehearsedService.POSTGRESQL, Outage.DOWN, seconds))
        return tuple(found)
