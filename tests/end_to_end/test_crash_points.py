"""The daemon is killed at every crash point, and again in its recovery; afterwards everything is there, once.

Each trip is one movie's way through several daemons, on one database, one library and one simulated qBittorrent that
outlive them. The points of a trip come in pairs: killed at the first, the next daemon is killed at the second while it
recovers. Pairs, because work that loses its process three times is given up on purpose.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.simulators import catalogue
from reeld.simulators.offers import OFFERS, Layout, Offer
from reeld.simulators.torrents import blocks
from reeld.simulators.world import World
from reeld.storage.crashpoints import registry

# The trips run beside each other, before the first test; each test looks at one of them.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILM = catalogue.SINTEL
BEST, SECOND = (offer for offer in OFFERS if offer.film is FILM and offer.flaw is None)
BEST = replace(BEST, megabytes=2, layout=Layout.FOLDER)
SECOND = replace(SECOND, megabytes=1)
PROFILE = "HD - 720p/1080p"  # its cutoff lets the better one replace the other
UPGRADES = {"REELD_DECISION_UPGRADES_ALLOWED": "true"}
ONE_NAME = {"REELD_LIBRARY_FILE_TEMPLATE": "{Movie Title} ({Release Year})"}
ORDERED_RATIO = 2.0
AT_ONCE = 2 * (os.cpu_count() or 1)  # a second kill costs work up to five idle seconds

Step = Callable[["Story", Any], Awaitable[None]]


@dataclass(frozen=True)
class Trip:
    """What happens to one movie.

    Attributes:
        kills: The crash points of the daemons, one after another; `:2` for the second time that one passes it.
        steps: What is done meanwhile, each once.
        between: What happens after each kill.
        mend: Turned at qBittorrent before the last daemon, which nobody kills.
        offers: What HDBits has; an upgrade gets the last one later.
        grabbed: What has to be in qBittorrent in the end, the imported one last.
        told: What the history holds beside one line of each usual kind.
    """

    kills: tuple[str, ...]
    steps: tuple[Step, ...]
    between: Callable[[Story], None] = lambda story: None
    mend: dict[str, Any] = field(default_factory=dict)
    offers: tuple[Offer, ...] = (BEST, SECOND)
    grabbed: tuple[Offer, ...] = (BEST,)
    told: dict[str, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    version: str = "5.1.4"
    is_upgrade: bool = False
    leftovers: int = 0

    @property
    def name(self) -> str:
        """Its name in the list of tests."""
        return (
            " ".join(self.kills)
            + "".join(self.flags)
            + " same-name" * ("FILE_TEMPLATE" in str(self.variables))
        )


class Story:
    """A trip under way."""

    def __init__(self, trip: Trip, world: World, house: Any) -> None:
        self.trip, self.world, self.house = trip, world, house
        self.movie_id = 0
        self.movies = {one.offer.name: _movie_of(one) for one in world.releases.values()}
        self.held_back = world.hdbits.uploads.pop() if trip.is_upgrade else None
        self._steps = list(trip.steps)
        house.library.mkdir()
        for number in range(trip.leftovers):
            (house.library / f".reeld-{900 + number}.part").write_bytes(b"half")

    async def tell(self) -> None:
        for kill in self.trip.kills:
            life = self.house.start(kill_at=kill)
            status = await self._live(life)
            assert status == -signal.SIGKILL, f"{kill} was not reached: {status}\n{life.tail}"
            self.always()
            self.trip.between(self)
        self.world.qbittorrent.turn(**self.trip.mend)
        async with self.house.life() as life:
            await self._act(life)
            await life.in_library(self.movie_id)
            await self._settled(life)
            self.finally_()

    async def _live(self, life: Any) -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._act_until_killed, life)
            status: int = await life.ended()
            nursery.cancel_scope.cancel()
        return status

    async def _act_until_killed(self, life: Any) -> None:
        with suppress(life.Killed):
            await life.ready()
            await self._act(life)

    async def _act(self, life: Any) -> None:
        while self._steps:
            await self._steps[0](self, life)
            self._steps.pop(0)

    async def _settled(self, life: Any) -> None:
        """Wait until no work is left but what comes again and again."""
        with trio.move_on_after(20):
            while (left := self._open_work()) or self._unread():
                await self._retry_bystanders(life, left)
                await trio.sleep(0.05)
        assert not self._open_work(), life.tail

    def _open_work(self) -> list[Any]:
        query = "SELECT id, kind, state, reason FROM work WHERE state <> 'done' AND kind <> %s"
        return self.house.rows(query, ["poll-recent"])  # type: ignore[no-any-return]

    def _unread(self) -> list[Any]:
        """Return the last event for as long as nobody has learned from it."""
        query = (
            "SELECT kind FROM event WHERE position IS NULL OR position >"
            " (SELECT position FROM event_cursor WHERE subscriber = 'learner') LIMIT 1"
        )
        return self.house.rows(query)  # type: ignore[no-any-return]

    async def _retry_bystanders(self, life: Any, left: list[Any]) -> None:
        """A refresh that ran beside three kills is given up as if it had caused them: that is for a person to mend."""
        for row in left:
            if (row["kind"], row["state"], row["reason"]) == (
                "refresh-movie",
                "dead",
                "crashed_worker",
            ):
                await life.post(f"/api/work/{row['id']}/retry")

    # What must hold

    def always(self) -> None:
        """At every moment, before any recovery."""
        everything = self.house.files() + self.house.recycled()
        whole = {_hash(path) for path in everything if not path.name.endswith(".part")}
        assert whole <= set(self.movies.values()), "a partial file under a final name"
        rows = self.house.rows("SELECT root_folder, relative_path FROM library_file")
        assert len(rows) <= 1, rows
        assert all(Path(row["root_folder"], row["relative_path"]).exists() for row in rows)
        if self.trip.is_upgrade and rows:
            assert self.movies[SECOND.name] in whole, "the old file is lost"
        torrents = [self._offer(infohash) for infohash in self.world.qbittorrent.torrents]
        assert set(torrents) <= {*self.trip.grabbed, *self.trip.offers[:1]}, torrents

    def finally_(self) -> None:
        """When all is over."""
        self.always()
        (file,) = self.house.files()
        imported = self.trip.grabbed[-1]
        assert _hash(file) == self.movies[imported.name]
        kept = [_hash(path) for path in self.house.recycled()]
        assert kept == ([self.movies[SECOND.name]] if self.trip.is_upgrade else [])
        assert not [path for path in self.house.library.rglob("*") if _is_empty_folder(path)]
        self._check_torrents(imported)
        self._check_library(imported, file)
        self._check_rows()

    def _check_torrents(self, imported: Offer) -> None:
        torrents = {self._offer(one): each for one, each in self.world.qbittorrent.torrents.items()}
        assert torrents.keys() == set(self.trip.grabbed)
        download = torrents[imported]
        assert download.category == "reeld-imported"
        if self.trip.is_upgrade:
            assert torrents[SECOND].category == "reeld-imported"
        paths = [download.root / entry.path for entry in download.entries]
        assert self.movies[imported.name] in {_hash(path) for path in paths}, (
            "the download was touched"
        )

    def _check_library(self, imported: Offer, file: Path) -> None:
        ((row),) = self.house.rows("SELECT * FROM library_file")
        assert row["movie_id"] == self.movie_id
        assert row["release_title"] == imported.name
        assert Path(row["root_folder"], row["relative_path"]) == file
        is_copy = "--copy" in self.trip.flags
        assert row["link_kind"] == ("copy" if is_copy else "hardlink")
        assert file.stat().st_nlink == (1 if is_copy else 2)

    def _check_rows(self) -> None:
        house, imports, told = self.house, 1 + self.trip.is_upgrade, self.trip.told
        failed = told.get("download_failed", 0) + told.get("import_failed", 0)
        steps = Counter(house.values("SELECT step FROM import_journal"))
        assert steps == Counter(done=imports, failed=told.get("import_failed", 0))
        states = Counter(house.values("SELECT state FROM acquisition"))
        assert states == Counter(imported=imports, failed=failed)
        kinds = house.values("SELECT kind FROM history WHERE movie_id = %s", [self.movie_id])
        usual = dict.fromkeys(("added", "searched", "grabbed", "downloaded", "imported"), 1)
        assert Counter(kinds) == usual | told
        events = house.values("SELECT kind FROM event WHERE kind = 'movie.imported'")
        assert len(events) == imports
        learned = Counter(house.values("SELECT kind FROM group_evidence"))
        assert learned["kept"] == imports, learned
        grabbed = house.values(
            "SELECT DISTINCT payload ->> 'acquisition_id' FROM event WHERE kind = 'movie.grabbed'"
        )
        assert learned["grabbed"] == len(grabbed), learned

    def _offer(self, infohash: str) -> Offer:
        return self.world.releases[infohash].offer


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _movie_of(release: Any) -> str:
    movie = max((file.content for file in release.torrent.files), key=lambda content: content.size)
    return hashlib.sha256(b"".join(blocks(movie))).hexdigest()


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


# Steps


async def want(story: Story, life: Any) -> None:
    story.movie_id = await life.add(FILM.tmdb_id, profile=PROFILE)


async def offer_better(story: Story, life: Any) -> None:
    await life.in_library(story.movie_id)
    assert story.held_back is not None
    story.world.hdbits.upload(story.held_back)


async def retry_by_hand(story: Story, life: Any) -> None:
    (dead,) = await life.until("/api/work?state=dead", lambda rows: len(rows) == 1)
    assert (dead["kind"], dead["reason"]) == ("import", "crashed_worker")
    assert dead["sentence"]
    await life.post(f"/api/work/{dead['id']}/retry")


async def order(story: Story, life: Any) -> None:
    """Have the daemon carry out what it was told to do for a person, until all of it is done."""
    await life.in_library(story.movie_id)
    # Beside the orders nothing else is to be killed.
    while "done" not in story.house.values("SELECT state FROM work WHERE kind = 'mark-imported'"):
        life.require_alive()
        await trio.sleep(0.02)
    await life.post("/control/actors/qbit/poll")
    (torrent,) = story.world.qbittorrent.torrents.values()
    while torrent.stopped or torrent.ratio_limit != ORDERED_RATIO:
        life.require_alive()
        await trio.sleep(0.02)


async def keep_failing(story: Story, life: Any) -> None:
    """Stop the download with an error whenever it goes on, until the last daemon starts it for good."""
    while len(story.house.lives) <= len(story.trip.kills):
        life.require_alive()
        if any(torrent.wanted for torrent in story.world.qbittorrent.torrents.values()):
            story.world.qbittorrent.turn(error="*")
        await trio.sleep(0.05)


def swap_for_a_link(story: Story) -> None:
    """What was downloaded becomes a symbolic link, which is never followed."""
    for download in story.world.downloads.rglob("*.mkv"):
        if not download.is_symlink():
            download.symlink_to(download.rename(download.with_suffix(".moved")))


def turn(**knobs: object) -> Step:
    """Turn knobs of qBittorrent."""

    async def step(story: Story, life: Any) -> None:
        story.world.qbittorrent.turn(**knobs)

    return step


def when(state: str, **knobs: object) -> Step:
    """Turn knobs of qBittorrent once the acquisition is in a state."""

    async def step(story: Story, life: Any) -> None:
        while story.house.values("SELECT state FROM acquisition") != [state]:
            life.require_alive()
            await trio.sleep(0.02)
        story.world.qbittorrent.turn(**knobs)

    return step


# Trips

Pair = tuple[str, str]


def chain(*names: str) -> list[Pair]:
    """Each point, and the next one in the recovery; after the last one itself again."""
    return list(zip(names, (*names[1:], names[-1]), strict=True))


SEARCH = ("grab.search.uncommitted", "grab.search.committed", "grab.search.committed")
DECIDE = chain("grab.intent.uncommitted")
FETCH = chain("grab.intent.committed", "grab.torrent.fetched")
ADD = chain(
    "grab.torrent.stored", "grab.client.adding", "grab.client.answered", "grab.client.observed"
)
SENT = chain("grab.sent.committed")
MARK = chain("import.client.marking", "import.client.category_made", "import.client.marked")
LOST = chain("grab.client.lost")
REMOVED = chain("grab.removal.noticed")
COMPLETE = ("grab.complete.uncommitted", "grab.complete.committed", "import.plan.uncommitted")
TOLD = ("told.event.logged", "told.event.noted", "told.event.noted")
LEARNED = (
    "learned.evidence.uncommitted",
    "learned.evidence.committed",
    "learned.evidence.committed",
)
LINKED: list[Pair] = [
    ("import.plan.uncommitted", "import.plan.committed"),
    ("import.plan.committed", "import.folder.made"),
    ("import.folder.made", "import.part.linked"),
    ("import.part.linked", "import.part.stale_removed"),
    ("import.file.renamed", "import.placed.committed"),
    ("import.file.synced", "import.placed.committed"),
    ("import.placed.committed", "import.verified.committed"),
    ("import.verified.committed", "import.record.uncommitted"),
    ("import.record.uncommitted", "import.record.committed"),
    ("import.record.committed", "import.retired.committed"),
    ("import.retired.committed", "import.client.marking"),
]
COPIED: list[Pair] = [
    ("import.part.created", "import.part.half_copied"),
    ("import.part.half_copied", "import.part.copied"),
    ("import.part.copied", "import.file.renamed"),
]
UNDER_ANOTHER_NAME: list[Pair] = [
    ("import.record.committed:2", "import.old.kept"),
    ("import.old.kept", "import.old.removed"),
    ("import.old.removed", "import.retired.committed"),
    ("import.old.retired", "import.retired.committed"),
]
UNDER_THE_SAME_NAME: list[Pair] = [
    ("import.old.kept", "import.part.linked"),
    ("import.file.renamed:3", "import.placed.committed"),
]
ORDERED = chain("import.client.ordering", "import.client.ordered")
TAGGED: list[Pair] = [
    ("grab.client.answered", "grab.client.tagging"),
    ("grab.client.tagging", "grab.client.tagged"),
    ("grab.client.tagged", "grab.client.observed"),
]
RESTARTED = ("grab.client.restarting", "grab.client.restarted", "grab.client.restarted")
SWEPT = ("import.leftover.found", "import.leftover.removed", "import.leftover.removed")
DISCARDED = [
    ("import.part.linked", "import.part.discarded", "import.discarded"),
    ("import.part.linked", "import.discarded", "import.discarded"),
]
GIVEN_UP = ("import.part.linked", "import.part.stale_removed", "import.file.renamed")


def usual_trips() -> Iterator[Trip]:
    """From the decision to the mark; the points before and after the import are spread over the trips."""
    grabs = [(*DECIDE, FETCH[number % len(FETCH)], add, *SENT) for number, add in enumerate(ADD)]
    marks = cycle(MARK)
    for number, pair in enumerate(LINKED):
        grab = grabs[number] if number < len(grabs) else ()
        mark = [next(marks)] if number < len(MARK) else []
        yield Trip(tuple(kill for each in (*grab, pair, *mark) for kill in each), (want,))


def upgrades() -> Iterator[Trip]:
    told = {"grabbed": 2, "downloaded": 2, "imported": 2, "file_retired": 1}
    for pairs, names in ((UNDER_ANOTHER_NAME, {}), (UNDER_THE_SAME_NAME, ONE_NAME)):
        for pair in pairs:
            yield Trip(
                pair,
                (want, offer_better),
                offers=(SECOND, BEST),
                grabbed=(SECOND, BEST),
                told=told,
                variables=UPGRADES | names,
                is_upgrade=True,
            )


def edges() -> Iterator[Trip]:
    """Where one stage hands over to the next."""
    yield from (Trip(kills, (want,)) for kills in (SEARCH, COMPLETE, TOLD, LEARNED))


def mishaps() -> Iterator[Trip]:
    yield Trip(GIVEN_UP, (want, retry_by_hand))
    for kills in DISCARDED:
        yield Trip(
            kills,
            (want, retry_by_hand),
            between=swap_for_a_link,
            grabbed=(BEST, SECOND),
            told={"grabbed": 2, "downloaded": 2, "import_failed": 1},
        )
    yield Trip(SWEPT, (want,), leftovers=3)
    ordered = tuple(kill for pair in ORDERED for kill in pair)
    yield Trip(ordered, (want, order), flags=("--orders",))
    yield from (Trip(pair, (want,), version="4.2.5") for pair in TAGGED)
    yield Trip(
        RESTARTED,
        (turn(download_seconds=120.0), want, when("downloading"), keep_failing),
        mend={"download_seconds": 0.3},
        flags=("--hasty",),
    )
    yield Trip(
        LOST[0],
        (turn(stall_all=True), want, when("sent", lose="*")),
        mend={"stall_all": False},
        told={"grabbed": 2},
    )
    yield Trip(
        REMOVED[0],
        (turn(download_seconds=120.0), want, when("downloading", delete="*")),
        mend={"download_seconds": 0.3},
        grabbed=(SECOND,),
        told={"grabbed": 2, "download_failed": 1},
    )


TRIPS = [
    *usual_trips(),
    *upgrades(),
    *(Trip(pair, (want,), flags=("--copy",)) for pair in COPIED),
    *edges(),
    *mishaps(),
]


async def run_trips(builder: Any, wanted: list[int]) -> dict[int, BaseException | None]:
    """Run trips beside each other, and return what each came to."""
    outcomes: dict[int, BaseException | None] = {}
    limit = trio.CapacityLimiter(AT_ONCE)

    async def run(number: int) -> None:
        async with limit:
            try:
                await run_trip(builder, TRIPS[number])
            except Exception as error:
                outcomes[number] = error
            else:
                outcomes[number] = None

    async with trio.open_nursery() as nursery:
        for number in wanted:
            nursery.start_soon(run, number)
    return outcomes


async def run_trip(builder: Any, trip: Trip) -> None:
    house = builder.house()
    try:
        folder = house.folder / "world"
        async with World.open(
            folder, download_seconds=0.3, offers=trip.offers, version=trip.version
        ) as world:
            world.qbittorrent.turn(visibility_delay=0.02, settle_seconds=0.05)
            house.variables |= builder.settings_of(world) | trip.variables
            house.flags = trip.flags
            await Story(trip, world, house).tell()
    finally:
        builder.tear_down(house)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, builder: Any) -> dict[int, BaseException | None]:
    """What became of the trips that were asked for; of none when several workers share the tests."""
    if hasattr(request.config, "workerinput"):
        return {}
    wanted = [
        item.callspec.params["number"]  # type: ignore[attr-defined]
        for item in request.session.items
        if item.name.startswith("test_everything_is_there_once_after_kills_at[")
    ]
    return trio.run(run_trips, builder, wanted)


@pytest.mark.parametrize("number", range(len(TRIPS)), ids=[trip.name for trip in TRIPS])
def test_everything_is_there_once_after_kills_at(
    number: int, outcomes: dict[int, BaseException | None], builder: Any
) -> None:
    if number not in outcomes:
        outcomes |= trio.run(run_trips, builder, [number])
    error = outcomes[number]
    if error is not None:
        raise error


def test_every_crash_point_kills_a_daemon_that_is_killed_again_in_its_recovery() -> None:
    killed: set[str] = set()
    for trip in TRIPS:
        names = [kill.partition(":")[0] for kill in trip.kills]
        killed |= set(names[:-1])
    assert killed == {point.name for point in registry().values() if point.case[0] not in "BRFK"}
