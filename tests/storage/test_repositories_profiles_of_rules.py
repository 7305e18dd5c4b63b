from __future__ import annotations

from dataclasses import replace

import pytest

from reeld.domain.delay import DelayProfile, delay_for
from reeld.domain.errors import NotFound, Refused
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.storage import Database
from reeld.storage.repositories import delays, restrictions, tags


async def tagged(database: Database, label: str, **more: int) -> DelayProfile:
    async with database.transaction() as conn:
        tag, _ = await tags.add(conn, label)
        return await delays.save(
            conn, DelayProfile(id=0, tags=frozenset({tag.id}), torrent_delay_minutes=60, **more)
        )


async def order(database: Database) -> list[int]:
    return [each.id for each in await delays.every(database)]


async def test_there_is_a_delay_profile_for_every_movie_from_the_start(database: Database) -> None:
    (last,) = await delays.every(database)
    assert last == DelayProfile()
    async with database.transaction() as conn:
        changed = await delays.save(conn, replace(last, torrent_delay_minutes=30))
        for wrong in (delays.delete(conn, 1), delays.move(conn, 1, after=None)):
            with pytest.raises(Refused):
                await wrong
    assert await delays.every(database) == [changed]
    assert changed.torrent_delay_minutes == 30


async def test_delay_profiles_are_tried_in_their_order_and_the_one_for_all_comes_last(
    database: Database,
) -> None:
    first, second, third = [await tagged(database, label) for label in ("a", "b", "c")]
    assert await order(database) == [first.id, second.id, third.id, 1]
    async with database.transaction() as conn:
        moved = await delays.move(conn, third.id, after=None)
        assert [each.id for each in moved] == [third.id, first.id, second.id, 1]
        await delays.move(conn, third.id, after=first.id)
        with pytest.raises(NotFound):
            await delays.move(conn, third.id, after=99)
        with pytest.raises(Refused):
            await delays.move(conn, third.id, after=third.id)
    assert await order(database) == [first.id, third.id, second.id, 1]
    found = await delays.every(database)
    assert delay_for(found, first.tags | second.tags).id == first.id
    assert delay_for(found, []).id == 1


async def test_a_delay_profile_says_whose_it_is_by_tags_that_exist(database: Database) -> None:
    async with database.transaction() as conn:
        for wrong, reason in (
            (DelayProfile(id=0), "invalid_delay_profile"),
            (DelayProfile(id=0, tags=frozenset({9})), "no_such_tag"),
            (DelayProfile(id=1, tags=frozenset({9})), "invalid_delay_profile"),
        ):
            with pytest.raises(Refused) as refused:
                await delays.save(conn, wrong)
            assert refused.value.reason == reason
            assert refused.value.sentence.startswith("tags:")
    one = await tagged(database, "a")
    async with database.transaction() as conn:
        with pytest.raises(NotFound):
            await delays.save(conn, replace(one, id=77))
        assert await delays.delete(conn, one.id)
        assert not await delays.delete(conn, one.id)
    assert await delays.get(database, one.id) is None


async def test_a_release_profile_is_kept_as_it_was_given(database: Database) -> None:
    async with database.transaction() as conn:
        tag, _ = await tags.add(conn, "anime")
        given = ReleaseProfile(
            name="No cams",
            required=("1080p", "/x26[45]/i"),
            ignored=("cam",),
            preferred=(PreferredTerm("GROUP", 50), PreferredTerm("/bad/", -10)),
            indexer="hdbits",
            tags=frozenset({tag.id}),
        )
        made = await restrictions.save(conn, given)
        assert made == replace(given, id=made.id)
        changed = await restrictions.save(conn, replace(made, enabled=False, indexer=None))
        with pytest.raises(NotFound):
            await restrictions.save(conn, replace(made, id=99))
        with pytest.raises(Refused):
            await restrictions.save(conn, replace(given, tags=frozenset({99})))
    assert await restrictions.every(database) == [changed]
    assert await restrictions.get(database, made.id) == changed
    async with database.transaction() as conn:
        assert await restrictions.delete(conn, made.id)
        assert not await restrictions.delete(conn, made.id)
