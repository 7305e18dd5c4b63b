from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from reeld.actors.decision import DecisionActor
from reeld.actors.dispatcher import DispatcherActor
from reeld.actors.giving_up import give_up
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.release import NewRelease, Source
from reeld.domain.secret import Secret
from reeld.domain.settings import DecisionSettings, HdbitsSettings
from reeld.simulators import Film, Flaw
from reeld.simulators import catalogue as films
from reeld.storage.repositories import acquisitions, blocklist, grabs, library, releases, titles
from reeld.storage.repositories import movies as movie_rows
from reeld.storage.work import WorkState

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD
HDBITS = HdbitsSettings("me", Secret("p"))


def offer(title: str, *, guid: str = "", film: Film | None = None, **more: Any) -> NewRelease:
    values: dict[str, Any] = {
        "source": Source.RSS,
        "indexer": "feed",
        "seeders": 20,
        "size": 4_000_000_000,
        "imdb_id": film.imdb_id if film else None,
    }
    return NewRelease(guid=guid or title, title=title, **{**values, **more})


async def store(resources: Resources, *offers: NewRelease) -> list[int]:
    async with resources.database.transaction() as conn:
        seen = await releases.upsert(conn, offers)
    by_guid = {each.guid: each.id for each in seen}
    return [by_guid[each.guid] for each in offers]


async def match(resources: Resources, rows: Any, *offers: NewRelease) -> list[int]:
    ids = await store(resources, *offers)
    await rows.until(await rows.ask("decision", "match-releases", {"release_ids": ids}))
    return ids


async def decide(rows: Any, movie_id: int) -> None:
    """Wait for the decision that was asked for, or ask for one."""
    found = await rows.resources.work.list(queue="decision")
    asked = [
        item.id for item in found if item.kind == "decide-movie" and not item.args.get("waiting")
    ]
    fresh = [number for number in asked if number not in rows.decided]
    if not fresh:
        fresh = [await rows.ask("decision", "decide-movie", {"movie_id": movie_id})]
    for number in fresh:
        await rows.until(number)
    rows.decided.update(fresh)


async def reasons(resources: Resources, release_id: int) -> list[str]:
    verdict = await releases.verdict(resources.database, release_id)
    assert verdict is not None
    return [rejection["reason"] for rejection in verdict["rejections"]]


async def movies_of(resources: Resources, release_ids: list[int]) -> list[int | None]:
    found = await releases.by_ids(resources.database, release_ids)
    matched = {release.id: release.movie_id for release in found}
    return [matched[number] for number in release_ids]


async def active_title(resources: Resources, movie_id: int) -> str | None:
    found = await acquisitions.active_of_movie(resources.database, movie_id)
    if found is None:
        return None
    release = await releases.get(resources.database, found.release_id)
    assert release is not None
    return release.title


# Matching


async def test_releases_are_matched_by_imdb_number_and_by_title_and_year(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        ids = await match(
            resources,
            rows,
            offer("Notld.1080p.BluRay.x264-GRP", film=NIGHT),
            offer("Night.of.the.Living.Dead.1968.720p.BluRay.x264-GRP"),
            offer("Die.Nacht.der.lebenden.Toten.1968.German.720p.BluRay.x264-GRP"),
            offer("Night.of.the.Living.Dead.1969.1080p.BluRay.x264-GRP"),
            offer("Something.Else.2001.1080p.BluRay.x264-GRP"),
        )
    assert await movies_of(resources, ids) == [movie_id] * 3 + [None] * 2
    read = {
        outcome: resources.metrics.value(
            "reeld_releases_parsed_total", source="rss", outcome=outcome
        )
        for outcome in ("matched", "unmatched", "unparseable", "ignored")
    }
    assert read == {"matched": 3, "unmatched": 1, "unparseable": 0, "ignored": 1}
    assert await reasons(resources, ids[3]) == ["wrong_year"]
    parsed = await releases.parsed(resources.database, ids[1])
    assert parsed is not None
    assert parsed["year"] == 1968
    # A name that belongs to no wanted movie was not even read: that costs milliseconds each.
    assert await releases.parsed(resources.database, ids[4]) is None


async def test_a_title_that_two_wanted_movies_have_is_matched_to_none(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    await rows.add_movie(NIGHT)
    await rows.add_movie(replace(NIGHT, tmdb_id=1, imdb_id="tt0000001"))
    async with run_actor(lambda: DecisionActor(resources)):
        (release_id,) = await match(
            resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP")
        )
    (release,) = await releases.by_ids(resources.database, [release_id])
    assert release.movie_id is None
    assert await reasons(resources, release_id) == ["movie_ambiguous"]


async def test_a_movie_that_is_wanted_later_finds_what_came_before(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    async with run_actor(lambda: DecisionActor(resources)):
        (release_id, other, searchable) = await match(
            resources,
            rows,
            offer("Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"),
            offer("Something.Else.2001.1080p.BluRay.x264-GRP"),
            offer("Night.of.the.Living.Dead.1968.1080p.BluRay-HDB", source=Source.HDBITS),
        )
        movie_id = await rows.add_movie(NIGHT)
        await rows.until(await rows.ask("decision", "match-movie", {"movie_id": movie_id}))
        await decide(rows, movie_id)
        title = await active_title(resources, movie_id)
    assert title == "Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"
    (release,) = await releases.by_ids(resources.database, [release_id])
    assert release.movie_id == movie_id
    for number in (other, searchable):
        assert await releases.parsed(resources.database, number) is None


async def test_a_later_movie_does_not_take_what_may_be_anothers(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        await rows.add_movie(NIGHT)
        twin = await rows.add_movie(replace(NIGHT, tmdb_id=1, imdb_id="tt0000001"))
        await rows.until(await rows.ask("decision", "match-movie", {"movie_id": twin}))
    asked = await resources.work.list(queue="decision")
    assert "decide-movie" not in {item.kind for item in asked}


async def test_the_index_of_titles_follows_every_change_of_the_movies(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    night = await rows.add_movie(NIGHT)
    charade = await rows.add_movie(films.CHARADE)
    await rows.add_movie(films.SINTEL)

    async def matched(number: int) -> list[int | None]:
        ids = await match(
            resources,
            rows,
            offer(f"Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP{number}"),
            offer(f"Charade.1963.1080p.BluRay.x264-GRP{number}"),
        )
        return await movies_of(resources, ids)

    async def monitor(movie_id: int, monitored: bool) -> None:
        async with resources.database.transaction() as conn:
            await movie_rows.set_monitored(conn, movie_id, monitored)

    async with run_actor(lambda: DecisionActor(resources)):
        await monitor(charade, False)
        assert await matched(1) == [night, None]
        await monitor(night, False)
        await monitor(charade, True)
        assert await matched(2) == [None, charade]


async def test_hostile_names_are_read_by_nobody(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    await rows.add_movie(NIGHT)
    names = [
        "Night.of.the.Living.Dead." + "9" * 5000,
        "../../../etc/passwd 1968",
        "Night of the Living Dead 1968 " + "[" * 400,
        "\u202eNight.of.the.Living.Dead.1968.1080p",
    ]
    async with run_actor(lambda: DecisionActor(resources)) as cell:
        await match(
            resources, rows, *(offer(name[:512], guid=str(n)) for n, name in enumerate(names))
        )
        assert cell.incarnation_number == 1


# Deciding


async def test_the_best_release_is_taken_and_every_verdict_stored_with_its_reasons(
    resources: Resources, run_actor: Any, rows: Any, world: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    offered = {
        release.offer.name: offer(
            release.offer.name,
            film=NIGHT,
            guid=str(release.id),
            seeders=release.offer.seeders,
            infohash=release.torrent.infohash,
            source=Source.HDBITS,
            indexer="hdbits",
        )
        for release in world.releases_of(NIGHT)
    }
    async with run_actor(lambda: DecisionActor(resources)):
        ids = dict(zip(offered, await match(resources, rows, *offered.values()), strict=True))
        await decide(rows, movie_id)
    best = "Night.of.the.Living.Dead.1968.1080p.BluRay.x264.DTS-PUBDOM"
    assert await active_title(resources, movie_id) == best
    verdicts = await releases.verdicts(resources.database, list(ids.values()))
    assert {name: verdicts[number]["accepted"] for name, number in ids.items()} == {
        release.offer.name: release.offer.flaw is None for release in world.releases_of(NIGHT)
    }
    for release in world.releases_of(NIGHT):
        if release.offer.flaw is Flaw.NO_SEEDERS:
            assert await reasons(resources, ids[release.offer.name]) == ["too_few_seeders"]
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.DECIDED, f"{best} (hdbits)")
    (decided,) = await rows.events("release.decided")
    assert (decided["movie_id"], decided["release_id"]) == (movie_id, ids[best])
    (fetch,) = await rows.waiting("hdbits")
    assert (fetch.kind, fetch.args) == (
        "fetch-torrent",
        {"acquisition_id": decided["acquisition_id"]},
    )
    value = resources.metrics.value
    assert value("reeld_release_decisions_total", source="hdbits", decision="accepted") == 2
    assert value("reeld_release_rejections_total", reason="too_few_seeders") == 1


async def test_a_release_of_a_feed_is_fetched_by_the_feeds_actor(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        await decide(rows, movie_id)
    assert [item.kind for item in await rows.waiting("rss")] == ["fetch-torrent"]


async def test_one_release_of_a_movie_is_acquired_at_a_time(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        (taken,) = await match(
            resources, rows, offer("Night.of.the.Living.Dead.1968.720p.BluRay-GRP")
        )
        await decide(rows, movie_id)
        (better,) = await match(
            resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP")
        )
        await decide(rows, movie_id)
    assert len(await acquisitions.by_movie(resources.database, movie_id)) == 1
    assert await reasons(resources, better) == ["already_acquiring"]
    assert await reasons(resources, taken) == [], "why it was taken is not forgotten"
    assert (await rows.movie(movie_id)).stage is Stage.DECIDED


async def test_after_a_failure_the_next_best_is_taken_and_never_the_failed_one(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    names = [
        "Night.of.the.Living.Dead.1968.1080p.BluRay-GRP",
        "Night.of.the.Living.Dead.1968.720p.BluRay-GRP",
    ]
    taken = []
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, *map(offer, names))
        for _ in range(2):
            await decide(rows, movie_id)
            active = await acquisitions.active_of_movie(resources.database, movie_id)
            assert active is not None
            release = await releases.get(resources.database, active.release_id)
            assert release is not None
            taken.append(release.title)
            async with resources.database.transaction() as conn:
                await give_up(conn, active, release, FailureReason.STALLED, "It stalled.")
        await decide(rows, movie_id)
    assert taken == names
    movie = await rows.movie(movie_id)
    assert movie.stage is Stage.SEARCHED
    assert movie.stage_note == "None of 2 releases is right. It is blocklisted for this movie."


async def test_a_torrent_that_failed_is_not_taken_again_as_another_offer_of_it(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    name, infohash = "Night.of.the.Living.Dead.1968.1080p.BluRay-GRP", "a" * 40
    offers = [offer(name, guid="1", infohash=infohash), offer(name, guid="2")]
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, *offers)
        for _ in range(3):
            await decide(rows, movie_id)
            active = await acquisitions.active_of_movie(resources.database, movie_id)
            if active is None:
                continue
            release = await releases.get(resources.database, active.release_id)
            assert release is not None
            async with resources.database.transaction() as conn:
                await acquisitions.store_torrent(conn, active.id, b"sealed", infohash)
                active = replace(active, infohash=infohash)
                await give_up(conn, active, release, FailureReason.SAMPLE_ONLY, "A sample.")
    taken = await acquisitions.by_movie(resources.database, movie_id)
    assert len(taken) <= 2, "it goes round and round"


async def test_nothing_acceptable_ends_in_a_note_that_says_why(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await match(
            resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP", seeders=0)
        )
        await decide(rows, movie_id)
    movie = await rows.movie(movie_id)
    assert movie.stage is Stage.SEARCHED
    assert (
        movie.stage_note == "None of 1 releases is right. It has 0 seeders, at least 1 are wanted."
    )
    assert await acquisitions.by_movie(resources.database, movie_id) == []


async def test_what_the_settings_rule_out_is_taken_once_they_allow_it(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    rows.configure(decision=DecisionSettings(maximum_bytes=1))
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        await decide(rows, movie_id)
        assert await active_title(resources, movie_id) is None
        rows.configure(decision=DecisionSettings())
        await decide(rows, movie_id)
        assert await active_title(resources, movie_id) is not None


async def test_a_movie_that_is_not_monitored_is_left_alone(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    (release_id,) = await store(
        resources, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP", film=NIGHT)
    )
    async with resources.database.transaction() as conn:
        await movie_rows.set_monitored(conn, movie_id, False)
        await releases.set_match(conn, release_id, movie_id)
    async with run_actor(lambda: DecisionActor(resources)):
        await decide(rows, movie_id)
    assert await reasons(resources, release_id) == ["not_monitored"]


async def own_720p(resources: Resources, movie_id: int) -> None:
    file = NewMovieFile(movie_id, "/library", "Night/Night.mkv", 7, Quality.WEBDL_720P)
    async with resources.database.transaction() as conn:
        await library.record(conn, file)
        await movie_rows.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage), progress=1.0)


async def test_what_is_owned_is_not_acquired_again(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await own_720p(resources, movie_id)
    async with run_actor(lambda: DecisionActor(resources)):
        (same,) = await match(
            resources, rows, offer("Night.of.the.Living.Dead.1968.720p.WEB-DL.x264-GRP")
        )
        await decide(rows, movie_id)
    assert await reasons(resources, same) == ["not_an_upgrade"]
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.IN_LIBRARY, "")


async def test_an_upgrade_goes_the_same_way_again_where_it_is_allowed(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT, profile="HD-1080p")
    async with resources.database.transaction() as conn:
        await conn.execute("UPDATE movie SET profile = 'HD - 720p/1080p'")
    await own_720p(resources, movie_id)
    better = offer("Night.of.the.Living.Dead.1968.720p.BluRay.x264-GRP")
    async with run_actor(lambda: DecisionActor(resources)):
        (release_id,) = await match(resources, rows, better)
        await decide(rows, movie_id)
        assert await reasons(resources, release_id) == ["upgrades_not_allowed"]
        rows.configure(decision=DecisionSettings(upgrades_allowed=True))
        await decide(rows, movie_id)
    assert await active_title(resources, movie_id) == better.title
    assert (await rows.movie(movie_id)).stage is Stage.DECIDED


async def test_a_file_that_is_imported_during_the_decision_is_not_acquired_a_second_time(
    resources: Resources, run_actor: Any, rows: Any, monkeypatch: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    from reeld.actors.decision import _surroundings

    asked = []

    def imported_behind(original: Any) -> Any:
        async def ask(*args: Any, **more: Any) -> Any:
            found = await original(*args, **more)
            if not asked:
                asked.append(True)
                await own_720p(resources, movie_id)
                async with resources.database.transaction() as conn:
                    await conn.execute("UPDATE acquisition SET state = 'imported'")
            return found

        return ask

    monkeypatch.setattr(_surroundings.grabs, "of_movie", imported_behind(grabs.of_movie))
    monkeypatch.setattr(_surroundings.library, "by_movie", imported_behind(library.by_movie))
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.720p.WEB-DL.x264-GRP"))
        await decide(rows, movie_id)
    assert asked
    assert await acquisitions.by_movie(resources.database, movie_id) == []


async def test_a_decision_that_runs_twice_acquires_once(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        for _ in range(3):
            await decide(rows, movie_id)
    (acquisition,) = await acquisitions.by_movie(resources.database, movie_id)
    assert acquisition.state is AcquisitionState.INTENT
    assert len(await rows.events("release.decided")) == 1
    assert len(await rows.waiting("rss")) == 1


async def test_movies_whose_search_is_longest_ago_are_searched_again(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    rows.configure(hdbits=HDBITS)
    long_ago = await rows.add_movie(NIGHT)
    await rows.add_movie(films.CHARADE)
    never = await rows.add_movie(films.SINTEL)
    in_library = await rows.add_movie(films.METROPOLIS)
    await own_720p(resources, in_library)
    async with resources.database.transaction() as conn:
        await conn.execute(
            "UPDATE movie SET added_at = now() - interval '3 days', status = 'released'"
        )
        await conn.execute("UPDATE movie SET searched_at = now() WHERE title = 'Charade'")
        await conn.execute(
            "UPDATE movie SET searched_at = now() - interval '2 days' WHERE id = %s", (long_ago,)
        )
    async with run_actor(lambda: DecisionActor(resources)):
        await rows.until(await rows.ask("decision", "search-missing"))
    assert {item.args["movie_id"] for item in await rows.waiting("hdbits")} == {long_ago, never}


@pytest.mark.parametrize("is_asked_for", [True, False])
async def test_a_movie_that_is_not_monitored_is_taken_when_a_person_asks_for_it(
    resources: Resources, run_actor: Any, rows: Any, is_asked_for: bool
) -> None:
    movie_id = await rows.add_movie(NIGHT, monitored=False)
    name = "Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer(name))
        assert await active_title(resources, movie_id) is None
        if is_asked_for:
            async with resources.database.transaction() as conn:
                await movie_rows.ask_for(conn, movie_id)
                await movie_rows.was_searched(conn, movie_id)
        await match(resources, rows, offer(name))
        await decide(rows, movie_id)
    assert await active_title(resources, movie_id) == (name if is_asked_for else None)


async def test_a_movie_is_asked_for_until_an_hour_after_its_search(
    resources: Resources, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT, monitored=False)

    async def after(change: str) -> tuple[bool, bool]:
        await resources.database.execute(f"UPDATE movie SET {change}")
        asked = await movie_rows.is_asked_for(resources.database, movie_id)
        (facts,) = titles.decode(await titles.page(resources.database))
        return asked, facts.is_looked_for

    long_ago = "now() - interval '3 hours'"
    assert await after(f"searched_at = {long_ago}") == (False, False)
    assert await after(f"asked_at = {long_ago} + interval '1 minute'") == (True, True)
    assert await after("searched_at = now()") == (True, True)
    assert await after("searched_at = now() - interval '61 minutes'") == (False, False)


@pytest.mark.parametrize("kind", ["fetch-torrent", "add-torrent", "import"])
async def test_a_movie_rests_after_its_work_was_discarded_until_it_is_searched_again(
    resources: Resources, run_actor: Any, rows: Any, kind: str
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with (
        run_actor(lambda: DecisionActor(resources)),
        run_actor(lambda: DispatcherActor(resources)),
    ):
        ids = await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        await decide(rows, movie_id)
        active = await acquisitions.active_of_movie(resources.database, movie_id)
        assert active is not None
        carrying = await carried_by(resources, rows, active.id, kind)
        assert await resources.work.discard(carrying)
        given_up = await rows.until_state(active.id, AcquisitionState.FAILED)
        assert given_up.failure is FailureReason.DISCARDED
        movie = await rows.movie(movie_id)
        assert (movie.stage, "discarded" in movie.stage_note) == (Stage.SEARCHED, True)
        assert await blocklist.by_movie(resources.database, movie_id) == []
        asked = await resources.work.list(queue="decision", state=WorkState.AVAILABLE)
        assert asked == [], "it is taken again at once"
        await rows.until(await rows.ask("decision", "match-releases", {"release_ids": ids}))
        await decide(rows, movie_id)
        again = await acquisitions.active_of_movie(resources.database, movie_id)
    assert again is not None


async def carried_by(resources: Resources, rows: Any, acquisition_id: int, kind: str) -> int:
    """Bring an acquisition to where work of a kind carries it on; return that work."""
    (fetch,) = await rows.waiting("rss")
    if kind == "fetch-torrent":
        return int(fetch.id)
    async with resources.database.transaction() as conn:
        await acquisitions.store_torrent(conn, acquisition_id, b"sealed", "a" * 40)
        if kind == "import":
            await acquisitions.move(conn, acquisition_id, AcquisitionState.SENT)
            await acquisitions.move(conn, acquisition_id, AcquisitionState.COMPLETE, files=[])
    queue = "qbit" if kind == "add-torrent" else "importer"
    return int(await rows.ask(queue, kind, {"acquisition_id": acquisition_id}))


async def test_work_that_was_overtaken_is_discarded_without_giving_anything_up(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.1080p.BluRay-GRP"))
        await decide(rows, movie_id)
        active = await acquisitions.active_of_movie(resources.database, movie_id)
        assert active is not None
        args = {"acquisition_id": active.id, "kind": "add-torrent"}
        await rows.until(await rows.ask("decision", "abandon", args))
    assert (await rows.acquisition(active.id)).state is AcquisitionState.INTENT


@pytest.mark.parametrize("state", ["available", "running"])
async def test_no_second_search_is_asked_for_while_one_waits_or_runs(
    resources: Resources, run_actor: Any, rows: Any, state: str
) -> None:
    rows.configure(hdbits=HDBITS)
    movie_id = await rows.add_movie(NIGHT)
    search = await rows.ask(
        "hdbits", "search-movie", {"movie_id": movie_id}, unique_key=f"movie:{movie_id}"
    )
    async with resources.database.transaction() as conn:
        await conn.execute(
            "UPDATE movie SET added_at = now() - interval '3 days', status = 'released'"
        )
    if state == "running":
        (claimed,) = await resources.work.claim("hdbits", 1, uuid4())
        assert claimed.id == search
    async with run_actor(lambda: DecisionActor(resources)):
        await rows.until(await rows.ask("decision", "search-missing"))
    assert len(await resources.work.list(queue="hdbits")) == 1
    found = await resources.database.fetch_all("SELECT again FROM work WHERE id = %s", (search,))
    assert found == [(False,)]


async def test_a_movie_that_was_just_added_is_left_to_its_own_search(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    rows.configure(hdbits=HDBITS)
    await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await rows.until(await rows.ask("decision", "search-missing"))
    assert await rows.waiting("hdbits") == []


async def test_a_movie_whose_release_was_rejected_is_still_to_be_searched(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    rows.configure(hdbits=HDBITS)
    movie_id = await rows.add_movie(NIGHT, profile="HD - 720p/1080p")
    async with resources.database.transaction() as conn:
        await conn.execute(
            "UPDATE movie SET added_at = now() - interval '3 days', status = 'released'"
        )
    async with run_actor(lambda: DecisionActor(resources)):
        await match(resources, rows, offer("Night.of.the.Living.Dead.1968.CAM.x264-GRP"))
        await decide(rows, movie_id)
        assert (await rows.movie(movie_id)).stage is Stage.SEARCHED
        await rows.until(await rows.ask("decision", "search-missing"))
    assert [item.args["movie_id"] for item in await rows.waiting("hdbits")] == [movie_id]


async def test_work_about_what_is_gone_is_done(
    resources: Resources, run_actor: Any, rows: Any
) -> None:
    async with run_actor(lambda: DecisionActor(resources)):
        await rows.until(await rows.ask("decision", "decide-movie", {"movie_id": 99}))
        await rows.until(await rows.ask("decision", "match-movie", {"movie_id": 99}))
        await rows.until(await rows.ask("decision", "match-releases", {"release_ids": [99]}))
