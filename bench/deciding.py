"""Measure what deciding about one release costs that is parsed already and whose custom formats are found.

    python -m bench.deciding [--json]

Its parts are measured in turns: asking every rule, the place in the order of preference, and the explanation with its
JSON. The profile has points for 100 formats, of which a release has twenty; finding them is what `bench.formats` measures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bench.parsing import names
from reeld.domain.custom_format import FormatMatch
from reeld.domain.decision import Candidate, Context, OwnedFile, decide, explain, judge, preference
from reeld.domain.matching import Match, MatchedBy
from reeld.domain.movie import Movie, Stage
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality
from reeld.domain.release import Release, Source
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile

ROUNDS = 7
FORMATS = 100
FOUND = tuple(FormatMatch(n, f"Format {n}") for n in range(1, 101, 5))
AIM_MS = 0.5
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def context() -> Context:
    """Return what surrounds the decision: a file that could be better, terms, and points for every format."""
    base = default_profiles(upgrades_allowed=True)["Any"]
    profile = replace(
        base,
        cutoff=Quality.REMUX_2160P,
        cutoff_format_score=10_000,
        format_scores={n: n for n in range(1, FORMATS + 1)},
    )
    movie = Movie(
        id=1,
        tmdb_id=1,
        title="The General",
        year=1926,
        imdb_id=None,
        original_title=None,
        secondary_year=None,
        runtime_minutes=78,
        alternative_titles=(),
        monitored=True,
        root_folder=None,
        profile="Any",
        stage=Stage.IN_LIBRARY,
        progress=0.0,
        stage_note="",
        added_at=NOW,
    )
    terms = ReleaseProfile(
        required=("p", "/(480|720|1080|2160)[ip]/i"),
        ignored=("hdcam", r"/\bx?vid\b/i"),
        preferred=(PreferredTerm("remux", 10), PreferredTerm(r"/h.?265/i", 5)),
    )
    owned = OwnedFile(Quality.SDTV, release_title="The.General.1926.SDTV-GRP", added_at=NOW)
    return Context(movie, profile, NOW, owned=owned, restrictions=[terms], free_bytes=2**40)


def candidates(where: Context) -> list[Candidate]:
    """Return offers of every shape of name."""
    return [_candidate(number, name, where) for number, name in enumerate(names()[::5], 1)]


def _candidate(number: int, name: str, where: Context) -> Candidate:
    release = Release(
        source=Source.RSS,
        indexer="feed",
        guid=str(number),
        title=name,
        size=5 * 1024**3,
        seeders=number,
        id=number,
    )
    match = Match(1, MatchedBy.TITLE)
    return Candidate(release, parse_release_name(name), match, FOUND, where.profile.score(FOUND))


def milliseconds(do: Callable[[], object], count: int) -> float:
    """Return the time of one of `count` releases."""
    begun = time.perf_counter()
    do()
    return (time.perf_counter() - begun) * 1000 / count


def measure() -> dict[str, Any]:
    """Run the parts in turns and return the medians."""
    where = context()
    offers = candidates(where)
    decision = decide(offers, where)
    parts: dict[str, Callable[[], object]] = {
        "rules": lambda: [judge(each, where) for each in offers],
        "preference": lambda: [preference(each, where) for each in offers],
        "explanation": lambda: json.dumps(explain(decision, where).to_json()),
    }
    found = {
        name: [milliseconds(do, len(offers)) for _ in range(ROUNDS)] for name, do in parts.items()
    }
    medians = {f"{name}_ms": statistics.median(times) for name, times in found.items()}
    return {
        "load_at_start": os.getloadavg()[0],
        "releases": len(offers),
        "formats": FORMATS,
        **medians,
        "whole_ms": sum(medians.values()),
        "explanation_bytes": len(json.dumps(explain(decision, where).to_json())) / len(offers),
    }


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    print(f"Deciding about one parsed release, a profile with {found['formats']} custom formats:")
    for name in ("rules", "preference", "explanation"):
        print(f"  {name:<12}{found[f'{name}_ms']:8.3f} ms")
    print(f"  {'whole':<12}{found['whole_ms']:8.3f} ms, aim under {AIM_MS:g} ms")
    print(f"  an explanation has {found['explanation_bytes']:.0f} bytes of JSON for each release")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure deciding about one release.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args()
    found = measure()
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
