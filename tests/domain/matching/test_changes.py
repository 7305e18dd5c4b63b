"""An index whose movies come and go, and names that it must not drop."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.matching import Match, TitleIndex
from reeld.domain.parsing import parse_release_name

WORDS = ["Red", "Blue", "Night", "of", "the", "Sea", "2", "II", "V", "Ünder", "L'Homme", "Two", "&"]
YEARS = st.integers(1950, 2029)


@dataclass(frozen=True)
class Film:
    id: int
    tmdb_id: int
    imdb_id: str | None
    titles: tuple[str, ...]
    years: frozenset[int]


titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
films = st.builds(
    lambda number, names, year, imdb: Film(
        number, number + 100, f"tt{imdb:07}" if imdb else None, tuple(names), frozenset({year})
    ),
    st.integers(1, 6),
    st.lists(titles, min_size=1, max_size=3),
    YEARS,
    st.integers(0, 4),
)


@given(
    changes=st.lists(films | st.integers(1, 6), max_size=25),
    names=st.lists(st.tuples(titles, YEARS), min_size=1, max_size=10),
)
@settings(deadline=None)
def test_an_index_after_any_changes_is_the_same_as_one_built_anew(changes, names) -> None:
    index, there = TitleIndex(), dict[int, Film]()
    for change in changes:
        if isinstance(change, int):
            index.remove(change)
            there.pop(change, None)
        else:
            index.add(change)
            there.pop(change.id, None)
            there[change.id] = change
    anew = TitleIndex(there.values())
    assert len(index) == len(anew)
    assert {number for number in range(1, 7) if number in index} == there.keys()
    for title, year in [*names, *((t, min(f.years)) for f in there.values() for t in f.titles)]:
        name = f"{title.replace(' ', '.')}.{year}.1080p.BluRay.x264-GRP"
        parsed = parse_release_name(name)
        assert index.could_match(name) == anew.could_match(name)
        assert index.match(parsed) == anew.match(parsed)
        for number in range(5):
            found = index.match(parsed, imdb_id=f"tt{number:07}")
            assert found == anew.match(parsed, imdb_id=f"tt{number:07}")


DECORATIONS = [
    "{}.{}.1080p.BluRay.x264-GRP",
    "{}.{}.German.DL.1080p.BluRay.x264-GRP",
    "{}.Extended.Cut.{}.1080p.BluRay.x264-GRP",
    "{} ({}) [1080p] [WEBRip] [5.1] [YTS.MX]",
    "[Group] {} ({}) (BD 1920x1080 HEVC FLAC) [ABCD1234]",
    "[Group] {} [{}] [1080p]",
    "www.site.org - {} {} 1080p WEB-DL",
    "[ www.site.org ] - {}.{}.1080p.WEB-DL",
    "BBC.{}.{}.1080p.HDTV.x264-GRP",
    "IMAX.-.{}.{}.1080p.BluRay",
    "(Comedy) Netflix Originals - {} ({}) 1080p WEB-DL",
    "(Comedy) {} {} 1080p WEB-DL",
    "Ein anderer Titel AKA {} ({}) 1080p BluRay",
    "Ein anderer Titel A.K.A. {} ({}) 1080p BluRay",
    "Другое название / {} ({}) WEB-DL 1080p",
    "夜 {} {} 1080p WEB-DL",
    "{} - {} - 1080p - BluRay",
    "{}_{}_1080p_BluRay_x264-GRP",
    "{} {} tt0123456 1080p WEB-DL",
]


@given(titles, YEARS, st.sampled_from(DECORATIONS), st.sampled_from([" ", ".", "_"]))
@settings(deadline=None, max_examples=400)
def test_no_name_is_dropped_that_would_match(
    title: str, year: int, decoration: str, separator: str
) -> None:
    index = TitleIndex([Film(1, 1, None, (title,), frozenset({year}))])
    name = decoration.format(title.replace(" ", separator), year)
    if isinstance(index.match(parse_release_name(name)), Match):
        assert index.could_match(name), name
