"""Measure how many items of a feed a second reeld decides about, beside guessit on every item, and FlexGet's whole run.

    python -m bench.feed [--json] [--without-flexget]

In: what happens to an item once it is read from the feed: the index of the wanted movies, reading the name, matching,
and a decision by all rules for each movie that something was offered for. Out, on both sides: HTTP, XML and the
database. FlexGet's run is its whole command: start, XML, its database; beside it stands a whole process of reeld's that
starts, reads the same file, and decides. The repeated poll is what the feed's actor does with items that stayed the same.

Names are in one process, in turns; the medians of the rounds count. guessit gets a part of the names, since it takes
milliseconds for each.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trio

from bench import flexget
from bench.feed_names import Film, feed, films
from reeld.actors.decision._matching import Memory, Reading, _match_some, match_releases, read_name
from reeld.actors.rss._memory import PageMemory
from reeld.domain.decision import Context, decide
from reeld.domain.matching import TitleIndex
from reeld.domain.movie import Movie, Stage
from reeld.domain.profile import default_profiles
from reeld.domain.release import Release, Source
from reeld.domain.secret import Secret
from reeld.services.feeds import FeedItem
from reeld.services.feeds._parsing import parse_feed

ITEMS = 1_000
LIBRARY = 10_000
SIZES = (1_000, 10_000, 100_000)
SHARES = (0.01, 0.1, 1.0)
ROUNDS = 7
GUESSED = 50
TICK_SECONDS = 0.001
NOW = datetime(2024, 6, 1, tzinfo=UTC)
PROFILE = default_profiles()["Any"]


def releases_of(names: Sequence[str]) -> list[Release]:
    """Return what a feed offers under these names."""
    return [
        Release(Source.RSS, "feed", f"guid-{n}", name, 4_000_000_000, seeders=20, id=n)
        for n, name in enumerate(names)
    ]


def movie_of(film: Film) -> Movie:
    """Return a wanted movie."""
    return Movie(
        id=film.id,
        tmdb_id=film.id,
        title=film.title,
        year=film.year,
        imdb_id=None,
        original_title=None,
        secondary_year=None,
        runtime_minutes=100,
        alternative_titles=(),
        monitored=True,
        root_folder=None,
        profile="Any",
        stage=Stage.WANTED,
        progress=0.0,
        stage_note="",
        added_at=NOW,
    )


class Library:
    """So many wanted movies, and what decides about offers for them."""

    def __init__(self, wanted: list[Film]) -> None:
        self.films = {film.id: film for film in wanted}
        self.index = TitleIndex(wanted)

    def decide(self, offered: list[Release], memory: Memory | None = None) -> int:
        """Match offers and decide about every movie that has some; return how many are accepted."""
        by_movie: dict[int, list[Reading]] = {}
        for reading in _match_some(self.index, offered, memory):
            if reading.movie_id is not None:
                by_movie.setdefault(reading.movie_id, []).append(reading)
        taken = 0
        for number, readings in by_movie.items():
            context = Context(movie_of(self.films[number]), PROFILE, NOW)
            candidates = [each.candidate for each in readings if each.candidate is not None]
            taken += decide(candidates, context).best is not None
        return taken


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long something takes, with everything forgotten that names taught."""
    read_name.cache_clear()
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def guess(names: Sequence[str]) -> None:
    """Read names as FlexGet's users often have it done."""
    from guessit import guessit

    for name in names:
        guessit(name, {"type": "movie"})


def measure_shares() -> dict[str, Any]:
    """Decide about feeds of which a share could match, beside guessit on every item."""
    every, _ = films()
    wanted, others = every[:LIBRARY], every[LIBRARY : LIBRARY + 3000]
    library = Library(wanted)
    found: dict[str, Any] = {}
    for share in SHARES:
        names = feed(ITEMS, share, wanted, others)
        offered, some = releases_of(names), names[:: ITEMS // GUESSED]
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds_of(lambda o=offered: library.decide(o)) / ITEMS)  # type: ignore[misc]
            theirs.append(seconds_of(lambda s=some: guess(s)) / len(some))  # type: ignore[misc]
        found[f"{share:.0%}"] = {
            "reeld_items_per_second": 1 / statistics.median(ours),
            "guessit_items_per_second": 1 / statistics.median(theirs),
            "ratio": statistics.median(b / a for a, b in zip(ours, theirs, strict=True)),
            "read_share": sum(map(library.index.could_match, names)) / ITEMS,
            "accepted": library.decide(offered),
        }
    return found


def measure_repeats() -> dict[str, Any]:
    """Read the same page again, and offer the same names again from elsewhere, beside guessit on every item."""
    every, _ = films()
    wanted, others = every[:LIBRARY], every[LIBRARY : LIBRARY + 3000]
    names = feed(ITEMS, 0.01, wanted, others)
    items = [
        FeedItem(f"key-{n}", name, Secret(f"https://host/{n}"), size=4 << 30, seeders=20)
        for n, name in enumerate(names)
    ]
    page, library, memory = PageMemory(), Library(wanted), Memory()
    offered, some = releases_of(names), names[:: ITEMS // GUESSED]
    mark = page.note(items)
    library.decide(offered, memory)

    def poll() -> None:
        nonlocal mark
        # New values, as a new answer makes them.
        fresh = [replace(item) for item in items]
        assert page.changed(fresh, mark) == []
        mark = page.note(fresh)

    again, elsewhere, theirs = [], [], []
    for _ in range(ROUNDS):
        again.append(seconds_of(poll) / ITEMS)
        elsewhere.append(seconds_of(lambda: library.decide(offered, memory)) / ITEMS)
        theirs.append(seconds_of(lambda: guess(some)) / len(some))
    return {
        "repeated_poll_items_per_second": 1 / statistics.median(again),
        "repeated_poll_ratio": statistics.median(b / a for a, b in zip(again, theirs, strict=True)),
        "same_names_ratio": statistics.median(
            b / a for a, b in zip(elsewhere, theirs, strict=True)
        ),
    }


def measure_sizes() -> dict[str, Any]:
    """Decide about one feed, a hundredth of which is wanted, against libraries of several sizes."""
    every, _ = films()
    smallest, others = every[: SIZES[0]], every[SIZES[-1] :][:3000]
    offered = releases_of(feed(ITEMS, 0.01, smallest, others))
    libraries = {size: Library(every[:size]) for size in SIZES}
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size, library in libraries.items():
            taken[size].append(seconds_of(lambda one=library: one.decide(offered)) / ITEMS)  # type: ignore[misc]
    growth = [last / first for first, last in zip(taken[SIZES[0]], taken[SIZES[-1]], strict=True)]
    return {
        "microseconds_an_item": {
            f"{size:,}": 1e6 * statistics.median(taken[size]) for size in SIZES
        },
        "growth": statistics.median(growth),
    }


async def measure_lag() -> dict[str, float]:
    """Read a thousand names that all could match, in the actor's own way, and see how late a timer of 1 ms runs."""
    every, _ = films()
    wanted = every[:LIBRARY]
    library = Library(wanted)
    offered = releases_of(feed(ITEMS, 1.0, wanted, []))
    read_name.cache_clear()
    lags: list[float] = []

    async def watch() -> None:
        while True:
            due = trio.current_time() + TICK_SECONDS
            await trio.sleep_until(due)
            lags.append(trio.current_time() - due)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        begun = trio.current_time()
        await match_releases(library.index, offered)
        seconds = trio.current_time() - begun
        nursery.cancel_scope.cancel()
    lags.sort()
    return {
        "seconds": seconds,
        "p50_ms": 1e3 * lags[len(lags) // 2],
        "p99_ms": 1e3 * lags[int(len(lags) * 0.99)],
        "worst_ms": 1e3 * lags[-1],
    }


def whole_run(path: Path) -> None:
    """Start, read a feed's file, decide about every item, and end: what FlexGet's command does."""
    every, _ = films()
    page = trio.run(parse_feed, path.read_bytes(), None, "http://127.0.0.1:1/rss")
    Library(every[:LIBRARY]).decide(releases_of([item.title for item in page.items]))


def measure_flexget() -> dict[str, Any] | str:
    """Run FlexGet and a process of reeld's in turns on the same feed and library."""
    every, _ = films()
    wanted, others = every[:LIBRARY], every[LIBRARY : LIBRARY + 3000]
    names = feed(ITEMS, 0.01, wanted, others)
    prepared = flexget.prepare(names, [(film.title, film.year) for film in wanted])
    if isinstance(prepared, str):
        return prepared
    decided = Library(wanted)
    offered = releases_of(names)
    theirs, whole, ours = [], [], []
    for _ in range(3):
        theirs.append(seconds_of(prepared.execute))
        command = [sys.executable, "-m", "bench.feed", "--whole-run", str(prepared.feed)]
        whole.append(seconds_of(lambda c=command: subprocess.run(c, check=True)))  # type: ignore[misc]
        ours.append(seconds_of(lambda: decided.decide(offered)))
    return {
        "flexget_seconds": statistics.median(theirs),
        "reeld_process_seconds": statistics.median(whole),
        "reeld_seconds": statistics.median(ours),
        "ratio": statistics.median(a / b for a, b in zip(theirs, ours, strict=True)),
        "process_ratio": statistics.median(a / b for a, b in zip(theirs, whole, strict=True)),
    }


def measure(*, with_flexget: bool) -> dict[str, Any]:
    """Measure everything."""
    guess(["warm.up.2000"])
    return {
        "load_at_start": os.getloadavg()[0],
        "titles": films()[1],
        "shares": measure_shares(),
        "repeats": trio.run(_in_trio, measure_repeats),
        "sizes": measure_sizes(),
        "lag": trio.run(measure_lag),
        "flexget": measure_flexget() if with_flexget else "FlexGet was not asked for.",
    }


async def _in_trio(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return work()


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    print(f"{ITEMS:,} items, {LIBRARY:,} movies; {found['titles']}\n")
    for share, each in found["shares"].items():
        print(
            f"{share:>5} could match: {each['reeld_items_per_second']:>9,.0f} items/s, guessit"
            f" {each['guessit_items_per_second']:>5,.0f}: {each['ratio']:>6.1f} times"
            f" ({each['read_share']:.1%} were read, {each['accepted']} accepted)"
        )
    repeats = found["repeats"]
    print(f"repeated poll: {repeats['repeated_poll_ratio']:>38,.0f} times guessit")
    print(f"the same names once more: {repeats['same_names_ratio']:>27,.0f} times guessit")
    for size, micro in found["sizes"]["microseconds_an_item"].items():
        print(f"{size:>7} movies: {micro:>37,.1f} µs an item")
    print(f"from the smallest to the largest: {found['sizes']['growth']:>19.2f} times")
    lag = found["lag"]
    print(
        f"loop lag while {ITEMS:,} names are read in {lag['seconds']:.2f} s:"
        f" p50 {lag['p50_ms']:.2f} ms, p99 {lag['p99_ms']:.2f} ms, worst {lag['worst_ms']:.1f} ms"
    )
    other = found["flexget"]
    if isinstance(other, str):
        print(other)
        return
    print(
        f"FlexGet's whole run {other['flexget_seconds']:.2f} s; reeld's part {other['reeld_seconds']:.3f} s:"
        f" {other['ratio']:.0f} times; a whole process of reeld's {other['reeld_process_seconds']:.2f} s:"
        f" {other['process_ratio']:.1f} times"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what happens to the items of a feed.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--without-flexget", action="store_true", help="leave FlexGet out")
    parser.add_argument("--whole-run", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.whole_run is not None:
        whole_run(arguments.whole_run)
        return
    found = measure(with_flexget=not arguments.without_flexget)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
