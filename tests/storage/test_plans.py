"""The queries of the daemon walk along indexes, however many rows there are."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from reeld.storage import Database
from reeld.storage.events import _cursors
from reeld.storage.repositories import acquisitions, history, movies, titles, wanted
from reeld.storage.work import WorkState, _claim, _clock, _people, _rescue

pytestmark = pytest.mark.timeout(400)

ROWS = 60_000
HISTORY = 200_000
"""So many that reading them all costs a planner far more than any index; of history there are a hundred rows a movie."""
PATIENCE = 300.0
"""Seconds for a statement: filling the tables takes three on a machine with nothing else to do."""


@pytest.fixture
async def crowded(database: Database) -> Database:
    """Mostly finished work and long histories, as after years."""
    fill = f"""
    INSERT INTO movie (tmdb_id, title, profile) SELECT n, 'Movie ' || n, 'Any' FROM generate_series(1, 2000) n;
    INSERT INTO history (movie_id, kind, at)
        SELECT 1 + n % 2000, (ARRAY['grabbed', 'imported'])[1 + n % 2], now() - make_interval(secs => n)
        FROM generate_series(1, {HISTORY}) n;
    INSERT INTO work (queue, kind, state, finished_at, unique_key)
        SELECT 'qbit', 'add-torrent', 'done', now(), 'acquisition:' || n FROM generate_series(1, {ROWS}) n;
    INSERT INTO work (queue, kind, priority, run_at)
        SELECT (ARRAY['qbit', 'hdbits'])[1 + n % 2], 'k', n % 3, now() + make_interval(secs => n - 500)
        FROM generate_series(1, 1000) n;
    INSERT INTO event (kind, position) SELECT 'movie.added', n FROM generate_series(1, {ROWS}) n;
    INSERT INTO event_cursor (subscriber, position) VALUES ('s', {ROWS} - 50);
    """
    async with database.connection(deadline=PATIENCE) as conn:
        for statement in fill.strip().removesuffix(";").split(";"):
            await conn.execute(statement)
        await conn.execute("ANALYZE")
    return database


async def scans(
    database: Database, statement: str, params: dict[str, Any] | tuple[Any, ...]
) -> set[str]:
    """Return the names of the tables that a statement reads from end to end."""
    async with database.connection(deadline=PATIENCE) as conn:
        await conn.execute("SET plan_cache_mode = force_generic_plan")
        cursor = await conn.execute("EXPLAIN (FORMAT JSON) " + statement, params, prepare=True)
        [row] = await cursor.fetchall()
    found: set[str] = set()

    def walk(node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
        for child in node.get("Plans", []):
            walk(child)

    walk(row[0][0]["Plan"])
    return found


WORKER = {"worker": uuid.uuid4(), "owner": uuid.uuid4()}


async def test_no_query_of_the_daily_round_reads_a_long_table_from_end_to_end(
    crowded: Database,
) -> None:
    top = {"at": "infinity", "id": 2**63 - 1, "limit": 50, "movie_id": 7, "kind": "grabbed"}
    round_of_queries: list[tuple[str, Any]] = [
        (_claim._CLAIM, {"queue": "qbit", "limit": 5, "seconds": 60.0, **WORKER}),
        (_rescue._RESCUE, {"owner": WORKER["owner"], "vanishings": 3, "batch": 500}),
        (
            _rescue._GIVE_BACK,
            {
                "worker": WORKER["worker"],
                "kept": [1, 2],
                "vanishings": 3,
                "cause": "stopped",
                "sentence": "",
            },
        ),
        (_clock._COUNT_ANEW, ()),
        (_people._DEPTHS, ()),
        (_people._LISTS[None], {"queue": None, "before": 2**63 - 1, "limit": 100}),
        (_people._LISTS[WorkState.DEAD], {"queue": None, "before": 2**63 - 1, "limit": 100}),
        (_people._PRUNE, {"done_days": 7, "dead_days": 90, "limit": 1000}),
        (_cursors._UNPLACED, ()),
        (_cursors._PLACE, (1000,)),
        (_cursors._READ_AFTER_CURSOR, ("s", 100)),
        (history._ALL, top),
        (history._OF_MOVIE, top),
        (history._OF_KIND, top),
        (history._OF_BOTH, top),
        (movies._GET, (7,)),
        (movies._BY_TMDB, (7,)),
        (movies._LIST, (0, 100)),
        (movies._LIST_STAGE, ("wanted", 0, 100)),
        (acquisitions._ACTIVE_OF_MOVIE, (7,)),
        (titles._CHANGED, {"since": "7", "after": 0, "limit": 500, "days": 8}),
        (wanted._ASKED, wanted._SEARCHES),
        (wanted._PAGE, {"after": 7, "limit": 500, "has_file": None, **wanted._SEARCHES}),
    ]
    for statement, params in round_of_queries:
        long_tables = await scans(crowded, statement, params) & {
            "work",
            "history",
            "event",
            "movie",
        }
        assert not long_tables, statement


async def test_the_daily_round_uses_the_index_made_for_it(crowded: Database) -> None:
    claim = {"queue": "qbit", "limit": 5, "seconds": 60.0, **WORKER}
    page = {"at": "infinity", "id": 2**63 - 1, "limit": 50, "movie_id": 7}
    for statement, params, index in (
        (_claim._CLAIM, claim, "work_claimable"),
        (history._OF_MOVIE, page, "history_by_movie"),
        (history._ALL, page, "history_by_time"),
    ):
        row = await crowded.fetch_one(
            "EXPLAIN (FORMAT JSON) " + statement, params, deadline=PATIENCE
        )
        assert index in json.dumps(row), statement
        assert "Sort" not in json.dumps(row), statement
