"""Counts of rows for the metrics: taken every few seconds, so that a scrape costs the same however large the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
import structlog
import trio

from reeld.actors.settings import LiveSettings
from reeld.cli.group_gauges import GroupGauges
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality
from reeld.storage import Database
from reeld.storage.repositories import profiles
from reeld.storage.repositories.counts import Counts, Files, Owned, Turn, count
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.cli")

COUNT_SECONDS: Final = 10.0


class RowCounts:
    """Counts rows and shows what it found.

    Args:
        database: What is counted.
        settings: Say when a file is good enough.
        metrics: Where it is shown.
    """

    def __init__(self, database: Database, settings: LiveSettings, metrics: Metrics) -> None:
        self._database = database
        self._settings = settings
        self._metrics = metrics
        self._groups = GroupGauges(database.labelled("groups"), metrics)
        self._counted_at = trio.current_time()
        self.last: Counts | None = None
        self.profiles: Mapping[str, QualityProfile] = {}

    @property
    def age(self) -> float:
        """Seconds since the rows were counted last; since the start, before they ever were."""
        return trio.current_time() - self._counted_at

    @property
    def roots(self) -> frozenset[str]:
        """The root folder where new files go, and all others in which there are files."""
        there = {each.root for each in self.last.files} if self.last else set()
        return frozenset({str(self._settings.current.library.root_folder), *there})

    @property
    def read(self) -> dict[str, float]:
        """The intervals in seconds of everything that is read on a schedule, feeds and indexers, by name."""
        there = self.last.indexers if self.last else ()
        every = self._settings.current.torznab.poll_seconds
        return feeds_of(self._settings) | dict.fromkeys(there, every)

    async def run(self, ready: trio.Event) -> None:
        """Count again and again, once the database is `ready`, until cancelled."""
        await ready.wait()
        while True:
            await self.count()
            await trio.sleep(COUNT_SECONDS)

    async def count(self) -> None:
        """Count once. While the database is away the last counts stay, and their age grows."""
        try:
            counts = await count(self._database)
            allowed = self._settings.current.decision.upgrades_allowed
            listed = await profiles.every(self._database, upgrades_default=allowed)
            await self._groups.show()
        except DatabaseUnavailable as error:
            log.debug("rows_not_counted", reason=error.reason)
            return
        except psycopg.Error as error:
            # A page that cannot be read, a permission that was taken: gauges are no reason to end the daemon. The age
            # of the counts tells of it.
            log.error("rows_not_counted", sqlstate=error.sqlstate)
            return
        self.profiles = {each.name: each for each in listed}
        self.last, self._counted_at = counts, trio.current_time()
        self._show(counts)

    def _show(self, counts: Counts) -> None:
        metrics = self._metrics
        metrics.replace(
            "reeld_movies",
            {(stage, str(seen).lower()): n for (stage, seen), n in counts.movies.items()},
        )
        metrics.replace("reeld_workflows", {(state,): n for state, n in counts.workflows.items()})
        metrics.replace("reeld_jobs", dict(counts.jobs))
        metrics.set("reeld_sessions", counts.sessions)
        metrics.replace(
            "reeld_pending_releases", {(reason,): n for reason, n in counts.pending.items()}
        )
        metrics.replace(
            "reeld_job_oldest_due_timestamp_seconds",
            {(queue,): since for queue, since in counts.oldest_due.items()},
        )
        self._show_library(counts)
        self._show_schedule(counts.schedule)
        self._show_successes(counts)

    def _show_successes(self, counts: Counts) -> None:
        """Show when things last went well; after a restart only the rows know."""
        read = {name: name for name in feeds_of(self._settings)} | dict(counts.indexers)
        for name, part in read.items():
            if part in counts.feeds:
                last = counts.feeds[part].timestamp()
                self._metrics.set("reeld_rss_last_success_timestamp_seconds", last, indexer=name)
        calls = "reeld_external_last_success_timestamp_seconds"
        for service, last in successes(counts).items():
            if last > self._metrics.read(calls, service=service):
                self._metrics.set(calls, last, service=service)

    def _show_library(self, counts: Counts) -> None:
        self._metrics.replace(
            "reeld_movies_wanted",
            {
                ("missing",): missing(counts.owned),
                ("cutoff_unmet",): cutoff_unmet(counts.owned, self.profiles),
            },
        )
        self._metrics.replace("reeld_movie_files", _by_quality(counts.files))
        for root, size in sizes(counts.files).items():
            self._metrics.set("reeld_library_size_bytes", size, root=root)

    def _show_schedule(self, turns: tuple[Turn, ...]) -> None:
        self._metrics.follow("task", [turn.task for turn in turns])
        for turn in turns:
            last = turn.last_run.timestamp() if turn.last_run else 0.0
            self._metrics.set("reeld_schedule_last_success_timestamp_seconds", last, task=turn.task)
            self._metrics.set("reeld_schedule_interval_seconds", turn.every_seconds, task=turn.task)


def missing(owned: tuple[Owned, ...]) -> int:
    """Return how many monitored movies have no file."""
    return sum(each.movies for each in owned if each.monitored and each.quality is None)


def cutoff_unmet(owned: tuple[Owned, ...], profiles: Mapping[str, QualityProfile]) -> int:
    """Return how many monitored movies have a file that is not good enough."""
    return sum(
        each.movies
        for each in owned
        if each.monitored
        and each.quality is not None
        and not _is_good_enough(profiles.get(each.profile), each)
    )


def successes(counts: Counts) -> dict[str, float]:
    """Return when each service last answered well as far as rows tell, in Unix time."""
    found: dict[str, float] = {}
    for name, last in counts.feeds.items():
        kind = name.partition(":")[0]
        service = kind if kind in {"hdbits", "torznab"} else "feed"
        found[service] = max(found.get(service, 0.0), last.timestamp())
    if counts.refreshed_at is not None:
        found["tmdb"] = counts.refreshed_at.timestamp()
    return found


def sizes(files: tuple[Files, ...]) -> dict[str, int]:
    """Return the bytes of all files by root folder."""
    found: dict[str, int] = {}
    for each in files:
        found[each.root] = found.get(each.root, 0) + each.size
    return found


def _is_good_enough(profile: QualityProfile | None, owned: Owned) -> bool:
    if profile is None:
        return True
    try:
        reached = profile.meets_cutoff(Quality.by_label(owned.quality or ""))
        return reached and (not profile.upgrades_allowed or _scores_enough(profile, owned))
    except KeyError:
        # A quality of another version of reeld: nobody can say.
        return True


def _scores_enough(profile: QualityProfile, owned: Owned) -> bool:
    score = owned.format_score or 0
    if owned.formats is not None:
        score = sum(profile.format_scores.get(each["id"], 0) for each in owned.formats)
    return score >= profile.cutoff_format_score


def _by_quality(files: tuple[Files, ...]) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for each in files:
        found[each.quality,] = found.get((each.quality,), 0.0) + each.files
    return found


def feeds_of(settings: LiveSettings) -> dict[str, float]:
    """Return the intervals in seconds of everything that is read as a feed."""
    current = settings.current
    feeds = {feed.name: feed.interval_seconds for feed in current.feeds}
    if current.hdbits is not None:
        feeds["hdbits"] = current.hdbits.poll_seconds
    return feeds
