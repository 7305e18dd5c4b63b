"""Measure how long it takes to find the custom formats of a release that is parsed already.

    python -m bench.formats [--json] [--guides FOLDER]

Beside it, in turns, the same formats are judged by the book: every expression is searched, with a time limit.
`--guides` names a folder with `trash-radarr-cf.jsonl` and `trash-radarr-profiles.jsonl` (one format or profile of the
TRaSH Guides a line, a condition's fields beside its name): then each of them is taken in, given out and compared too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import regex

from bench.parsing import names
from reeld.domain.custom_format import (
    CustomFormat,
    InvalidFormat,
    Subject,
    formats_of,
    from_radarr,
    judge_formats,
    probe_format,
    to_radarr,
)
from reeld.domain.language import Language
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import profile_from_radarr, profile_to_radarr

ROUNDS = 7
FORMATS = 100
AIM_MS = 1.0
EXPECTED = {
    "The.General.1926.2160p.UHD.BluRay.REMUX.HDR.HEVC.TrueHD.7.1.Atmos-FraMeSToR": {
        "Remux Tier 01",
        "TrueHD ATMOS",
        "HDR",
    },
    "The.General.1926.REPACK.1080p.AMZN.WEB-DL.DDP5.1.H.264-NTb": {
        "AMZN",
        "WEB Tier 01",
        "Repack/Proper",
    },
    "The.General.1926.German.DL.1080p.BluRay.x264-YIFY": {"LQ", "German DL"},
}
"""What nobody doubts that the guides' formats find."""

WORDS = ("HDR10", "DoVi", "Atmos", "TrueHD", "IMAX", "Remaster", "Hybrid", "DTS-HD", "AV1", "Opus")


def condition(
    name: str, kind: str, value: object, *, negate: bool = False, required: bool = False
) -> dict[str, Any]:
    """Return a condition as Radarr writes it."""
    return {
        "name": name,
        "implementation": f"{kind}Specification",
        "negate": negate,
        "required": required,
        "fields": {"value": value},
    }


def group_format(n: int) -> dict[str, Any]:
    """Return a format of thirty release groups from one source, as the guides sort groups into tiers."""
    groups = [condition(f"G{n}x{k}", "ReleaseGroup", f"^(G{n}x{k})$") for k in range(30)]
    return {"name": f"Tier {n}", "specifications": [condition("web", "Source", 7), *groups]}


def list_format(n: int) -> dict[str, Any]:
    """Return a format of groups that are looked for anywhere in a name."""
    found = [condition(f"L{n}x{k}", "ReleaseTitle", rf"\b(L{n}x{k})\b") for k in range(10)]
    return {"name": f"List {n}", "specifications": found}


def word_format(n: int) -> dict[str, Any]:
    """Return a format that looks for a word behind the year, and for none of two others."""
    word, other, third = (WORDS[(n + k) % len(WORDS)] for k in range(3))
    behind = rf"(?<=\b(19|20)\d{{2}}\b.*?)\b{word}[ ._-]?(plus|\d)?\b"
    found = [
        condition(word, "ReleaseTitle", behind, required=True),
        condition(f"not {other}", "ReleaseTitle", rf"\b{other}\b", negate=True, required=True),
        condition(f"not {third}", "ReleaseTitle", rf"^(?!.*{third}).*$", required=True),
    ]
    return {"name": f"Word {n}", "specifications": found}


def own_formats(count: int = FORMATS) -> tuple[CustomFormat, ...]:
    """Return formats in the shapes that the guides use."""
    shapes: tuple[Callable[[int], dict[str, Any]], ...] = (group_format, list_format, word_format)
    documents = [shapes[n % len(shapes)](n) for n in range(count)]
    return tuple(from_radarr(each, format_id=n + 1) for n, each in enumerate(documents))


def subjects() -> list[Subject]:
    """Return releases that are parsed already."""
    return [Subject(name, parse_release_name(name), 5 * 1024**3) for name in names()[::5]]


@cache
def compiled(source: str) -> regex.Pattern[str]:
    """Compile an expression once."""
    return regex.compile(source, regex.IGNORECASE)


def by_the_book(subject: Subject, formats: Sequence[CustomFormat]) -> list[int]:
    """Judge formats without any of our short cuts; expressions see the whole name."""
    found = []
    texts = {
        "ReleaseTitle": subject.title,
        "ReleaseGroup": subject.parsed.group or "",
        "Edition": " ".join(subject.parsed.editions),
    }
    for each in formats:
        kinds: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for one in each.conditions:
            if one.kind in texts:
                pattern = compiled(str(one.values["value"]))
                holds = pattern.search(texts[one.kind], timeout=0.02) is not None
            else:
                holds = subject.parsed.quality.source.value == "webdl"
            kinds[one.kind].append((holds is not one.negate, one.required))
        if all(
            any(ok for ok, _ in kind) and all(ok or not needed for ok, needed in kind)
            for kind in kinds.values()
        ):
            found.append(each.id)
    return found


def milliseconds(judge: Callable[[Subject], object], releases: Sequence[Subject]) -> float:
    """Return the processor time for one release: what it takes of the loop, whoever else is busy."""
    begun = time.thread_time()
    for each in releases:
        judge(each)
    return (time.thread_time() - begun) * 1000 / len(releases)


def measure() -> dict[str, Any]:
    """Judge in turns and return the medians."""
    formats, releases = own_formats(), subjects()
    for each in releases[:20]:
        formats_of(each, formats)
        by_the_book(each, formats)
    ours, book = [], []
    for _ in range(ROUNDS):
        ours.append(milliseconds(lambda each: formats_of(each, formats), releases))
        book.append(milliseconds(lambda each: by_the_book(each, formats), releases[::10]))
    return {
        "load_at_start": os.getloadavg()[0],
        "formats": len(formats),
        "conditions": sum(len(each.conditions) for each in formats),
        "ms_a_release": statistics.median(ours),
        "by_the_book_ms": statistics.median(book),
        "ratio": statistics.median(b / o for b, o in zip(book, ours, strict=True)),
    }


def guide_format(line: str) -> dict[str, Any]:
    """Build a format of the guides from a line, whose conditions have their fields beside their names."""
    row = json.loads(line)
    own = ("name", "implementation", "negate", "required")
    specifications = [
        {key: each[key] for key in own}
        | {"fields": {key: value for key, value in each.items() if key not in own}}
        for each in row["specifications"]
    ]
    return {
        "trash_id": row["trash_id"],
        "trash_scores": row["scores"],
        "name": row["name"],
        "includeCustomFormatWhenRenaming": row["include_when_renaming"],
        "specifications": specifications,
    }


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def check_formats(folder: Path) -> tuple[dict[str, Any], tuple[CustomFormat, ...]]:
    """Take in every format of the guides, and give it out again."""
    formats, faults = [], []
    for line in lines_of(folder / "trash-radarr-cf.jsonl"):
        document = guide_format(line)
        try:
            read = from_radarr(document, format_id=len(formats) + 1)
            probe_format(read)
        except InvalidFormat as error:
            faults.append(f"{document['name']}: {error.sentence}")
            continue
        if to_radarr(read) != document:
            faults.append(f"{document['name']}: comes out changed")
        formats.append(read)
    found = {
        "formats": len(formats),
        "conditions": sum(len(each.conditions) for each in formats),
        "faults": faults,
    }
    return found, tuple(formats)


def check_profiles(folder: Path, formats: Sequence[CustomFormat]) -> dict[str, Any]:
    """Take in every profile of the guides, and hold what comes out against what came in."""
    kept, faults = 0, []
    for line in lines_of(folder / "trash-radarr-profiles.jsonl"):
        document = json.loads(line)
        if "items" not in document:
            continue
        read = profile_from_radarr(document, formats)
        again = profile_from_radarr(profile_to_radarr(read, formats), formats)
        kept += 1
        if again != read:
            faults.append(f"{read.name}: comes out changed")
        if read.cutoff.label != document["cutoff"] or read.cutoff_rank < 0:
            faults.append(f"{read.name}: has another cutoff")
    return {"profiles": kept, "faults": faults}


def missing(formats: Sequence[CustomFormat]) -> list[str]:
    """Return what was expected of the formats and not found."""
    faults = []
    for name, expected in EXPECTED.items():
        subject = Subject(name, parse_release_name(name), original_language=Language.ENGLISH)
        found = {each.name for each in formats_of(subject, formats)}
        faults += [f"{name}: lacks {each}" for each in sorted(expected - found)]
    return faults


def check(folder: Path) -> dict[str, Any]:
    """Hold everything of the guides against what reeld makes of it, and time it."""
    told, formats = check_formats(folder)
    told["faults"] += missing(formats)
    releases = subjects()
    verdicts = [judge_formats(each, formats) for each in releases]
    seen = {match.name for verdict in verdicts for match in verdict.matches}
    return {
        "guides": {
            **told,
            "profiles": check_profiles(folder, formats),
            "ms_a_release": milliseconds(lambda each: formats_of(each, formats), releases),
            "matches_a_release": statistics.mean(len(each.matches) for each in verdicts),
            "formats_that_match_some_release": len(seen),
            "out_of_time": sum(len(each.timed_out) for each in verdicts),
        }
    }


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    print(f"{found['formats']} formats with {found['conditions']} conditions")
    print(f"{'one release':34} {found['ms_a_release']:>8.3f} ms (aim: under {AIM_MS:g})")
    print(f"{'by the book':34} {found['by_the_book_ms']:>8.3f} ms")
    print(f"{'times quicker':34} {found['ratio']:>8.1f}")
    if guides := found.get("guides"):
        print(json.dumps(guides, indent=2))


def main() -> None:
    """Measure and print; end with 1 when something of the guides is not as it was."""
    parser = argparse.ArgumentParser(description="Measure custom formats.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--guides", type=Path, help="a folder with formats and profiles to check")
    arguments = parser.parse_args()
    found = measure()
    if arguments.guides:
        found |= check(arguments.guides)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)
    guides = found.get("guides", {"faults": [], "profiles": {"faults": []}})
    sys.exit(1 if guides["faults"] or guides["profiles"]["faults"] else 0)


if __name__ == "__main__":
    main()
