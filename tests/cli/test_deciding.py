from __future__ import annotations

import time
from typing import Any

import pytest

from reeld.cli.deciding import bytes_in
from reeld.cli.endings import EXIT_FAILED
from reeld.domain.errors import Refused

HOSTILE = "Evil\x1b]0;owned\x07 \x9b31m[bold red]Movie[/] \u202etxt.1999.1080p.exe"


@pytest.fixture
def reeld(household: Any, command: Any) -> Any:
    """Runs a command against the daemon of the household."""
    return lambda *arguments: command(*arguments, environ=household.environ)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GB", 8_000_000_000),
        ("700 MiB", 700 * 1024**2),
        ("1.5g", 1_500_000_000),
        ("123", 123),
        (None, None),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str | None, size: int | None) -> None:
    assert bytes_in(text) == size


def test_what_is_no_size_is_refused() -> None:
    with pytest.raises(Refused):
        bytes_in("big")


def test_what_would_be_decided_is_a_table_with_every_rule(reeld: Any) -> None:
    name = "The.General.1926.1080p.BluRay.x264-GROUP"
    answer = reeld("decide", name, "--profile", "SD", "--seeders", "0", "--size", "8GB")
    assert answer.code == 0, answer.err
    assert "The General, as if it were wanted, by the profile SD:" in answer.out
    assert "0 seeders" in answer.out
    assert "quality" in answer.out
    document = reeld("decide", name, "--json").document
    assert document["releases"][0]["accepted"]


def test_a_hostile_name_colours_and_moves_nothing(reeld: Any) -> None:
    answer = reeld("decide", HOSTILE)
    assert answer.code == 0, answer.err
    for sign in ("\x1b", "\x07", "\x9b", "\u202e"):
        assert sign not in answer.out
    assert "[bold red]Movie[/]" in answer.out


def test_a_movie_that_is_not_there_is_an_error_that_says_so(reeld: Any) -> None:
    for arguments in (("decide", "x", "--movie", "Nowhere"), ("movie", "why", "999")):
        answer = reeld(*arguments)
        assert answer.code == EXIT_FAILED
        assert answer.err.strip()


def test_why_a_movie_is_where_it_is_can_be_asked(reeld: Any, household: Any) -> None:
    added = reeld("movie", "add", "Charade (1963)", "--json").document
    end = time.monotonic() + 60
    while (answer := reeld("movie", "why", str(added["id"]))).code:
        assert time.monotonic() < end, answer.err
        time.sleep(0.2)
    assert f"Charade, by the profile {added['profile']}: on " in answer.out
    assert "taken" in answer.out
    everything = reeld("movie", "why", str(added["id"]), "--all")
    assert "movie match" in everything.out
    document = reeld("movie", "why", str(added["id"]), "--json").document
    assert document["explanation"]["movie_title"] == "Charade"
