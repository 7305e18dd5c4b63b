"""The score of a release: found once, kept, and shown with its parts."""

from __future__ import annotations

from typing import Any

from reeld.actors.decision import DecisionActor
from reeld.actors.resources import Resources
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.domain.reputation import GroupRule
from reeld.domain.settings import DecisionSettings
from reeld.simulators import catalogue as films
from reeld.storage.repositories import acquisitions, groups, library, restrictions
from reeld.storage.repositories import movies as movie_rows

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD
PLAIN = "Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"
LIKED = "Night.of.the.Living.Dead.1968.1080p.BluRay.DTS.x264-GRP"


async def test_what_a_release_scores_goes_with_it_and_its_group_too(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await offers.score("Any", DTS=70, x264=5, x265=-100)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(PLAIN), offers.of(LIKED, seeders=2))
    (acquisition,) = await acquisitions.by_movie(resources.database, movie_id)
    assert sorted(each.name for each in acquisition.formats) == ["DTS", "x264"]
    assert (acquisition.format_score, acquisition.release_group) == (75, "GRP")
    explained = await offers.explained(movie_id)
    first, second = explained.releases
    assert (first.title, first.score, first.rank) == (LIKED, 75, 1)
    assert {each.name: each.points for each in first.score_parts} == {"DTS": 70, "x264": 5}
    assert second.lost is not None
    assert (second.lost.to_title, second.rank) == (LIKED, 2)
    assert second.lost.criterion.endswith("score")


async def test_a_file_is_replaced_by_a_higher_score_and_never_by_its_equal(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    rows.configure(decision=DecisionSettings(upgrades_allowed=True))
    movie_id = await rows.add_movie(NIGHT, profile="HD-1080p")
    await offers.score("HD-1080p", DTS=70)
    await resources.database.execute(
        "UPDATE quality_profile SET cutoff = 'Remux-1080p', cutoff_format_score = 1000"
        " WHERE name = 'HD-1080p'"
    )
    async with resources.database.transaction() as conn:
        # A person put it there: nobody has looked for its formats yet.
        file = NewMovieFile(movie_id, "/library", f"Night/{LIKED}.mkv", 7, Quality.BLURAY_1080P)
        await library.record(conn, file)
        await movie_rows.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
    other = LIKED.replace("GRP", "OTHER")
    async with run_actor(lambda: DecisionActor(resources)):
        worse, equal = await offers.bring(offers.of(PLAIN), offers.of(other))
        assert await offers.taken(movie_id) is None
        assert await offers.reasons(worse) == ["better_score_owned"]
        assert await offers.reasons(equal) == ["not_an_upgrade"]
        (known,) = await library.by_movie(resources.database, movie_id)
        assert known.formats is not None
        assert ([each.name for each in known.formats], known.format_score) == (["DTS"], 70)
        # The format is mended, and the file's name would not match any more: what was found once stays.
        await resources.database.execute("DELETE FROM release")
        await offers.score("HD-1080p", DTS=70, x264=5)
        (better,) = await offers.bring(offers.of(other.replace("OTHER", "THIRD")))
        taken = await offers.taken(movie_id)
    assert taken is not None
    assert taken.title.endswith("THIRD")
    assert better


async def test_preferred_terms_of_release_profiles_are_part_of_the_score(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with resources.database.transaction() as conn:
        await restrictions.save(
            conn, ReleaseProfile(ignored=("cam",), preferred=(PreferredTerm("dts", 10),))
        )
    async with run_actor(lambda: DecisionActor(resources)):
        cam, *_ = await offers.bring(
            offers.of(PLAIN.replace("BluRay", "CAM")), offers.of(PLAIN), offers.of(LIKED)
        )
        assert (await offers.taken(movie_id)).title == LIKED
        assert "ignored_term" in await offers.reasons(cam)


async def test_a_decision_is_stored_with_every_rule_and_once_as_long_as_it_ends_the_same(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        (release_id,) = await offers.bring(offers.of(PLAIN, seeders=0))
        await offers.decide(movie_id)
        await offers.bring(offers.of(PLAIN, seeders=0), cause="search")
        stored = await offers.stored(movie_id)
        assert (stored.times, stored.release_id) == (3, None)
        (said,) = (await offers.explained(movie_id)).releases
        assert said.release_id == release_id
        (against,) = [each for each in said.rulings if each.is_rejected]
        assert (against.rule, str(against.reason)) == ("seeders", "too_few_seeders")
        assert against.values["seeders"] == 0
        assert len(said.rulings) > 25, "a rule was not asked"
        await offers.bring(offers.of(PLAIN, seeders=3))
        now = await offers.stored(movie_id)
    assert (now.times, now.release_id) == (1, release_id)
    assert now.id > stored.id


async def test_a_format_that_takes_too_long_is_counted_and_holds_nothing_up(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await offers.score("Any", **{"(a|aa)+$": 50})
    name = PLAIN.replace("GRP", "a" * 60 + "!")
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(name))
        assert await offers.taken(movie_id) is not None
    assert resources.metrics.value("reeld_custom_format_timeouts_total") == 1


async def test_what_groups_are_worth_and_what_people_say_of_them_counts(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await resources.database.execute("UPDATE quality_profile SET reputation_weight = 100")
    other = PLAIN.replace("GRP", "LIKED")
    async with resources.database.transaction() as conn:
        await groups.set_rule(conn, "BAD", GroupRule.BLOCK)
        await groups.set_rule(conn, "liked", GroupRule.PREFER)
    async with run_actor(lambda: DecisionActor(resources)):
        bad, *_ = await offers.bring(
            offers.of(PLAIN.replace("GRP", "BAD")), offers.of(PLAIN), offers.of(other, seeders=2)
        )
        assert await offers.reasons(bad) == ["group_blocked"]
        assert (await offers.taken(movie_id)).title == other
    first = (await offers.explained(movie_id)).releases[0]
    assert ("reputation", "LIKED") in {(each.kind, each.name) for each in first.score_parts}
    (acquisition,) = await acquisitions.by_movie(resources.database, movie_id)
    assert acquisition.format_score == 0, "a reputation moves: it is no part of what is stored"
