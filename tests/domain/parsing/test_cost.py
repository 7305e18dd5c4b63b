"""No name may hold a thread up: 100 ms of its own processor time is the most."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.parsing import parse_release_name

MOST_SECONDS = 0.1
TRIES = 3
"""The thread's clock counts what a busy machine's caches cost, too: one good try is enough."""


def is_cheap(name: str) -> bool:
    return any(_seconds(name) < MOST_SECONDS for _ in range(TRIES))


def _seconds(name: str) -> float:
    begun = time.thread_time()
    parse_release_name(name)
    return time.thread_time() - begun


REPEATS = [
    "a", "1 ", "-", "[", "[(", "{{", "2010 ", "(2010", "s01e", "S01", "A.", "a / ", "aka ", "www.a.",
    "x264-", "x264-a-", "[a] ", "(a (b) ", "german ML ", "en+", "Tam + ", "sub en ", "dts-", "5 1 ",
    "NF ", "final ", "a cut ", "'s ", "夜 ", "夜/", "\u0301", "\u202e", "🎬", "4k +", "r3 ", "01-", "1x",
    "1080p ", "BluRay.", "REAL ", "Extended Edition ", "sample-", "tt1234567 ", ".mkv",
]  # fmt: skip


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("length", [300, 3_000, 10_000])
def test_a_repeated_piece_costs_no_more_the_longer_it_is(repeat: str, length: int) -> None:
    assert is_cheap((repeat * length)[:length])


@given(st.lists(st.sampled_from(REPEATS), min_size=2, max_size=4), st.booleans())
@settings(deadline=None, max_examples=150)
def test_no_pattern_of_pieces_is_slow(pieces: list[str], with_year: bool) -> None:
    name = "".join(pieces) * 300
    assert is_cheap(f"Sintel 2010 {name}" if with_year else name)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(deadline=None, max_examples=150)
def test_no_text_in_any_script_is_slow(text: str) -> None:
    assert is_cheap(text)
