from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reeld.actors.decision import DecisionActor
from reeld.actors.resources import Resources
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.secret import Secret
from reeld.domain.settings import DecisionSettings, HdbitsSettings
from reeld.simulators import catalogue as films
from reeld.storage.repositories import library
from reeld.storage.repositories import movies as movie_rows

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD


@pytest.fixture
def rows(rows: Any) -> Any:
    """Rows, where HDBits is configured and may be searched 60 times an hour on schedule."""
    rows.configure(hdbits=HdbitsSettings("me", Secret("p"), scheduled_share=0.6))
    return rows


async def add(rows: Any, count: int, **changes: Any) -> list[int]:
    """Add movies that have been there for long and were never searched."""
    template = replace(NIGHT, alternative_titles=())
    found = [
        await rows.add_movie(
            replace(template, tmdb_id=n, imdb_id=f"tt{n:07}", title=f"Movie {n}"), **changes
        )
        for n in range(1, count + 1)
    ]
    await update(
        rows, "UPDATE movie SET added_at = now() - interval '100 days', status = 'released'"
    )
    return found


async def update(rows: Any, statement: str, *params: Any) -> None:
    async with rows.database.transaction() as conn:
        await conn.execute(statement, params)


async def one_round(resources: Resources, run_actor: Any, rows: Any) -> dict[int, str]:
    """Let the schedule have a round; return what it asked for, by movie."""
    before = {item.id for item in await rows.waiting("hdbits")}
    async with run_actor(lambda: DecisionActor(resources)):
        await rows.until(await rows.ask("decision", "search-missing"))
    asked = [item for item in await rows.waiting("hdbits") if item.id not in before]
    return {item.args["movie_id"]: item.args["cause"] for item in asked}


async def test_a_round_asks_for_its_part_of_the_hours_share_and_for_nothing_twice(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    ids = await add(rows, 25)
    first = await one_round(resources, run_actor, rows)
    assert first == dict.fromkeys(ids[:10], "never_searched")
    assert resources.metrics.value("reeld_searches_due", cause="never_searched") == 25
    asked = resources.metrics.value("reeld_searches_scheduled_total", cause="never_searched")
    assert asked == 10
    assert await one_round(resources, run_actor, rows) == {}, "the first ten wait still"
    await update(rows, "UPDATE work SET state = 'done', finished_at = now() WHERE queue = 'hdbits'")
    second = await one_round(resources, run_actor, rows)
    assert list(second) == ids[10:20]
    await update(rows, "UPDATE work SET state = 'done', finished_at = now() WHERE queue = 'hdbits'")
    await update(rows, "UPDATE movie SET scheduled_at = now() WHERE id > 0")
    await update(
        rows,
        "INSERT INTO movie (tmdb_id, title, profile, imdb_id, status, added_at, scheduled_at)"
        " SELECT n, 'M', 'Any', 'tt' || n, 'released', now(), now() FROM generate_series(1000000, 1000040) n",
    )
    await update(rows, "UPDATE movie SET scheduled_at = NULL WHERE id = %s", ids[3])
    assert await one_round(resources, run_actor, rows) == {}, "the hour's share is used up"


async def test_a_movie_is_searched_on_the_day_it_becomes_available_and_only_then(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    arrives, waits, unknown = await add(rows, 3)
    await update(
        rows, "UPDATE movie SET status = 'announced', searched_at = now() - interval '9 days'"
    )
    dates = "UPDATE movie SET release_dates = jsonb_build_object('digital', (now() at time zone 'utc')::date + %s)"
    await update(rows, dates + " WHERE id = %s", 0, arrives)
    await update(rows, dates + " WHERE id = %s", 1, waits)
    assert await one_round(resources, run_actor, rows) == {arrives: "newly_available"}
    await update(rows, "UPDATE work SET state = 'done', finished_at = now() WHERE queue = 'hdbits'")
    assert await one_round(resources, run_actor, rows) == {}, "once"
    # The daemon was away for three days, midnight of that day included.
    await update(rows, dates + " WHERE id = %s", -3, waits)
    assert await one_round(resources, run_actor, rows) == {waits: "newly_available"}
    assert unknown not in await one_round(resources, run_actor, rows)


async def test_what_is_not_wanted_is_never_searched_on_schedule(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    unmonitored, under_way, nameless = await add(rows, 3)
    await update(rows, "UPDATE movie SET monitored = false WHERE id = %s", unmonitored)
    await update(rows, "UPDATE movie SET stage = 'downloading' WHERE id = %s", under_way)
    await update(rows, "UPDATE movie SET imdb_id = NULL WHERE id = %s", nameless)
    assert await one_round(resources, run_actor, rows) == {}


@pytest.mark.parametrize(
    ("quality", "scores", "is_searched"),
    [
        (Quality.WEBDL_480P, None, True),
        (Quality.BLURAY_1080P, None, False),
        (Quality.BLURAY_1080P, (10, 30), True),
        (Quality.BLURAY_1080P, (30, 30), False),
    ],
)
async def test_a_file_below_the_cutoff_is_searched_for_and_its_score_counts(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    quality: Quality,
    scores: tuple[int, int] | None,
    is_searched: bool,
) -> None:
    [movie_id] = await add(rows, 1)
    rows.configure(decision=DecisionSettings(upgrades_allowed=True))
    async with resources.database.transaction() as conn:
        new = NewMovieFile(movie_id, "/library", "a.mkv", 10, quality)
        await library.record(conn, new)
        await movie_rows.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
        await conn.execute("UPDATE movie SET searched_at = now() - interval '30 days'")
        if scores is not None:
            await conn.execute(
                "INSERT INTO custom_format (name, specifications) VALUES ('F', '[]')"
            )
            await conn.execute(
                "INSERT INTO profile_format_score SELECT p.id, f.id, %s FROM quality_profile p, custom_format f",
                (scores[0],),
            )
            await conn.execute("UPDATE quality_profile SET cutoff_format_score = %s", (scores[1],))
            await conn.execute(
                "UPDATE library_file SET format_score = 99,"
                " formats = (SELECT jsonb_build_array(jsonb_build_object('id', id, 'name', name)) FROM custom_format)"
            )
    asked = await one_round(resources, run_actor, rows)
    assert asked == ({movie_id: "cutoff_unmet"} if is_searched else {})
    rows.configure(decision=DecisionSettings(upgrades_allowed=False))
    await update(rows, "UPDATE work SET state = 'done', finished_at = now() WHERE queue = 'hdbits'")
    await update(rows, "UPDATE movie SET scheduled_at = NULL")
    assert await one_round(resources, run_actor, rows) == {}, "nothing may be upgraded"


async def test_searches_in_vain_are_counted_until_something_is_taken_or_somebody_asks(
    resources: Resources, rows: Any
) -> None:
    [movie_id] = await add(rows, 1)

    async def vain() -> int:
        row = await rows.database.fetch_one("SELECT searches_in_vain FROM movie")
        return int(row[0])

    async with resources.database.transaction() as conn:
        await movie_rows.was_searched(conn, movie_id)
        await movie_rows.was_searched(conn, movie_id)
    assert await vain() == 2
    async with resources.database.transaction() as conn:
        await movie_rows.move(conn, movie_id, Stage.SEARCHED, expected=list(Stage))
    assert await vain() == 2
    async with resources.database.transaction() as conn:
        await movie_rows.move(conn, movie_id, Stage.DECIDED, expected=list(Stage))
    assert await vain() == 0
    async with resources.database.transaction() as conn:
        await movie_rows.was_searched(conn, movie_id)
        await movie_rows.ask_for(conn, movie_id)
    assert await vain() == 0


async def test_without_an_indexer_nothing_is_asked_for(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    await add(rows, 1)
    rows.configure(hdbits=None)
    assert await one_round(resources, run_actor, rows) == {}
