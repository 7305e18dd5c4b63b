from __future__ import annotations

from dataclasses import replace

import pytest

from reeld.domain.custom_format import from_radarr, to_radarr
from reeld.domain.errors import NotFound, Refused
from reeld.domain.movie import NewMovie
from reeld.domain.profile import InvalidProfile, ProfileItem, QualityProfile, default_profiles
from reeld.domain.quality import Quality
from reeld.domain.quality_limits import QualityLimits
from reeld.storage import Database
from reeld.storage.repositories import definitions, formats, movies, profiles

WEB = ProfileItem((Quality.WEBDL_1080P, Quality.WEBRIP_1080P), True, "WEB", 1000)
OWN = QualityProfile(
    "Own",
    (ProfileItem((Quality.DVD,), False), WEB, ProfileItem((Quality.BLURAY_1080P,))),
    WEB,
    upgrades_allowed=True,
    min_format_score=-5,
    cutoff_format_score=100,
    min_upgrade_format_score=10,
    language="French",
    reputation_weight=50,
)


def document(name: str = "x265", **more: object) -> dict[str, object]:
    fields = [{"name": "value", "value": r"[xh][ ._-]?265"}]
    condition = {
        "name": "x265",
        "implementation": "ReleaseTitleSpecification",
        "negate": False,
        "required": True,
        "fields": fields,
        "ofTomorrow": {"a": [1, 2.5, None]},
    }
    return {"name": name, "specifications": [condition], **more}


async def stored(database: Database, name: str = "x265") -> int:
    async with database.transaction() as conn:
        return await formats.save(conn, from_radarr(document(name)))


async def test_the_rows_of_a_fresh_database_are_the_six_default_profiles(
    database: Database,
) -> None:
    rows = await profiles.every(database)
    plain = [replace(each, id=0, upgrades_by_setting=False) for each in rows]
    assert plain == list(default_profiles().values())
    assert [each.id for each in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("setting", [True, False])
async def test_a_profile_that_says_nothing_of_upgrades_follows_the_setting(
    database: Database, setting: bool
) -> None:
    found = await profiles.by_name(database, "HD-1080p", upgrades_default=setting)
    assert (found.upgrades_allowed, found.upgrades_by_setting) == (setting, True)


async def test_a_profile_comes_back_as_it_was_stored(database: Database) -> None:
    number = await stored(database)
    profile = replace(OWN, format_scores={number: -10})
    async with database.transaction() as conn:
        profile_id = await profiles.save(conn, profile)
    assert await profiles.by_name(database, "Own") == replace(profile, id=profile_id)
    assert await profiles.get(database, profile_id) == replace(profile, id=profile_id)


async def test_a_profile_that_is_stored_again_has_the_new_points_alone(database: Database) -> None:
    first, second = await stored(database, "first"), await stored(database, "second")
    async with database.transaction() as conn:
        number = await profiles.save(conn, replace(OWN, format_scores={first: 1}))
        await profiles.save(conn, replace(OWN, id=number, format_scores={second: 2}))
    assert (await profiles.get(database, number)).format_scores == {second: 2}


async def test_an_unknown_profile_is_refused_with_the_names_that_there_are(
    database: Database,
) -> None:
    with pytest.raises(Refused) as caught:
        await profiles.by_name(database, "Best")
    assert caught.value.reason == "no_such_profile"
    assert "Any, SD, HD-720p" in caught.value.sentence


async def test_movies_follow_a_profile_that_gets_another_name(database: Database) -> None:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(1, "Movie", profile="SD"))
        profile = await profiles.by_name(conn, "SD")
        await profiles.save(conn, replace(profile, name="Small"))
    found = await movies.get(database, movie.id)
    assert found is not None
    assert found.profile == "Small"


async def test_a_profile_that_movies_use_is_not_removed(database: Database) -> None:
    async with database.transaction() as conn:
        await movies.add(conn, NewMovie(1, "Movie", profile="SD"))
        used = await profiles.by_name(conn, "SD")
        with pytest.raises(Refused, match="1 movies use this profile") as caught:
            await profiles.delete(conn, used.id)
        assert caught.value.reason == "profile_in_use"
        unused = await profiles.by_name(conn, "Any")
        assert await profiles.delete(conn, unused.id)
        assert not await profiles.delete(conn, unused.id)
    assert "Any" not in await profiles.names(database)
    assert "SD" in await profiles.names(database)


async def test_a_second_profile_of_one_name_is_refused_and_nothing_of_it_stays(
    database: Database,
) -> None:
    before = await profiles.every(database)
    async with database.transaction() as conn:
        with pytest.raises(Refused, match=r"^name: "):
            await profiles.save(conn, replace(OWN, name="SD"))
        with pytest.raises(InvalidProfile, match=r"^format_scores: "):
            await profiles.save(conn, replace(OWN, format_scores={999: 1}))
        with pytest.raises(NotFound):
            await profiles.save(conn, replace(OWN, id=999))
    assert await profiles.every(database) == before


async def test_a_format_comes_back_as_radarr_wrote_it(database: Database) -> None:
    written = document(trash_id="abc", trash_scores={"default": 5}, laterVersion=[1])
    async with database.transaction() as conn:
        number = await formats.save(conn, from_radarr(written))
    found = await formats.get(database, number)
    assert found.id == number
    assert to_radarr(found) == written


async def test_a_format_that_is_removed_takes_its_points_along(database: Database) -> None:
    number = await stored(database)
    async with database.transaction() as conn:
        profile_id = await profiles.save(conn, replace(OWN, format_scores={number: 3}))
        assert await formats.delete(conn, number)
        assert not await formats.delete(conn, number)
    assert (await profiles.get(database, profile_id)).format_scores == {}


async def test_a_second_format_of_one_name_is_refused(database: Database) -> None:
    await stored(database)
    async with database.transaction() as conn:
        with pytest.raises(Refused, match=r"^name: ") as caught:
            await formats.save(conn, from_radarr(document()))
        assert caught.value.reason == "name_taken"
        with pytest.raises(NotFound):
            await formats.save(conn, from_radarr(document("other"), format_id=999))
    assert [each.name for each in await formats.every(database)] == ["x265"]


async def test_known_formats_read_only_what_changed(database: Database) -> None:
    first, _ = await stored(database, "first"), await stored(database, "second")
    known = formats.KnownFormats()
    before = await known.current(database)
    again = await known.current(database)
    assert [each.name for each in before] == ["first", "second"]
    assert [id(each) for each in again] == [id(each) for each in before]
    async with database.transaction() as conn:
        await formats.save(conn, from_radarr(document("third"), format_id=first))
    after = await known.current(database)
    assert [each.name for each in after] == ["second", "third"]
    assert after[0] is before[1]


async def test_a_format_that_cannot_be_read_stops_no_decision(database: Database) -> None:
    number = await stored(database, "of a later version")
    await stored(database)
    later = """UPDATE custom_format SET specifications = '[{"name": "a", "implementation": "New"}]' WHERE id = %s"""
    await database.execute(later, (number,))
    assert [each.name for each in await formats.every(database)] == ["x265"]


async def test_limits_that_a_person_set_replace_those_of_radarr(database: Database) -> None:
    limits = QualityLimits(17.1, 1999, 2000)
    async with database.transaction() as conn:
        await definitions.save(conn, {Quality.DVD: QualityLimits(), Quality.HDTV_720P: limits})
        await definitions.save(conn, {Quality.DVD: QualityLimits(1, None, None)})
    found = await definitions.overrides(database)
    assert found == {Quality.DVD: QualityLimits(1, None, None), Quality.HDTV_720P: limits}
    async with database.transaction() as conn:
        assert await definitions.reset(conn, Quality.DVD)
        assert not await definitions.reset(conn, Quality.DVD)
    assert await definitions.overrides(database) == {Quality.HDTV_720P: limits}
