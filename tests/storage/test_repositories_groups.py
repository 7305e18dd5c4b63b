"""Evidence about groups, and what people say of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import trio

from reeld.domain.movie import NewMovie
from reeld.domain.release import IndexerFlag, NewRelease, Source
from reeld.domain.reputation import (
    WEIGHTLESS_DAYS,
    EvidenceKind,
    GroupRule,
    InvalidGroup,
    NewEvidence,
    Reputation,
    Tally,
    age_factor,
    judge_group,
)
from reeld.storage import Database
from reeld.storage.repositories import acquisitions, evidence, group_facts, groups, movies, releases

K = EvidenceKind


async def acquire(
    database: Database,
    number: int,
    group: str | None = "GRP",
    *,
    flags: IndexerFlag = IndexerFlag.INTERNAL,
    seeders: int | None = None,
) -> int:
    """Decide for a release whose name says a group; the column of the acquisition is left empty."""
    offer = NewRelease(
        Source.HDBITS, "hdbits", f"{number}", f"Movie.{number}", seeders=seeders, flags=flags
    )
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id=number, title=f"Movie {number}"))
        [seen] = await releases.upsert(conn, [offer])
        await releases.set_match(conn, seen.id, movie.id, {"group": group})
        release = await releases.get(conn, seen.id)
        assert release is not None
        acquisition_id = await acquisitions.intend(conn, movie.id, release)
    assert acquisition_id is not None
    return acquisition_id


def found(kind: EvidenceKind, about: int, days: float = 0.0) -> NewEvidence:
    return NewEvidence(kind, about, datetime.now(UTC) - timedelta(days=days), {"n": about})


async def add(database: Database, *learned: NewEvidence) -> list[EvidenceKind]:
    async with database.transaction() as conn:
        return await evidence.add(conn, learned)


async def kinds_of(database: Database, name: str = "GRP") -> list[EvidenceKind]:
    return [row.kind for row in reversed(await evidence.of_group(database, name))]


async def reputation_of(database: Database, name: str) -> Reputation:
    return (await groups.reputations(database, [name]))[name]


async def test_a_fact_is_written_once_however_often_it_is_learned(database: Database) -> None:
    number = await acquire(database, 1)
    assert await add(database, found(K.GRABBED, number)) == [K.GRABBED]
    assert await add(database, found(K.GRABBED, number), found(K.COMPLETED, number)) == [
        K.COMPLETED
    ]
    [newest, oldest] = await evidence.of_group(database, "grp")
    assert (newest.kind, oldest.kind) == (K.COMPLETED, K.GRABBED)
    assert (oldest.group, oldest.release_title, oldest.detail) == ("GRP", "Movie.1", {"n": number})
    assert oldest.acquisition_id == number
    assert await evidence.of_group(database, "GRP", before=newest.id) == [oldest]


async def test_the_group_that_was_stored_at_the_grab_wins_over_the_name(database: Database) -> None:
    number = await acquire(database, 1, "WRONG")
    async with database.transaction() as conn:
        await conn.execute("UPDATE acquisition SET release_group = 'Right'")
    await add(database, found(K.GRABBED, number))
    assert (await evidence.of_group(database, "RIGHT"))[0].group == "Right"
    assert await evidence.of_group(database, "wrong") == []


@pytest.mark.parametrize("group", [None, "", "x" * 3000, "a\u202eb"])
async def test_nothing_is_learned_of_what_has_no_group(
    database: Database, group: str | None
) -> None:
    number = await acquire(database, 1, group)
    assert await add(database, found(K.GRABBED, number), found(K.KEPT, 999)) == []
    assert await groups.every(database) == []


@pytest.mark.parametrize("other", [K.REPLACED_BY_PROPER, K.REPLACED_BY_REPACK, K.FAKE_QUALITY])
async def test_an_import_is_kept_until_something_else_came_of_it(
    database: Database, other: EvidenceKind
) -> None:
    number = await acquire(database, 1)
    await add(database, found(K.GRABBED, number), found(K.KEPT, number))
    assert await add(database, found(other, number)) == [other]
    assert await kinds_of(database) == [K.GRABBED, other]
    assert await add(database, found(K.KEPT, number)) == [], "it is never kept again"
    assert await add(database, found(K.WRONG_CONTENT, number)) == [], "one verdict an import"
    assert await kinds_of(database) == [K.GRABBED, other]


async def test_reputations_of_many_groups_come_by_the_names_that_were_asked_for(
    database: Database,
) -> None:
    for number in range(1, 4):
        acquisition = await acquire(database, number, "Good")
        await add(database, found(K.COMPLETED, acquisition, 40), found(K.KEPT, acquisition, 40))
    bad = await acquire(database, 9, "BAD")
    await add(database, found(K.WRONG_CONTENT, bad))
    async with database.transaction() as conn:
        await groups.set_rule(conn, "liked", GroupRule.PREFER)
    names = ["GOOD", "good", "bad", "Liked", "unknown", None, ""]
    known = await groups.reputations(database, names)
    assert set(known) == {"GOOD", "good", "bad", "Liked", "unknown"}
    assert known["GOOD"].lower == pytest.approx(known["good"].lower)
    assert known["GOOD"].sentence == "3 of 3 imports kept"
    assert known["bad"].points(100) < 0 < known["good"].points(100)
    assert known["unknown"] == Reputation("unknown")
    assert (known["Liked"].points(100), known["Liked"].rule) == (100, GroupRule.PREFER)
    assert await groups.reputations(database, []) == {}


async def test_the_database_forgets_as_the_rule_says(database: Database) -> None:
    ages = {K.COMPLETED: 200.0, K.KEPT: 3.0, K.STALLED: 90.0, K.WRONG_CONTENT: 700.0}
    for number, (kind, age) in enumerate(ages.items(), start=1):
        await add(database, found(kind, await acquire(database, number), age))
    expected = judge_group("GRP", [Tally(k, 1, age_factor(k, age)) for k, age in ages.items()])
    got = await reputation_of(database, "GRP")
    assert got.lower == pytest.approx(expected.lower, abs=1e-6)
    assert got.counts == expected.counts
    [weighed] = await groups.every(database)
    assert weighed.judged().lower == pytest.approx(expected.lower, abs=1e-6)


async def test_what_a_person_says_replaces_what_they_said_and_can_be_taken_back(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        await groups.set_rule(conn, " YIFY ", GroupRule.PREFER, "small")
        ruled = await groups.set_rule(conn, "yify", GroupRule.BLOCK, "too small")
        with pytest.raises(InvalidGroup):
            await groups.set_rule(conn, "a\nb", GroupRule.BLOCK)
    assert (ruled.key, ruled.group, ruled.rule, ruled.note) == (
        "yify",
        "yify",
        GroupRule.BLOCK,
        "too small",
    )
    assert await groups.rules(database) == {"yify": GroupRule.BLOCK}
    [weighed] = await groups.every(database)
    assert (weighed.group, weighed.tallies, weighed.last_at) == ("yify", (), None)
    assert weighed.judged().rule is GroupRule.BLOCK
    assert await groups.one(database, "Yify") == weighed
    assert await groups.one(database, "nobody") is None
    async with database.transaction() as conn:
        assert await groups.clear_rule(conn, "YIFY")
        assert not await groups.clear_rule(conn, "YIFY")
    assert await groups.rules(database) == {}


async def test_evidence_outlives_its_movie(database: Database) -> None:
    number = await acquire(database, 1)
    await add(database, found(K.STALLED, number))
    async with database.transaction() as conn:
        await conn.execute("DELETE FROM movie")
    [row] = await evidence.of_group(database, "GRP")
    assert (row.acquisition_id, row.movie_id, row.release_title) == (None, None, "Movie.1")


async def test_learning_and_deleting_a_movie_at_once_never_wait_for_each_other(
    database: Database,
) -> None:
    numbers = [await acquire(database, number) for number in range(1, 13)]
    async with database.transaction() as conn:
        await conn.execute("UPDATE acquisition SET state = 'failed', failure = 'stalled'")

    async def delete(number: int) -> None:
        async with database.transaction() as conn:
            row = await acquisitions.get(conn, number)
            assert row is not None
            await movies.delete(conn, row.movie_id)

    async with trio.open_nursery() as nursery:
        for number in numbers:
            nursery.start_soon(delete, number)
            nursery.start_soon(add, database, *(found(K.STALLED, each) for each in numbers))
    assert len(await evidence.of_group(database, "GRP")) <= len(numbers)


async def test_what_is_too_old_to_weigh_is_deleted_in_pieces(database: Database) -> None:
    for number in range(1, 5):
        age = WEIGHTLESS_DAYS + 1 if number < 4 else WEIGHTLESS_DAYS - 1
        await add(database, found(K.STALLED, await acquire(database, number), age))
    async with database.transaction() as conn:
        assert await evidence.prune(conn, limit=2) == 2
        assert await evidence.prune(conn, limit=2) == 1
        assert await evidence.prune(conn) == 0
    assert len(await evidence.of_group(database, "GRP")) == 1


async def test_the_facts_of_indexers_are_counted_from_what_they_offer(database: Database) -> None:
    await acquire(database, 1, "GRP", flags=IndexerFlag.INTERNAL | IndexerFlag.SCENE, seeders=10)
    await acquire(database, 2, "grp", flags=IndexerFlag.FREELEECH, seeders=30)
    await acquire(database, 3, "GRP", flags=IndexerFlag.HALFLEECH)
    await acquire(database, 4, "OTHER")
    async with database.transaction() as conn:
        await conn.execute("UPDATE release SET first_seen = '2026-01-31T23:59Z' WHERE guid = '3'")
        await conn.execute("UPDATE release SET first_seen = '2026-02-01T00:00Z' WHERE guid <> '3'")
    facts = await group_facts.of_group(database, "Grp")
    assert (facts.offers, facts.internal, facts.scene, facts.freeleech) == (3, 1, 1, 1)
    assert [(m.month, m.offers, m.seeders) for m in facts.months] == [
        ("2026-01", 1, None),
        ("2026-02", 2, 20.0),
    ]
    assert (await group_facts.of_group(database, "nobody")).months == ()


async def test_the_queries_walk_along_the_indexes_made_for_them(database: Database) -> None:
    async with database.connection() as conn:
        await conn.execute(
            "INSERT INTO group_evidence (group_key, group_name, kind, at)"
            " SELECT 'g' || n % 2000, 'G', 'kept', now() - make_interval(mins => n)"
            " FROM generate_series(1, 20000) n"
        )
        await conn.execute(
            "INSERT INTO release (source, indexer, guid, title, parsed)"
            " SELECT 'rss', 'feed', n, 'x', jsonb_build_object('group', 'G' || n % 2000)"
            " FROM generate_series(1, 20000) n"
        )
        await conn.execute("ANALYZE")
    for statement, params, index in (
        (groups._OF_SOME, (["g1", "g2"],), "group_evidence_by_group"),
        (evidence._PRUNE, (1080, 1000), "group_evidence_by_time"),
        (group_facts._MONTHS, {"name": "G1", "months": 12}, "release_by_group"),
    ):
        row = await database.fetch_one("EXPLAIN (FORMAT JSON) " + statement, params)
        assert index in json.dumps(row), statement
