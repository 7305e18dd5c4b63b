from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from reeld.cli.endings import EXIT_FAILED, EXIT_USAGE

HOSTILE = "Evil\x1b]0;owned\x07 \x9b31m[bold red]Movie[/] \u202etxt.exe"


@pytest.fixture
def reeld(household: Any, command: Any) -> Any:
    """Runs a command against the daemon of the household."""
    return lambda *arguments, **more: command(
        *arguments, environ={**household.environ, **more.pop("environ", {})}
    )


def wait_for(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)
    return found


def arrived(reeld: Any, title: str) -> Any:
    def look() -> Any:
        movies = reeld("movie", "list", "--json").document
        return next(
            (one for one in movies if one["title"] == title and one["stage"] == "in_library"), None
        )

    return wait_for(look)


# Movies


def test_a_movie_is_added_by_its_number_and_comes_into_the_library(reeld: Any) -> None:
    added = reeld("movie", "add", "10378", "--json")
    assert added.code == 0
    assert added.document["title"] == "Big Buck Bunny"
    movie = arrived(reeld, "Big Buck Bunny")
    assert movie["files"][0]["link"] == "hardlink"
    listed = reeld("movie", "list")
    assert "Big Buck Bunny (2008)" in listed.out
    assert "in library" in listed.out
    assert reeld("movie", "list", "--stage", "failed").out == "There is no such movie.\n"
    assert reeld("movie", "list", "--stage", "failed", "--json").document == []


def test_a_movie_is_added_by_its_title_and_year(reeld: Any) -> None:
    answer = reeld("movie", "add", "sintel (2010)")
    assert answer.code == 0
    assert answer.out.startswith("Sintel (2010) is movie ")


def test_a_movie_is_added_by_its_imdb_number(reeld: Any) -> None:
    answer = reeld("movie", "add", "tt0807840", "--json")
    assert answer.code == 0
    assert answer.document["title"] == "Elephants Dream"
    again = reeld("movie", "add", "tt0807840", "--json")
    assert again.document["id"] == answer.document["id"]


def test_a_title_of_several_movies_is_refused_with_the_choices(reeld: Any) -> None:
    answer = reeld("movie", "add", "of")
    assert answer.code == EXIT_FAILED
    assert answer.out == ""
    assert "10331 Night of the Living Dead (1968)" in answer.err
    assert "133701 Tears of Steel (2012)" in answer.err


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("No Such Movie (1999)", "TMDB knows no movie"),
        ("tt9999999", "TMDB knows no movie"),
        ("999999999", "TMDB"),
    ],
)
def test_a_movie_that_tmdb_does_not_know_is_told(reeld: Any, what: str, said: str) -> None:
    answer = reeld("movie", "add", what, "--json")
    assert answer.code == EXIT_FAILED
    assert answer.out == ""
    assert said in answer.err


def test_a_profile_that_does_not_exist_is_told(reeld: Any) -> None:
    answer = reeld("movie", "add", "4808", "--profile", "nonsense")
    assert answer.code == EXIT_FAILED
    assert "nonsense" in answer.err


def test_movies_are_found_by_title_and_by_imdb_number(reeld: Any) -> None:
    found = reeld("movie", "find", "metropolis")
    assert "Metropolis (1927)" in found.out
    by_number = reeld("movie", "find", "tt0017136", "--json").document
    assert [hit["tmdb_id"] for hit in by_number] == [19]
    assert reeld("movie", "find", "metropolis", "--year", "1999", "--json").document == []
    assert "knows no movie" in reeld("movie", "find", "metropolis", "--year", "1999").out


def test_releases_are_shown_with_what_was_decided(reeld: Any) -> None:
    movie_id = str(reeld("movie", "add", "10378", "--json").document["id"])
    arrived(reeld, "Big Buck Bunny")
    shown = reeld("movie", "releases", movie_id)
    releases = reeld("movie", "releases", movie_id, "--json").document
    assert len(shown.out.splitlines()) == 1 + len(releases)
    for release in releases:
        assert release["title"] in shown.out
        for rejection in release["verdict"]["rejections"]:
            assert rejection["sentence"] in shown.out
    assert reeld("movie", "search", movie_id).code == 0
    asked = reeld("movie", "search", movie_id, "--json")
    assert set(asked.document) == {"queued"}


def test_a_movie_that_is_not_there_is_told(reeld: Any) -> None:
    answer = reeld("movie", "search", "123456")
    assert answer.code == EXIT_FAILED
    assert answer.err == "reeld: There is no movie 123456.\n"
    assert reeld("movie", "releases", "123456").code == EXIT_FAILED


# Queue, history, work


def test_history_tells_what_happened(reeld: Any) -> None:
    movie_id = str(reeld("movie", "add", "10378", "--json").document["id"])
    arrived(reeld, "Big Buck Bunny")
    kinds = {one["kind"] for one in reeld("history", "--movie-id", movie_id, "--json").document}
    assert kinds >= {"added", "searched", "grabbed", "downloaded", "imported"}
    shown = reeld("history", "--movie-id", movie_id, "--limit", "3").out.splitlines()
    assert len(shown) == 4


def test_the_queue_shows_what_is_fetched(reeld: Any, household: Any) -> None:
    assert isinstance(reeld("queue", "--json").document, list)
    assert reeld("queue").code == 0


def dead_work(household: Any, sentence: str = "It did not work.") -> str:
    rows = household.execute(
        "INSERT INTO work (queue, kind, args, state, finished_at, reason, sentence)"
        " VALUES ('tmdb', 'refresh-movie', '{\"movie_id\": 0}', 'dead', now(), 'crashed', %s) RETURNING id",
        sentence,
    )
    return str(rows[0][0])


def test_dead_work_is_listed_retried_and_discarded(reeld: Any, household: Any) -> None:
    first, second = dead_work(household), dead_work(household)
    listed = reeld("work", "list", "--state", "dead")
    assert "It did not work." in listed.out
    dead = reeld("work", "list", "--state", "dead", "--queue", "tmdb", "--json").document
    assert {str(one["id"]) for one in dead} == {first, second}
    assert reeld("work", "retry", first).out == f"Work {first} is tried again.\n"
    assert reeld("work", "discard", second, "--json").document["state"] == "cancelled"
    assert reeld("work", "list", "--state", "dead", "--json").document == []
    refused = reeld("work", "retry", second)
    assert refused.code == EXIT_FAILED
    assert "not dead" in refused.err
    assert reeld("work", "discard", "99999").err == "reeld: There is no work 99999.\n"


# The tree


def test_the_status_shows_the_tree_with_its_breakers(reeld: Any) -> None:
    shown = reeld("status")
    for name in ("root", "core", "database", "surface", "sources", "pipeline", "importer"):
        assert name in shown.out
    assert "breaker tmdb closed" in shown.out
    assert "0 restarts, 0 dead letters" in shown.out
    assert reeld("status", "--json").document["name"] == "root"


# What comes from outside


def test_nothing_from_outside_steers_the_terminal(reeld: Any, household: Any) -> None:
    household.execute(
        "INSERT INTO movie (tmdb_id, title, year, profile, stage, stage_note, monitored)"
        " VALUES (987654, %s, 2020, 'Any', 'failed', %s, false)",
        HOSTILE,
        HOSTILE,
    )
    dead = dead_work(household, HOSTILE)
    try:
        for arguments in (("movie", "list"), ("work", "list")):
            for flags in ((), ("--json",)):
                answer = reeld(*arguments, *flags)
                assert answer.code == 0
                assert all(letter.isprintable() or letter == "\n" for letter in answer.out)
                assert "[bold red]Movie[/]" in answer.out
        movies = reeld("movie", "list", "--json").document
        assert HOSTILE in [movie["title"] for movie in movies]
        err = reeld("movie", "add", HOSTILE).err
        assert all(letter.isprintable() or letter == "\n" for letter in err)
    finally:
        household.execute("DELETE FROM movie WHERE tmdb_id = 987654")
        reeld("work", "discard", dead)


# Reaching the daemon


def test_a_wrong_key_is_told_with_what_to_do(reeld: Any, household: Any) -> None:
    url = household.run.said.split("ready at ")[1].split()[0]
    answer = reeld("status", environ={"REELD_URL": url, "REELD_API_KEY": "not-the-key"})
    assert answer.code == EXIT_FAILED
    assert "X-Api-Key" in answer.err
    assert "not-the-key" not in answer.err


def test_a_stage_that_does_not_exist_is_refused(reeld: Any) -> None:
    answer = reeld("movie", "list", "--stage", "nonsense")
    assert answer.code in {EXIT_FAILED, EXIT_USAGE}
    assert answer.err


def test_the_doctor_finds_a_daemon_that_is_well(reeld: Any) -> None:
    document = reeld("doctor", "--json").document
    found = {one["check"]: one for one in document["findings"]}
    assert found["daemon"]["status"] == "pass"
    assert found["daemon"]["observed"]["running"] is True
    assert found["database"]["observed"]["running"] is True
    assert found["address"]["status"] == "pass"
