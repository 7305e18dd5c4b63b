"""Measure how many release names a second reeld's parser reads, beside guessit, PTT and PTN on the same names.

    python -m bench.parsing [--json] [--cases FILE]

All run on one thread, in turns, and the median of the rounds counts. guessit gets a part of the names: it takes
milliseconds for each. With labelled cases it also prints how often reeld and guessit agree with them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from bench import cases, peers
from reeld.domain.parsing import parse_release_name
from reeld.simulators.catalogue import FILMS

ROUNDS = 5
GUESSED = 60
SHAPES = (
    "{dotted}.{year}.1080p.BluRay.x264-GRP",
    "{dotted}.{year}.REPACK.2160p.UHD.BluRay.REMUX.HDR10.HEVC.TrueHD.7.1.Atmos-GRP",
    "{title} ({year}) [1080p] [WEBRip] [5.1] [YTS.MX]",
    "{dotted}.{year}.GERMAN.DL.720p.WEB.h264-GRP",
    "{title} {year} Director's Cut DVDRip XviD AC3-GRP",
    "{dotted}.{year}.PROPER.1080p.AMZN.WEB-DL.DDP5.1.H.264-GRP",
    "[Group] {title} ({year}) (BD 1920x1080 HEVC FLAC) [ABCD1234]",
    "{dotted}.{year}.Hybrid.2160p.DV.HDR.WEB-DL.DDP5.1.Atmos.H.265-GRP.mkv",
)


def names() -> list[str]:
    """Return names in the shapes that indexers use."""
    return [
        shape.format(title=film.title, dotted=film.title.replace(" ", "."), year=film.year)
        for film, shape in product(FILMS, SHAPES)
    ]


def per_second(parse: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return names a second."""
    begun = time.perf_counter()
    for text in texts:
        parse(text)
    return len(texts) / (time.perf_counter() - begun)


def measure() -> dict[str, Any]:
    """Run all in turns and return the medians."""
    from guessit import guessit  # half a second that only this benchmark pays

    others: dict[str, list[float]] = {peer: [] for peer in peers.installed()}
    texts = names()
    some = texts[:: max(len(texts) // GUESSED, 1)]
    ours, theirs = [], []
    guessit(texts[0], {"type": "movie"})
    for _ in range(ROUNDS):
        ours.append(per_second(parse_release_name, texts * 5))
        theirs.append(per_second(lambda text: guessit(text, {"type": "movie"}), some))
        for peer, rates in others.items():
            rates.append(peers.names_per_second(peer, texts))
    agreed = sum(
        str(guessit(text, {"type": "movie"}).get("title", "")).casefold()
        == (parse_release_name(text).title or "").casefold()
        for text in some
    )
    return {
        "load_at_start": os.getloadavg()[0],
        "names": len(texts),
        "reeld_names_per_second": statistics.median(ours),
        "guessit_names_per_second": statistics.median(theirs),
        "ratio": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
        "same_title_share": agreed / len(some),
        "peers_names_per_second": {peer: statistics.median(r) for peer, r in others.items()},
        "peers_ratio": {
            peer: statistics.median(a / b for a, b in zip(ours, rates, strict=True))
            for peer, rates in others.items()
        },
    }


def score(path: Path) -> dict[str, Any]:
    """Return for each field the number of cases and the percentages of both parsers."""
    from guessit import guessit

    labelled = cases.read_cases(path)
    ours = cases.percent_by_field(labelled, lambda text: parse_release_name(text).to_json())
    theirs = cases.percent_by_field(
        labelled, lambda text: cases.guessed(guessit(text, {"type": "movie"}))
    )
    return {
        field: {"cases": count, "reeld": percent, "guessit": theirs[field][1]}
        for field, (count, percent) in ours.items()
    }


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    for name in ("reeld", "guessit"):
        rate = found[f"{name}_names_per_second"]
        print(f"{name:34} {rate:>10,.0f} names/s = {1e3 / rate:.2f} ms a name")
    print(f"{'reeld, times guessit':34} {found['ratio']:>10.1f}")
    for name, rate in found["peers_names_per_second"].items():
        print(f"{name:34} {rate:>10,.0f} names/s = {1e3 / rate:.2f} ms a name")
        print(f"{f'reeld, times {name}':34} {found['peers_ratio'][name]:>10.1f}")
    print(f"{'same title from both':34} {found['same_title_share']:>10.0%}")
    for field, row in found.get("cases", {}).items():
        label = f"{field}, {row['cases']} cases, percent"
        print(f"{label:34} {row['reeld']:>10.1f} and guessit {row['guessit']:.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the parser of release names.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--cases", type=Path, help="labelled names to score both parsers on")
    arguments = parser.parse_args()
    found = measure()
    if arguments.cases:
        found["cases"] = score(arguments.cases)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
