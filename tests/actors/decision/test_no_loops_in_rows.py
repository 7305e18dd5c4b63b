"""The same as the test of the pure rules, on rows: random offers, edits, imports and restarts, and no loop."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reeld.actors.decision._deciding import Deciding
from reeld.actors.decision._matching import read_name
from reeld.actors.resources import Resources
from reeld.domain.acquisition import Acquisition, AcquisitionState
from reeld.domain.decision import Cause
from reeld.domain.library import NewMovieFile
from reeld.domain.settings import DecisionSettings
from reeld.simulators import catalogue as films
from reeld.storage.repositories import acquisitions, library, movies, profiles, releases

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD
PROFILE = "HD - 720p/1080p"
WORDS = ("DTS", "HDR", "Atmos")
STEPS = 14


# Few qualities and words: it is equals that replace each other in turns.
def name_of(chance: random.Random, number: int) -> str:
    words = ".".join(chance.sample(WORDS, chance.randint(0, 2)))
    source = chance.choice(("WEB-DL", "WEBRip"))
    mended = chance.choice(("", "", "", "PROPER."))
    lines = chance.choice((720, 1080, 1080))
    name = f"Night.of.the.Living.Dead.1968.{mended}{lines}p.{source}.{words}.x264-G{number}"
    return name.replace("..", ".")


class Movie:
    """One movie in rows, decided about by what the actor uses."""

    def __init__(self, resources: Resources, offers: Any, movie_id: int) -> None:
        self.resources, self.offers, self.movie_id = resources, offers, movie_id
        self.database = resources.database
        self.deciding = Deciding(resources)
        self.improvements = 0

    def restart(self) -> None:
        self.deciding = Deciding(self.resources)

    async def offer(self, *names: str) -> None:
        async with self.database.transaction() as conn:
            seen = await releases.upsert(conn, [self.offers.of(name) for name in names])
            for each in seen:
                await releases.set_match(conn, each.id, self.movie_id)

    async def decide(self, cause: Cause = Cause.SEARCH) -> bool:
        """Decide once; tell whether something was taken, and count when it improves on the file."""
        movie = await movies.get(self.database, self.movie_id)
        assert movie is not None
        before = await acquisitions.active_of_movie(self.database, self.movie_id)
        effect = await self.deciding.about(movie, cause)
        assert effect is not None
        async with self.database.transaction() as conn:
            await effect(conn)
        active = await acquisitions.active_of_movie(self.database, self.movie_id)
        if active is None or before is not None:
            return False
        self.improvements += await self._improves(active)
        return True

    async def _improves(self, taken: Acquisition) -> bool:
        (release,) = await releases.by_ids(self.database, [taken.release_id])
        parsed = read_name(release.title)
        profile = await profiles.by_name(self.database, PROFILE)
        assert taken.format_score == profile.score(taken.formats)
        files = await library.by_movie(self.database, self.movie_id)
        if not files:
            return True
        (file,) = files
        mine = (profile.rank(parsed.quality), parsed.revision, profile.score(taken.formats))
        assert file.formats is not None
        return mine > (profile.rank(file.quality), file.revision, profile.score(file.formats))

    async def arrive(self) -> None:
        """Import what is on its way under a name that tells nothing of its formats."""
        active = await acquisitions.active_of_movie(self.database, self.movie_id)
        if active is None:
            return
        (release,) = await releases.by_ids(self.database, [active.release_id])
        parsed = read_name(release.title)
        known = await library.by_movie(self.database, self.movie_id)
        file = NewMovieFile(
            self.movie_id,
            "/library",
            f"Night/{active.id}.mkv",
            7,
            parsed.quality,
            parsed.revision,
            release_group=active.release_group,
            release_title=release.title,
            formats=active.formats,
            format_score=active.format_score,
        )
        async with self.database.transaction() as conn:
            await acquisitions.store_torrent(conn, active.id, b"sealed", f"{active.id:040x}")
            for state in ("sent", "complete", "imported"):
                await acquisitions.move(conn, active.id, AcquisitionState(state))
            await library.record(conn, file, replaces=known[0].id if known else None)
        (there,) = await library.by_movie(self.database, self.movie_id)
        assert (there.formats, there.format_score) == (active.formats, active.format_score)


@pytest.mark.parametrize("seed", range(4))
async def test_a_movie_is_grabbed_once_for_each_strict_improvement(
    resources: Resources, rows: Any, offers: Any, seed: int
) -> None:
    chance = random.Random(seed)
    rows.configure(decision=DecisionSettings(upgrades_allowed=True))
    movie_id = await rows.add_movie(NIGHT)
    await resources.database.execute("UPDATE movie SET profile = %s", (PROFILE,))
    await resources.database.execute(
        "UPDATE quality_profile SET cutoff = 'Bluray-1080p', cutoff_format_score = 1000 WHERE name = %s",
        (PROFILE,),
    )
    movie, number = Movie(resources, offers, movie_id), 0
    for _ in range(STEPS):
        match chance.choice(("offer", "offer", "score", "arrive", "arrive", "restart")):
            case "offer":
                names = [name_of(chance, number := number + 1) for _ in range(5)]
                await movie.offer(*names)
            case "score":
                await offers.score(PROFILE, **{chance.choice(WORDS): chance.choice((-50, 20, 70))})
            case "arrive":
                await movie.arrive()
            case "restart":
                movie.restart()
        await movie.decide(chance.choice(list(Cause)))
    # With the same offers and nothing edited it comes to an end, and stays there.
    for _ in range(10):
        await movie.arrive()
        if not await movie.decide():
            break
    assert not await movie.decide()
    movie.restart()
    assert not await movie.decide(Cause.RSS)
    taken = await acquisitions.by_movie(resources.database, movie_id)
    assert len(taken) == movie.improvements > 0
