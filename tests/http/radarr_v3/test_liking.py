"""The custom formats of records: of the queue, the history, the blocklist, files, and of names alone."""

from __future__ import annotations

from typing import Any

import pytest

NAME = "Charade.1963.1080p.BluRay.x264-GROUP"


def a_format(radarr: Any, name: str, implementation: str, value: object) -> dict[str, Any]:
    condition = {
        "name": name,
        "implementation": implementation,
        "negate": False,
        "required": True,
        "fields": [{"name": "value", "value": value}],
    }
    body = {"name": name, "specifications": [condition]}
    return dict(radarr.send("POST", "customformat", body, 201))


@pytest.fixture(scope="module", autouse=True)
def scored(radarr: Any) -> None:
    """A format that every good release has, and one of a group."""
    sharp = a_format(radarr, "Sharp", "ResolutionSpecification", 1080)
    group = a_format(radarr, "Liked", "ReleaseGroupSpecification", "^GROUP$")
    profile = radarr.get("qualityprofile/1")
    profile["formatItems"] = [
        {"format": sharp["id"], "name": "Sharp", "score": 7},
        {"format": group["id"], "name": "Liked", "score": 20},
    ]
    radarr.send("PUT", "qualityprofile/1", profile, 202)


def liked(record: dict[str, Any]) -> tuple[list[str], int]:
    assert all(each["id"] for each in record["customFormats"])
    return [each["name"] for each in record["customFormats"]], record.get("customFormatScore", 0)


def test_a_record_keeps_the_formats_that_its_release_was_grabbed_with(radarr: Any) -> None:
    movie = radarr.imported(radarr.add(radarr.films[0])["id"])
    assert liked(movie["movieFile"]) == (["Sharp"], 7)
    told = radarr.get("history/movie", movieId=movie["id"])
    assert {each["eventType"] for each in told} == {"grabbed", "downloadFolderImported"}
    assert [liked(each) for each in told] == [(["Sharp"], 7)] * 2
    assert not any(each["qualityCutoffNotMet"] for each in told)
    (again,) = radarr.get("history", movieIds=movie["id"], eventType="grabbed")["records"]
    assert liked(again) == (["Sharp"], 7)


def test_the_queue_and_the_blocklist_show_them_too(radarr: Any) -> None:
    radarr.turn_downloads(600)
    movie = radarr.add(radarr.films[1])
    (download,) = radarr.until(lambda: radarr.get("queue/details", movieId=movie["id"]))
    assert liked(download) == (["Sharp"], 7)
    query = {"blocklist": "true", "skipRedownload": "true"}
    radarr.send("DELETE", f"queue/{download['id']}", **query)
    (blocked,) = radarr.get("blocklist/movie", movieId=movie["id"])
    assert liked(blocked)[0] == ["Sharp"]


def test_a_name_alone_is_judged_for_the_movie_that_it_belongs_to(radarr: Any) -> None:
    names, score = liked(radarr.get("parse", title=NAME.replace("Charade", "Nobodys")))
    assert (sorted(names), score) == (["Liked", "Sharp"], 0)
    film = next(each for each in radarr.films if each.title == "Charade")
    if all(each["tmdbId"] != film.tmdb_id for each in radarr.get("movie")):
        radarr.add(film, addOptions={"searchForMovie": False})
    names, score = liked(radarr.get("parse", title=NAME))
    assert (sorted(names), score) == (["Liked", "Sharp"], 27)
    assert liked(radarr.get("parse", title="Charade.1963.720p.WEB-DL-OTHER")) == ([], 0)


def test_a_format_that_was_made_later_counts_at_once(radarr: Any) -> None:
    a_format(radarr, "Later", "ReleaseTitleSpecification", "x264")
    assert "Later" in liked(radarr.get("parse", title=NAME))[0]
