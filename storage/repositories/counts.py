"""The rows counted for the metrics: a few grouped queries for everything, asked on a timer and never by a scrape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.storage._rows import Reader, fetch_all, fetch_one

_MOVIES: Final = "SELECT stage, monitored, count(*) FROM movie GROUP BY stage, monitored"

_OWNED: Final = """
SELECT m.profile, m.monitored, f.quality,
       m.status = 'released' OR m.minimum_availability = 'announced'
           OR (m.status, m.minimum_availability) = ('in_cinemas', 'in_cinemas') AS available,
       count(DISTINCT m.id), f.formats, f.format_score
FROM movie m LEFT JOIN library_file f ON f.movie_id = m.id
GROUP BY m.profile, m.monitored, f.quality, available, f.formats, f.format_score
"""

_FILES: Final = """
SELECT root_folder, quality, count(*), sum(size)::bigint, count(edition)
FROM library_file GROUP BY root_folder, quality
"""

_WORKFLOWS: Final = "SELECT state, count(*) FROM acquisition GROUP BY state"

# The queues of all indexers count as one.
_JOBS: Final = "SELECT split_part(queue, ':', 1), state, count(*) FROM work GROUP BY 1, 2"

_PENDING: Final = "SELECT reason, count(*) FROM pending_release GROUP BY reason"

_DUE: Final = """
SELECT split_part(queue, ':', 1), extract(epoch FROM min(run_at))::float8 FROM work
WHERE state = 'available' AND run_at <= now() GROUP BY 1
"""

_SCHEDULE: Final = "SELECT task, every_seconds, last_run FROM schedule"

_REFRESHED: Final = "SELECT max(refreshed_at) FROM movie"

_INDEXERS: Final = "SELECT name, 'torznab:' || id FROM indexer WHERE enable_rss"
_SESSIONS: Final = "SELECT count(*) FROM session WHERE expires_at > now()"

_FEEDS: Final = "SELECT name, last_ok FROM feed WHERE last_ok IS NOT NULL"

_QUEUE: Final = """
SELECT state, client_state, count(*) FROM acquisition
WHERE state IN ('intent', 'fetched', 'sent', 'downloading', 'complete') GROUP BY state, client_state
"""

# Exact while it is small. What was analysed last is near enough for a table of millions, and costs nothing.
_HISTORY: Final = """
SELECT CASE WHEN reltuples > 100000 THEN reltuples::bigint ELSE (SELECT count(*) FROM history) END
FROM pg_class WHERE oid = 'history'::regclass
"""


@dataclass(frozen=True, slots=True)
class Owned:
    """Movies of one profile whose file has one quality and the same custom formats.

    Attributes:
        quality: None for those without a file.
        available: Whether they are released as far as their owner wants them to be.
        formats: [{"id", ...}]; None for a file that was not grabbed.
        format_score: As it was when the file was grabbed.
    """

    profile: str
    monitored: bool
    quality: str | None
    available: bool
    movies: int
    formats: Sequence[Mapping[str, int]] | None = None
    format_score: int | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one quality under a root folder.

    Attributes:
        size: Bytes.
        editions: How many are of a named edition.
    """

    root: str
    quality: str
    files: int
    size: int
    editions: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A scheduled task and its last turn."""

    task: str
    every_seconds: float
    last_run: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What the rows say in numbers.

    Attributes:
        movies: By stage and whether they are monitored.
        workflows: By state.
        jobs: By queue and state.
        pending: Releases that wait, by what for.
        oldest_due: Unix time at which the oldest due job of a queue became due.
        refreshed_at: When TMDB last told about a movie.
        indexers: The parts that read the indexers which are read on a schedule, by the indexers' names.
        feeds: When each feed was last read without an error.
        queue: What is under way, by state and the download client's word for it.
        sessions: Of people, that hold or ended within the last minutes.
        history: How much has happened: exactly at first, and nearly once there is much of it.
    """

    movies: Mapping[tuple[str, bool], int]
    owned: tuple[Owned, ...]
    files: tuple[Files, ...]
    workflows: Mapping[str, int]
    jobs: Mapping[tuple[str, str], int]
    pending: Mapping[str, int]
    oldest_due: Mapping[str, float]
    schedule: tuple[Turn, ...]
    refreshed_at: datetime | None
    indexers: Mapping[str, str]
    feeds: Mapping[str, datetime]
    queue: Mapping[tuple[str, str | None], int]
    history: int
    sessions: int = 0


async def count(source: Reader) -> Counts:
    """Count the rows, in some 20 ms of PostgreSQL's time for ten thousand movies."""
    return Counts(
        movies={(stage, seen): n for stage, seen, n in await fetch_all(source, _MOVIES)},
        owned=tuple(Owned(*row) for row in await fetch_all(source, _OWNED)),
        files=tuple(Files(*row) for row in await fetch_all(source, _FILES)),
        workflows=dict(await fetch_all(source, _WORKFLOWS)),
        jobs={(queue, state): n for queue, state, n in await fetch_all(source, _JOBS)},
        pending=dict(await fetch_all(source, _PENDING)),
        oldest_due=dict(await fetch_all(source, _DUE)),
        schedule=tuple(Turn(*row) for row in await fetch_all(source, _SCHEDULE)),
        refreshed_at=(await fetch_all(source, _REFRESHED))[0][0],
        indexers=dict(await fetch_all(source, _INDEXERS)),
        feeds=dict(await fetch_all(source, _FEEDS)),
        queue={(state, word): n for state, word, n in await fetch_all(source, _QUEUE)},
        history=await _history(source),
        sessions=(await fetch_all(source, _SESSIONS))[0][0],
    )


async def _history(source: Reader) -> int:
    row = await fetch_one(source, _HISTORY)
    return 0 if row is None else int(row[0])
