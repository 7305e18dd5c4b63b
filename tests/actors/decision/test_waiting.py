from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.actors.decision import DecisionActor
from reeld.actors.dispatcher import DispatcherActor
from reeld.actors.kernel import Breaker, BreakerConfig, Cell
from reeld.actors.resources import Resources
from reeld.cli.labels import KNOWN_LABELS
from reeld.domain.acquisition import AcquisitionState
from reeld.domain.delay import DelayProfile
from reeld.domain.history import EventKind
from reeld.domain.library import NewMovieFile
from reeld.domain.messages import Sweep
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.settings import DecisionSettings
from reeld.simulators import catalogue as films
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, delays, library, pending
from reeld.storage.repositories import movies as movie_rows
from reeld.storage.repositories.pending import PendingReason

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD
HD = "Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"
SD = "Night.of.the.Living.Dead.1968.720p.BluRay.x264-GRP"


async def wait_for_better(resources: Resources, minutes: int = 60) -> None:
    """Have every release wait, whatever its quality."""
    async with resources.database.transaction() as conn:
        await delays.save(
            conn, DelayProfile(torrent_delay_minutes=minutes, bypass_if_highest_quality=False)
        )


async def let_pass(resources: Resources, rows: Any, minutes: int) -> None:
    """Let time pass for what is offered, what waits, and the work that looks again."""
    database = resources.database
    span = f"interval '{minutes} minutes'"
    await database.execute(f"UPDATE release SET first_seen = first_seen - {span}")
    await database.execute(
        f"UPDATE pending_release SET due_at = due_at - {span}, added_at = added_at - {span}"
    )
    await database.execute(f"UPDATE work SET run_at = run_at - {span} WHERE state = 'available'")
    rows.hint("decision")


async def test_a_release_waits_for_a_better_one_as_long_as_its_delay_profile_says(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await wait_for_better(resources)
    async with run_actor(lambda: DecisionActor(resources)):
        (release_id,) = await offers.bring(offers.of(SD))
        assert await offers.taken(movie_id) is None
        assert await offers.reasons(release_id) == ["delayed"]
        (waits,) = await pending.of_movie(resources.database, movie_id)
        assert (waits.release_id, waits.reason) == (release_id, PendingReason.DELAY)
        movie = await rows.movie(movie_id)
        assert movie.stage is Stage.SEARCHED
        assert movie.stage_note.startswith(f"{SD} waits. A better one may come")
        await let_pass(resources, rows, 59)
        await offers.settle()
        assert await offers.taken(movie_id) is None, "it does not wait to the end"
        await let_pass(resources, rows, 1)
        await offers.settle()
        taken = await offers.taken(movie_id)
    assert taken is not None
    assert taken.title == SD
    assert await pending.of_movie(resources.database, movie_id) == []


async def test_a_wait_survives_that_the_daemon_is_killed_and_ends_by_itself(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await wait_for_better(resources)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(SD))
    # Nothing of it is left but rows; the time passes while nobody is there.
    await let_pass(resources, rows, 61)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.settle()
        taken = await offers.taken(movie_id)
    assert taken is not None
    assert taken.title == SD


async def test_a_better_release_that_comes_during_the_wait_is_taken_at_its_end(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await wait_for_better(resources)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(SD))
        await let_pass(resources, rows, 50)
        await offers.bring(offers.of(HD))
        waiting = await pending.of_movie(resources.database, movie_id)
        assert len(waiting) == 2
        assert len({each.due_at for each in waiting}) == 1, "the better one makes the wait longer"
        await let_pass(resources, rows, 10)
        await offers.settle()
        taken = await offers.taken(movie_id)
    assert taken is not None
    assert taken.title == HD


async def test_what_was_forgotten_or_went_bad_meanwhile_is_not_taken(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    await wait_for_better(resources)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(SD))
        await offers.bring(offers.of(SD, seeders=0))
        assert await pending.of_movie(resources.database, movie_id) == []
        await let_pass(resources, rows, 61)
        await offers.settle()
        assert await offers.taken(movie_id) is None


# The download client is away


def client(resources: Resources) -> Breaker:
    """The breaker of a download client, for decisions to look at."""
    cell = Cell("qbit", DecisionActor)
    breaker = cell.breakers["qbit"] = Breaker("qbit", BreakerConfig(window=2, min_calls=1))
    resources.directory.add(cell.address)
    return breaker


async def test_while_the_client_is_away_a_release_waits_and_is_taken_when_it_is_back(
    resources: Resources, run_actor: Any, rows: Any, offers: Any, eventually: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    breaker = client(resources)
    async with run_actor(lambda: DecisionActor(resources)) as cell:
        breaker.force_open("test")
        (release_id,) = await offers.bring(offers.of(SD))
        assert await offers.reasons(release_id) == ["client_away"]
        (waits,) = await pending.of_movie(resources.database, movie_id)
        assert waits.reason is PendingReason.CLIENT_UNAVAILABLE
        assert 0 < (waits.due_at - waits.added_at).total_seconds() <= 60
        await offers.bring(offers.of(HD))
        cell.address.tell(Sweep())
        breaker.reset()

        async def is_taken() -> bool:
            cell.address.tell(Sweep())
            return await offers.taken(movie_id) is not None

        await eventually(is_taken, 30)
        taken = await offers.taken(movie_id)
        assert taken.title == HD, "a better one that came meanwhile goes first"
    assert await rows.waiting("decision") == [], "it is looked again for nothing"


async def test_after_a_minute_it_is_decided_again_about_what_waits_for_the_client(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    breaker = client(resources)
    breaker.force_open("test")
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(SD))
    breaker.reset()
    await let_pass(resources, rows, 1)
    # Another process, which never saw the client away.
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.settle()
        assert await offers.taken(movie_id) is not None


# Something is on its way


async def test_a_better_release_waits_until_what_is_on_its_way_is_in_the_library(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    rows.configure(decision=DecisionSettings(upgrades_allowed=True))
    movie_id = await rows.add_movie(NIGHT, profile="HD-1080p")
    await resources.database.execute("UPDATE movie SET profile = 'HD - 720p/1080p'")
    web = "Night.of.the.Living.Dead.1968.720p.WEB-DL.x264-GRP"
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(web))
        (better,) = await offers.bring(offers.of(SD))
        (waits,) = await pending.of_movie(resources.database, movie_id)
        assert (waits.release_id, waits.reason) == (better, PendingReason.FALLBACK)
        (said,) = [e for e in (await offers.explained(movie_id)).releases if e.release_id == better]
        (why,) = [each for each in said.rulings if each.is_rejected]
        assert f"{web} is on its way" in why.sentence
        assert "judged again" in why.sentence
        taken = await offers.taken(movie_id)
        assert taken.title == web
        async with run_actor(lambda: DispatcherActor(resources)):
            async with resources.database.transaction() as conn:
                await acquisitions.store_torrent(conn, taken.id, b"sealed", "a" * 40)
                for state in ("sent", "complete", "imported"):
                    await acquisitions.move(conn, taken.id, AcquisitionState(state))
                file = NewMovieFile(
                    movie_id,
                    "/library",
                    "Night/Night.mkv",
                    7,
                    Quality.WEBDL_720P,
                    release_title=web,
                    formats=(),
                    format_score=0,
                )
                await library.record(conn, file)
                await movie_rows.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
                payload = {"movie_id": movie_id, "acquisition_id": taken.id}
                await append(conn, EventKind.MOVIE_IMPORTED, movie_id, payload)

            with trio.fail_after(30):
                while (now := await offers.taken(movie_id)) is None:
                    await trio.sleep(0.02)
    assert now.title == SD


async def test_an_import_that_nothing_waits_for_asks_for_no_decision_anew(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of(SD))
        before = await offers.stored(movie_id)
        await offers.decide(movie_id, waiting=True)
    assert await offers.stored(movie_id) == before


@pytest.mark.parametrize("reason", list(PendingReason))
async def test_every_wait_has_its_place_in_the_metrics(
    resources: Resources, rows: Any, reason: PendingReason
) -> None:
    assert str(reason) in KNOWN_LABELS["pending_reason"]
