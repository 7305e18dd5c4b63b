"""Names come from anybody."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.parsing import parse_release_name

_TEXT = (
    "the a 2010 (2010) [2010] 1080p 720p 4K WEB-DL WEB BluRay Blu-ray BDRip REMUX DVDRip "
    "x264 H.264 HEVC AVC DTS-HD MA 5.1 AAC German French DL ML MULTi PROPER REPACK REAL "
    "Extended Directors Cut Edition Ultimate Special aka - / [ ] ( ) { } -GRP [GRP] "
    "S01E02 1x02 sub ita Subs HC tt1234567 tmdb-5 www.a.org mkv .mkv -rp sample é 夜 "
    "\u202e \x00 . _ + v2 /  HDR10+ DV DDP5.1 Atmos AMZN KORSUB [] () -- 3D SBS 11th May 03-29-"
)
WORDS = st.sampled_from(_TEXT.split(" "))


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=300)
def test_no_text_raises_and_every_answer_is_json(text: str) -> None:
    json.dumps(parse_release_name(text).to_json())


@given(st.lists(WORDS, max_size=40), st.sampled_from([" ", ".", "_", "-", ""]))
@settings(deadline=None, max_examples=400)
def test_no_heap_of_release_words_raises(words: list[str], separator: str) -> None:
    parsed = parse_release_name(separator.join(words))
    assert parsed.title is None or parsed.title.strip()
    assert all(title.strip() for title in parsed.alternative_titles)


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "s01e" * 3000, "[(" * 5000, "-" * 10_000, "\x00" * 99]
)
def test_a_name_of_ten_kilobytes_is_cut(text: str) -> None:
    assert len(parse_release_name(text).name) <= 300


SCRIPTS = """
    Ночь Νύχτα לילה ليل 夜 밤 よる กลางคืน रात রাত ராத்திரி రాత్రి രാത്രി ਰਾਤ રાત ରାତି රෑ གཚན་ ញ ღამე գիշեր ሌሊት
    𐌰𐌱 ᚠᚢ ⴰⴱ ꦲ ᠰᠥᠨᠢ ޅ ߏ ½ ² Ⅳ
"""


@pytest.mark.parametrize("title", SCRIPTS.split())
def test_a_title_in_any_script_is_found_before_its_year(title: str) -> None:
    parsed = parse_release_name(f"{title} (2010) 1080p WEB-DL x264-OPEN")
    assert (parsed.title, parsed.year, parsed.group) == (title, 2010, "OPEN")


@pytest.mark.parametrize(
    "name",
    ["Sintel 2010 x264-", "Sintel.2010.x264-[]", "[] Sintel 2010 ()", "{} - [] - ()", "-[]-"],
)
def test_an_empty_group_is_none(name: str) -> None:
    assert parse_release_name(name).group is None


def test_signs_that_turn_the_direction_of_text_are_dropped() -> None:
    parsed = parse_release_name("Sin\u202etel.2010.1080p\x00.WEB-DL")
    assert "\u202e" not in (parsed.title or "")
    assert parsed.year == 2010


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9)
    .map(str.title)
    .filter(lambda word: parse_release_name(f"Zz {word} Qq").is_unparseable),
    st.integers(min_value=1930, max_value=2029),
)
@settings(deadline=None)
def test_any_plain_title_before_a_year_in_brackets_is_found(word: str, year: int) -> None:
    parsed = parse_release_name(f"Zz {word} Qq ({year}) 1080p WEB-DL x264-OPEN")
    assert (parsed.title, parsed.year, parsed.group) == (f"Zz {word} Qq", year, "OPEN")
