"""What indexers say of a group's releases, counted from those that are known."""

from __future__ import annotations

from typing import Final

from reeld.domain.release import IndexerFlag
from reeld.domain.reputation import IndexerFacts, SeedersOfMonth
from reeld.storage._rows import Reader, fetch_all, fetch_one

MONTHS: Final = 12

_OFFERS: Final = """
SELECT count(*), count(*) FILTER (WHERE flags & %(internal)s > 0), count(*) FILTER (WHERE flags & %(scene)s > 0),
       count(*) FILTER (WHERE flags & %(freeleech)s > 0)
FROM release WHERE lower(parsed ->> 'group') = lower(%(name)s)
"""

_MONTHS: Final = """
SELECT to_char(first_seen AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seeders)
FROM release WHERE lower(parsed ->> 'group') = lower(%(name)s)
GROUP BY month ORDER BY month DESC LIMIT %(months)s
"""


async def of_group(source: Reader, name: str) -> IndexerFacts:
    """Return what indexers say of a group's releases that reeld knows, by the month in which it saw them first."""
    flags = {flag.name.lower(): int(flag) for flag in IndexerFlag if flag.name}
    row = await fetch_one(source, _OFFERS, flags | {"name": name})
    assert row is not None, "an aggregate has a row"
    months = await fetch_all(source, _MONTHS, {"name": name, "months": MONTHS})
    seeders = tuple(SeedersOfMonth(*each) for each in reversed(months))
    offers, internal, scene, freeleech = row
    return IndexerFacts(offers, internal, scene, freeleech, seeders)
