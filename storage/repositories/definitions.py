"""How big the movies of a quality may be, as far as a person changed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reeld.domain.quality import Quality
from reeld.domain.quality_limits import QualityLimits
from reeld.storage._rows import Connection, Reader, execute, fetch_all

_OVERRIDES: Final = """
SELECT quality, min_mb_per_minute, preferred_mb_per_minute, max_mb_per_minute FROM quality_definition
"""

_SAVE: Final = """
INSERT INTO quality_definition (quality, title, min_mb_per_minute, preferred_mb_per_minute, max_mb_per_minute)
VALUES (%(quality)s, %(quality)s, %(least)s, %(preferred)s, %(most)s)
ON CONFLICT (quality) DO UPDATE SET min_mb_per_minute = %(least)s, preferred_mb_per_minute = %(preferred)s,
    max_mb_per_minute = %(most)s
"""


async def overrides(source: Reader) -> Mapping[Quality, QualityLimits]:
    """Return the limits that a person set; other qualities have Radarr's."""
    return {
        Quality.by_label(row[0]): QualityLimits(row[1], row[2], row[3])
        for row in await fetch_all(source, _OVERRIDES)
    }


async def save(conn: Connection, limits: Mapping[Quality, QualityLimits]) -> None:
    """Store limits of qualities; those of others stay."""
    for quality, each in limits.items():
        values = {
            "quality": quality.label,
            "least": each.minimum,
            "preferred": each.preferred,
            "most": each.maximum,
        }
        await execute(conn, _SAVE, values)


async def reset(conn: Connection, quality: Quality) -> bool:
    """Give a quality Radarr's limits again; False when it had them."""
    statement = "DELETE FROM quality_definition WHERE quality = %s"
    return await execute(conn, statement, (quality.label,)) == 1
