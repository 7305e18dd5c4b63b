"""Libraries and feeds for `bench.feed`: real titles and names where there is data beside the project, else made-up ones."""

from __future__ import annotations

import json
import os
import random
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("REELD_BENCH_DATA", ROOT.parent / "shared" / "data"))
_YEAR = re.compile(r"(?:19|20)\d\d")
_FIRST = [
    "Silent",
    "Red",
    "Last",
    "Golden",
    "Broken",
    "Hidden",
    "Long",
    "Wild",
    "Blue",
    "Second",
    "Final",
    "Iron",
    "Distant",
    "Little",
    "Dark",
    "Lost",
]
_SECOND = [
    "River",
    "Night",
    "Summer",
    "Mountain",
    "House",
    "Garden",
    "Road",
    "Empire",
    "Ocean",
    "Promise",
    "Letter",
    "City",
    "Winter",
    "Dance",
    "King",
    "Bridge",
    "Harbour",
    "Signal",
    "Forest",
    "Mirror",
]
_THIRD = [
    "of_Glass",
    "in_Berlin",
    "Returns",
    "of_the_North",
    "for_Two",
    "and_Me",
    "at_Dawn",
    "without_End",
    "Rising",
    "by_the_Sea",
    "of_Ours",
    "Revisited",
]
_FOURTH = [
    f"{one}{two}"
    for one in ("Mar", "Ost", "Lin", "Bel", "Kor", "Ven")
    for two in ("low", "ian", "den", "ora", "sk", "elle")
]
_TAILS = (
    ".1080p.BluRay.x264-GRP",
    ".REPACK.2160p.UHD.BluRay.REMUX.HDR10.HEVC.TrueHD.7.1.Atmos-GRP",
    ".GERMAN.DL.720p.WEB.h264-GRP",
    ".DVDRip.XviD.AC3-GRP",
    ".PROPER.1080p.AMZN.WEB-DL.DDP5.1.H.264-GRP",
    ".Hybrid.2160p.DV.HDR.WEB-DL.DDP5.1.Atmos.H.265-GRP",
)
_EPISODES = (
    "The.{}.{}.S0{}E0{}.1080p.WEB.h264-GRP",
    "{}.{}.{}x0{}.HDTV.x264-GRP",
    "{}.{}.S0{}E0{}.MULTi.720p-GRP",
)


@dataclass(frozen=True)
class Film:
    """A movie as the index knows it."""

    id: int
    title: str
    year: int

    @property
    def tmdb_id(self) -> int:
        """The same number."""
        return self.id

    @property
    def imdb_id(self) -> None:
        """None: names alone are matched."""

    @property
    def titles(self) -> tuple[str, ...]:
        """The one title."""
        return (self.title,)

    @property
    def years(self) -> frozenset[int]:
        """The one year."""
        return frozenset({self.year})


@cache
def films() -> tuple[list[Film], str]:
    """Return 130,000 movies in a random order that is always the same, and where the titles are from."""
    rng = random.Random(5)
    made = [
        (f"{one} {two} {three.replace('_', ' ')} {four}", rng.randint(1960, 2024))
        for one, two, three, four in product(_FIRST, _SECOND, _THIRD, _FOURTH)
    ]
    rng.shuffle(made)
    source, real = "made-up titles", []
    if (DATA / "movie-titles.json").is_file():
        source = f"titles of {DATA.name}/movie-titles.json, then made-up ones"
        real = [(t, y) for t, y in json.loads((DATA / "movie-titles.json").read_text()) if y > 1959]
        rng.shuffle(real)
    pairs = list(dict.fromkeys([*real, *made]))[:130_000]
    return [Film(number, *pair) for number, pair in enumerate(pairs, 1)], source


@cache
def _tails() -> list[str]:
    path = DATA / "real-movie-names.txt"
    if not path.is_file():
        return list(_TAILS)
    found = ((name, _YEAR.search(name)) for name in path.read_text().splitlines())
    return [name[year.end() :] for name, year in found if year and name[year.end() :].strip()]


@cache
def _episodes() -> list[str]:
    path = DATA / "real-tv-names.txt"
    if path.is_file():
        return path.read_text().splitlines()
    rng = random.Random(3)
    return [
        rng.choice(_EPISODES).format(
            rng.choice(_FIRST), rng.choice(_SECOND), rng.randint(1, 9), rng.randint(1, 9)
        )
        for _ in range(1000)
    ]


def feed(count: int, share: float, wanted: list[Film], others: list[Film]) -> list[str]:
    """Return names, of which a share are of wanted movies; a fifth of the rest are episodes."""
    rng = random.Random(11)
    hits = round(count * share)
    episodes = (count - hits) // 5
    chosen = [*rng.choices(wanted, k=hits), *rng.choices(others, k=count - hits - episodes)]
    names = [_name(rng, film) for film in chosen] + rng.choices(_episodes(), k=episodes)
    rng.shuffle(names)
    return names


def _name(rng: random.Random, film: Film) -> str:
    tail = rng.choice(_tails())
    between = " " if tail.count(" ") > tail.count(".") else "."
    title = re.sub(r"[^\w\s'&-]", "", film.title)
    return f"{title.replace(' ', between)}{between}{film.year}{tail}"
