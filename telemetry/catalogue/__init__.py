"""Every metric of reeld, declared once: the registry, `/metrics`, the page in `docs/` and the tests come from this table.

Names follow Prometheus' conventions: base units, `_total` on counters only, and label values that are bounded: an actor
is its kind, a route its template, a reason a member of an enum. A time is that of an event, in Unix seconds, never an
age; 0 says that it has not happened yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reeld.telemetry.catalogue._actors import ACTORS
from reeld.telemetry.catalogue._daemon import DAEMON
from reeld.telemetry.catalogue._database import DATABASE
from reeld.telemetry.catalogue._external import EXTERNAL
from reeld.telemetry.catalogue._http import HTTP
from reeld.telemetry.catalogue._library import LIBRARY
from reeld.telemetry.catalogue._metric import (
    Domain,
    Free,
    Given,
    Kind,
    Known,
    Label,
    Living,
    Metric,
)
from reeld.telemetry.catalogue._pipeline import PIPELINE
from reeld.telemetry.catalogue._upkeep import UPKEEP
from reeld.telemetry.catalogue._work import WORK

__all__ = [
    "AREAS",
    "CATALOGUE",
    "Domain",
    "Free",
    "Given",
    "Kind",
    "Known",
    "Label",
    "Living",
    "Metric",
]

AREAS: Final[Mapping[str, tuple[Metric, ...]]] = {
    "The daemon": DAEMON,
    "Actors": ACTORS,
    "Outside systems": EXTERNAL,
    "The database": DATABASE,
    "HTTP": HTTP,
    "Work": WORK,
    "A movie's way": PIPELINE,
    "The library": LIBRARY,
    "Upkeep": UPKEEP,
}
"""What the metrics are about, in the order of the page in `docs/`."""

CATALOGUE: tuple[Metric, ...] = tuple(metric for area in AREAS.values() for metric in area)
