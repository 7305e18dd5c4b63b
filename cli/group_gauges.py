"""Release groups in numbers, for the metrics: never their names, which anybody may invent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import trio

from reeld.domain.reputation import Band, band_of
from reeld.storage import Database
from reeld.storage.repositories import groups
from reeld.storage.repositories.groups import Weighed
from reeld.telemetry import Metrics

LOOK_SECONDS: Final = 30.0
"""Weighing all evidence takes tens of milliseconds of PostgreSQL's time, so it is done when there is news, and seldom
else."""
FORGET_SECONDS: Final = 3600.0
"""Without news reputations move by the day."""


class GroupGauges:
    """Counts groups and shows what it found.

    Args:
        database: Where evidence lies.
        metrics: Where it is shown.
        clock: Seconds since whenever.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self._clock = clock
        self._database = database
        self._metrics = metrics
        self._look_at = self._due_at = clock()
        self._seen: object = None

    async def show(self) -> None:
        """Count once, when it is time again and there is news.

        Raises:
            DatabaseUnavailable: PostgreSQL does not answer. The next call tries again.
        """
        now = self._clock()
        if now < self._look_at:
            return
        seen = await groups.newest(self._database)
        self._look_at = now + LOOK_SECONDS
        if seen == self._seen and now < self._due_at:
            return
        weighed = await groups.every(self._database)
        bands = await trio.to_thread.run_sync(_bands, weighed)
        self._seen, self._due_at = seen, now + FORGET_SECONDS
        rules = Counter(str(each.ruled.rule) if each.ruled else "none" for each in weighed)
        self._metrics.replace("reeld_release_groups", {(rule,): n for rule, n in rules.items()})
        self._metrics.replace(
            "reeld_release_group_reputations", {(band,): n for band, n in bands.items()}
        )


def _bands(weighed: Sequence[Weighed]) -> Counter[Band]:
    return Counter(band_of(each.judged().lower) for each in weighed)
