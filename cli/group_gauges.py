"""Release groups in numbers, for the metrics: never their names, which anybody may invent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import trio

from reeld.domain.reputation import Band, band_of
from reeld.storage import Database
from reeld.storage.repositories import groups
from reeld.storage.repositories.groups import Weighed
from reeld.telemetry import Metrics

GROUP_SECONDS: Final = 300.0
"""Reputations move by the day; weighing all evidence takes tens of milliseconds of PostgreSQL's time."""


class GroupGauges:
    """Counts groups and shows what it found.

    Args:
        database: Where evidence lies.
        metrics: Where it is shown.
    """

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._due_at = trio.current_time()

    async def show(self) -> None:
        """Count once, when it is time again.

        Raises:
            DatabaseUnavailable: PostgreSQL does not answer. The next call tries again.
        """
        if trio.current_time() < self._due_at:
            return
        weighed = await groups.every(self._database)
        bands = await trio.to_thread.run_sync(_bands, weighed)
        self._due_at = trio.current_time() + GROUP_SECONDS
        rules = Counter(str(each.ruled.rule) if each.ruled else "none" for each in weighed)
        self._metrics.replace("reeld_release_groups", {(rule,): n for rule, n in rules.items()})
        self._metrics.replace(
            "reeld_release_group_reputations", {(band,): n for band, n in bands.items()}
        )


def _bands(weighed: Sequence[Weighed]) -> Counter[Band]:
    return Counter(band_of(each.judged().lower) for each in weighed)
