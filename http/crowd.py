"""How many connections there may be: altogether, and from one address while there is little room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

import structlog
import trio

from reeld.http.identity.networks import network_of
from reeld.http.visits import Visit, Waiting
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.http")

MOST: Final = 800
"""A process may have 1024 files open by default; some 500 of these may be clients that follow events."""
KEPT_FREE: Final = 200
"""So many are kept for addresses that have few: nobody can take all that there are."""
FEW: Final = 64
TELL_SECONDS: Final = 10.0
"""How often it is logged that somebody is turned away: a flood must not fill the log."""


class Crowd:
    """Whoever is connected.

    One address may have `MOST - KEPT_FREE` connections; so may all the users of a proxy together. When all are taken, who
    has waited longest without asking for anything is dropped for whoever comes.

    Args:
        metrics: Show how many there are, and how many were turned away.
        door: Where they come in.
    """

    def __init__(self, metrics: Metrics, door: str) -> None:
        self._metrics = metrics
        self._door = door
        self._by_address: Counter[str] = Counter()
        self._waiting = Waiting()
        self._told_at = float("-inf")
        self._show()

    def __len__(self) -> int:
        return self._by_address.total()

    def enter(self, address: str, hang_up: Callable[[], None]) -> Visit | None:
        """Count a connection in, which `hang_up` cuts; None when there is no room for it."""
        counted = _counted_as(address)
        free = MOST - len(self)
        if free <= KEPT_FREE and self._by_address[counted] >= FEW:
            self._turn_away("address")
            return None
        if free <= 0 and not self._has_made_room():
            self._turn_away("full")
            return None
        self._by_address[counted] += 1
        self._show()
        return Visit(counted, hang_up, self._waiting)

    def leave(self, visit: Visit) -> None:
        """Count out one that had entered; one that was dropped is out already."""
        if visit.is_over:
            return
        visit.end()
        self._by_address[visit.counted] -= 1
        if not self._by_address[visit.counted]:
            del self._by_address[visit.counted]
        self._show()

    def _has_made_room(self) -> bool:
        visit = self._waiting.longest()
        if visit is None:
            return False
        self.leave(visit)
        visit.hang_up()
        self._turn_away("waiting")
        return True

    def _turn_away(self, cause: str) -> None:
        self._metrics.add("reeld_http_connections_refused_total", door=self._door, cause=cause)
        if trio.current_time() - self._told_at >= TELL_SECONDS:
            self._told_at = trio.current_time()
            log.warning("connections_refused", door=self._door, cause=cause, open=len(self))

    def _show(self) -> None:
        self._metrics.set("reeld_http_connections", len(self), door=self._door)


def _counted_as(address: str) -> str:
    """Return an address of IPv4, or the /64 of one of IPv6, of which a machine has as many as it likes."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    is_many = isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None
    return network_of(address) if is_many else address
