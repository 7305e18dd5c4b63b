"""Lists of records: filtered and sorted as a client asks, or said to be sorted otherwise."""

from __future__ import annotations

from typing import Any

import pytest

NEVER = 29
"""Radarr's id of a quality (REGIONAL) and of a language (Bulgarian) that nobody offers here."""


def ids(page: dict[str, Any]) -> list[int]:
    return [each["id"] for each in page["records"]]


def numbers(record: dict[str, Any], key: str) -> list[int]:
    """Return Radarr's ids of a record's quality or languages."""
    found = [record["quality"]["quality"]] if key == "quality" else record["languages"]
    return [each["id"] for each in found]


def both_ways(radarr: Any, path: str, key: str, **more: Any) -> tuple[list[Any], list[Any]]:
    """Return the records by a sort key, which the answer must claim: upwards and downwards."""
    up, down = (
        radarr.get(path, sortKey=key, sortDirection=direction, pageSize=100, **more)
        for direction in ("ascending", "descending")
    )
    assert up["sortKey"] == down["sortKey"] == key
    assert sorted(ids(up)) == sorted(ids(down))
    assert up["totalRecords"] == down["totalRecords"] == len(up["records"])
    return up["records"], down["records"]


@pytest.fixture(scope="module")
def imported(radarr: Any) -> list[dict[str, Any]]:
    """Two movies that have their files."""
    return [radarr.imported(radarr.add(film)["id"]) for film in radarr.films[:2]]


@pytest.fixture(scope="module")
def blocked(radarr: Any, imported: list[dict[str, Any]]) -> list[int]:
    """The numbers of two movies with a blocked release each."""
    assert imported
    radarr.turn_downloads(600)
    movies = [radarr.add(film)["id"] for film in radarr.films[2:4]]
    for movie_id in movies:
        (one, *_) = radarr.until(lambda m=movie_id: radarr.get("queue/details", movieId=m))
        query = {"blocklist": "true", "skipRedownload": "true"}
        radarr.send("DELETE", f"queue/{one['id']}", **query)
    return movies


@pytest.mark.parametrize("key", ["sourceTitle", "movieMetadata.sortTitle"])
def test_history_is_sorted_by_names(radarr: Any, imported: list[dict[str, Any]], key: str) -> None:
    titles = {each["id"]: each["sortTitle"] for each in imported}
    up, down = both_ways(radarr, "history", key, movieIds=",".join(map(str, titles)))

    def name(record: dict[str, Any]) -> str:
        return str(
            record["sourceTitle"].lower() if key == "sourceTitle" else titles[record["movieId"]]
        )

    assert len({name(each) for each in up}) > 1
    assert [name(each) for each in up] == sorted(name(each) for each in up)
    assert [name(each) for each in down] == sorted(map(name, down), reverse=True)
    assert "movie" not in up[0]


@pytest.mark.parametrize("key", ["quality", "languages"])
def test_history_shows_some_qualities_and_languages_alone(
    radarr: Any, imported: list[dict[str, Any]], key: str
) -> None:
    (one, *_) = radarr.get("history", movieIds=imported[0]["id"])["records"]
    (number, *_) = numbers(one, key)
    every = radarr.get("history", pageSize=100)
    some = radarr.get("history", pageSize=100, **{key: number})
    assert one["id"] in ids(some)
    assert ids(some) == [each["id"] for each in every["records"] if number in numbers(each, key)]
    none = radarr.get("history", **{key: NEVER})
    assert (none["records"], none["totalRecords"]) == ([], 0)
    both_ways(radarr, "history", key)


@pytest.mark.parametrize("path", ["history", "blocklist", "log", "exclusions/paged", "queue"])
def test_an_order_that_is_not_known_is_not_claimed(radarr: Any, path: str) -> None:
    said = radarr.get(path)["sortKey"]
    assert radarr.get(path, sortKey="colourOfTheCover")["sortKey"] == said


def test_the_blocklist_is_of_some_movies_and_sorted_by_title(
    radarr: Any, blocked: list[int]
) -> None:
    first, second = blocked
    page = radarr.get("blocklist", movieIds=first)
    assert (page["totalRecords"], [each["movieId"] for each in page["records"]]) == (1, [first])
    both = radarr.get("blocklist", movieIds=f"{first},{second}")
    assert both["totalRecords"] == 2
    up, down = both_ways(radarr, "blocklist", "sourceTitle")
    names = [each["sourceTitle"].lower() for each in up]
    assert names == sorted(names)
    assert [each["sourceTitle"].lower() for each in down] == names[::-1]
    assert radarr.get("blocklist", protocols="usenet")["records"] == []
    up, down = both_ways(radarr, "blocklist", "date")
    assert [each["id"] for each in up] == [each["id"] for each in down][::-1] == sorted(ids(both))


def test_the_queue_shows_what_is_asked_for(radarr: Any, blocked: list[int]) -> None:
    movie = radarr.add(radarr.films[4])
    assert movie["id"] not in blocked
    (one,) = radarr.until(
        lambda: [
            each
            for each in radarr.get("queue/details", movieId=movie["id"])
            if each["status"] == "downloading" and "timeleft" in each
        ]
    )

    def seen(**asked: Any) -> bool:
        page = radarr.http.get("queue", params=asked).json()
        assert page["totalRecords"] == len(page["records"])
        return one["id"] in ids(page)

    quality, language = one["quality"]["quality"]["id"], one["languages"][0]["id"]
    for shown in (
        {"protocol": "torrent"},
        {"protocol": 2},
        {"status": ["paused", "downloading"]},
        {"status": 3},
        {"quality": quality},
        {"languages": language},
    ):
        assert seen(**shown), shown
    for hidden in (
        {"protocol": "usenet"},
        {"status": "paused"},
        {"quality": NEVER},
        {"quality": quality, "languages": NEVER},
        {"movieIds": 999},
    ):
        assert not seen(**hidden), hidden
    both_ways(radarr, "queue", "quality")


def test_a_word_that_is_no_state_is_refused(radarr: Any) -> None:
    answer = radarr.http.get("queue", params={"status": "asleep"})
    assert answer.status_code == 400
    assert "asleep" in answer.text


def test_the_log_shows_a_level_and_what_is_worse(radarr: Any, imported: list[Any]) -> None:
    assert imported
    radarr.send("DELETE", "exclusions/999999", status=404)
    # Changes are written down a moment after they were made.
    radarr.until(lambda: radarr.get("log", level="warn")["records"] or None)
    every = radarr.get("log", pageSize=100)["records"]
    assert {each["level"] for each in every} == {"info", "warn"}
    warned = radarr.get("log", pageSize=100, level="warn")
    assert {each["level"] for each in warned["records"]} == {"warn"}
    assert warned["totalRecords"] == len(warned["records"])
    assert radarr.get("log", level="error")["records"] == []
    assert radarr.get("log", level="info", pageSize=100)["totalRecords"] == len(every)
    up, _ = both_ways(radarr, "log", "level")
    assert [each["level"] for each in up] == sorted(each["level"] for each in up)


def test_exclusions_are_sorted_by_the_movies_number(radarr: Any) -> None:
    for number in (900003, 900001, 900002):
        body = {"tmdbId": number, "movieTitle": f"Movie {number}", "movieYear": 1990}
        radarr.send("POST", "exclusions", body, 201)
    up, down = both_ways(radarr, "exclusions/paged", "tmdbId")
    assert [each["tmdbId"] for each in up] == [900001, 900002, 900003]
    assert [each["tmdbId"] for each in down] == [900003, 900002, 900001]
    assert ids(radarr.get("exclusions/paged", sortKey="tmdbId", page=2, pageSize=2)) == [
        up[2]["id"]
    ]
