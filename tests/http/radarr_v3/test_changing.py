"""What clients change, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def movie(radarr: Any) -> dict[str, Any]:
    """A movie with a file."""
    added = radarr.add(radarr.films[0])
    return dict(radarr.imported(added["id"]))


def failures(answer: Any) -> list[tuple[str, str]]:
    """Return what each failure of a 400 is about, and check that autobrr and Seerr could read it."""
    for each in answer:
        assert {"propertyName", "errorMessage", "severity", "errorCode"} <= set(each)
        assert each["severity"] == "error"
    return [(each["propertyName"], each["errorMessage"]) for each in answer]


def test_a_movie_comes_once(radarr: Any, movie: dict[str, Any]) -> None:
    body = {"tmdbId": movie["tmdbId"], "qualityProfileId": 1, "rootFolderPath": str(radarr.library)}
    assert failures(radarr.send("POST", "movie", body, 400)) == [
        ("TmdbId", "This movie has already been added")
    ]
    assert len(radarr.get("movie")) == 1


@pytest.mark.parametrize(
    ("said", "property_name"),
    [
        ({"tmdbId": 0}, "TmdbId"),
        ({"tmdbId": "x"}, "tmdbId"),
        ({"tmdbId": 999_999_999}, "TmdbId"),
        ({"tmdbId": 2**40}, "tmdbId"),
        ({"qualityProfileId": 99}, "QualityProfileId"),
        ({"rootFolderPath": "/etc"}, "RootFolderPath"),
        ({"rootFolderPath": "../.."}, "RootFolderPath"),
        ({"minimumAvailability": "someday"}, "MinimumAvailability"),
        ({"tags": [77]}, "tags"),
        ({"tags": "x"}, "tags"),
        ({"monitored": "perhaps"}, "monitored"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_added(
    radarr: Any, movie: dict[str, Any], said: dict[str, Any], property_name: str
) -> None:
    good = {
        "tmdbId": radarr.films[1].tmdb_id,
        "qualityProfileId": 1,
        "rootFolderPath": str(radarr.library),
    }
    answer = radarr.send("POST", "movie", good | said, 400)
    assert [name for name, _ in failures(answer)] == [property_name]
    assert [each["id"] for each in radarr.get("movie")] == [movie["id"]]


def test_a_movie_that_is_sent_back_changes_what_it_says_otherwise(
    radarr: Any, movie: dict[str, Any]
) -> None:
    tag = radarr.send("POST", "tag", {"label": "sent back"}, 201)["id"]
    changed = movie | {"monitored": False, "qualityProfileId": 4, "tags": [tag]}
    changed["minimumAvailability"] = "inCinemas"
    kept = ("monitored", "qualityProfileId", "tags", "minimumAvailability", "path", "hasFile")
    for path in ("movie", f"movie/{movie['id']}"):
        answer = radarr.send("PUT", path, changed, 202)
        assert {name: answer[name] for name in kept} == {name: changed[name] for name in kept}
    (listed,) = radarr.get("movie")
    assert {name: listed[name] for name in kept} == {name: changed[name] for name in kept}
    answer = radarr.send("PUT", "movie", movie | {"path": "/elsewhere/Movie"}, 400)
    assert failures(answer)[0][0] == "Path"
    radarr.send("PUT", "movie", movie | {"id": 4711}, 404)
    radarr.send("PUT", "movie", movie, 202)


def test_many_movies_are_edited_at_once(radarr: Any, movie: dict[str, Any]) -> None:
    first = radarr.send("POST", "tag", {"label": "one"}, 201)["id"]
    second = radarr.send("POST", "tag", {"label": "two"}, 201)["id"]
    body = {"movieIds": [movie["id"]], "tags": [first, second], "applyTags": "add"}
    assert radarr.send("PUT", "movie/editor", body, 202)[0]["tags"] == [first, second]
    body |= {"tags": [first], "applyTags": "remove"}
    assert radarr.send("PUT", "movie/editor", body, 202)[0]["tags"] == [second]
    body |= {"tags": [], "applyTags": "replace"}
    assert radarr.send("PUT", "movie/editor", body, 202)[0]["tags"] == []
    radarr.send("PUT", "movie/editor", {"movieIds": [4711], "monitored": True}, 404)
    radarr.send("PUT", "movie/editor", {"movieIds": []}, 400)


def test_tags_are_renamed_in_lower_case_and_taken_from_movies(
    radarr: Any, movie: dict[str, Any]
) -> None:
    tag = radarr.send("POST", "tag", {"label": "Seerr"}, 201)
    assert tag["label"] == "seerr"
    assert radarr.send("POST", "tag", {"label": "SEERR"}, 201) == tag
    renamed = radarr.send("PUT", f"tag/{tag['id']}", {"id": tag["id"], "label": "Other"}, 202)
    assert renamed == {"id": tag["id"], "label": "other"}
    radarr.send("PUT", "movie/editor", {"movieIds": [movie["id"]], "tags": [tag["id"]]}, 202)
    assert radarr.get(f"tag/detail/{tag['id']}")["movieIds"] == [movie["id"]]
    radarr.send("DELETE", f"tag/{tag['id']}")
    assert tag["id"] not in radarr.get(f"movie/{movie['id']}")["tags"]
    assert failures(radarr.send("POST", "tag", {"label": " "}, 400))[0][0] == "label"


def test_delay_and_release_profiles_are_kept(radarr: Any) -> None:
    tag = radarr.send("POST", "tag", {"label": "slow"}, 201)["id"]
    body = {
        "enableTorrent": True,
        "torrentDelay": 60,
        "preferredProtocol": "torrent",
        "tags": [tag],
    }
    delay = radarr.send("POST", "delayprofile", body, 201)
    assert (delay["torrentDelay"], delay["tags"]) == (60, [tag])
    changed = radarr.send("PUT", "delayprofile", delay | {"torrentDelay": 30}, 202)
    assert changed["torrentDelay"] == 30
    radarr.send("PUT", "delayprofile", delay | {"torrentDelay": -1}, 400)
    radarr.send("DELETE", f"delayprofile/{delay['id']}")
    radarr.send("GET", f"delayprofile/{delay['id']}", status=404)
    profile = radarr.send("POST", "releaseprofile", {"required": "a,b", "indexerId": 1}, 201)
    assert (profile["required"], profile["indexerId"]) == (["a", "b"], 1)
    radarr.send("POST", "releaseprofile", {"ignored": ["/(/"]}, 400)
    (empty,) = radarr.send("POST", "releaseprofile", {}, 400)
    assert "is required" in empty["errorMessage"]
    radarr.send("DELETE", f"releaseprofile/{profile['id']}")


def test_a_command_is_work_that_can_be_followed(radarr: Any, movie: dict[str, Any]) -> None:
    body = {"name": "moviesSEARCH", "movieIds": [movie["id"]]}
    command = radarr.send("POST", "command", body, 201)
    assert command["status"] in {"queued", "started", "completed"}
    ended = radarr.until(
        lambda: (
            found
            if (found := radarr.get(f"command/{command['id']}"))["status"] == "completed"
            else None
        )
    )
    assert ended["result"] == "successful"
    assert ended["ended"] >= ended["queued"]
    at_once = radarr.send("POST", "command", {"name": "RefreshMonitoredDownloads"}, 201)
    assert at_once["status"] == "completed"
    unknown = radarr.send("POST", "command", {"name": "Dance"}, 500)
    assert unknown == {"message": "Sequence contains no matching element"}
    radarr.send("POST", "command", {"name": "MoviesSearch", "movieIds": [4711]}, 400)
    radarr.send("GET", "command/4711", status=404)


def test_a_command_that_waits_can_be_cancelled(radarr: Any, movie: dict[str, Any]) -> None:
    headers = {"X-Api-Key": radarr.key}

    def tell_tmdb(order: str) -> None:
        answer = radarr.stranger.post(f"/control/actors/tmdb/{order}", headers=headers)
        assert answer.status_code == 200, answer.text

    tell_tmdb("pause")
    try:
        order = {"name": "RefreshMovie", "movieIds": [movie["id"]]}
        command = radarr.send("POST", "command", order, 201)
        assert command["status"] == "queued"
        assert radarr.send("DELETE", f"command/{command['id']}") == {}
    finally:
        tell_tmdb("resume")
    ended = radarr.get(f"command/{command['id']}")
    assert (ended["status"], ended["message"]) == ("cancelled", "A person discarded it.")
    radarr.send("DELETE", "command/4711", status=404)


def test_what_was_imported_can_be_called_bad(radarr: Any, movie: dict[str, Any]) -> None:
    grabbed = radarr.get("history", movieIds=movie["id"], eventType=1)["records"][0]
    radarr.send("POST", f"history/failed/{grabbed['id']}")
    (blocked,) = radarr.get("blocklist")["records"]
    assert blocked["sourceTitle"] == grabbed["sourceTitle"]
    assert radarr.get("blocklist/movie", movieId=movie["id"])[0]["id"] == blocked["id"]
    radarr.send("DELETE", f"blocklist/{blocked['id']}")
    radarr.send("DELETE", f"blocklist/{blocked['id']}", status=404)
    radarr.send("POST", "history/failed/4711", status=404)


def test_what_is_offered_is_judged_and_shows_no_link(radarr: Any, movie: dict[str, Any]) -> None:
    offered = radarr.get("release", movieId=movie["id"])
    assert len(offered) >= 2
    for each in offered:
        assert each["guid"].startswith("reeld-")
        assert each["approved"] is not (each["rejected"] or each["temporarilyRejected"])
        assert (not each["approved"]) is bool(each["rejections"])
        assert "passkey" not in str(each)
        assert "downloadUrl" not in each
    radarr.send("POST", "release", {"guid": "reeld-4711", "indexerId": 1}, 404)
    radarr.send("POST", "release", {"guid": "http://x/", "indexerId": 1}, 404)


def test_a_file_and_then_its_movie_go_to_the_recycle_folder(
    radarr: Any, movie: dict[str, Any]
) -> None:
    file = movie["movieFile"]
    radarr.send("DELETE", f"moviefile/{file['id']}")
    radarr.send("DELETE", f"moviefile/{file['id']}", status=404)
    assert radarr.get(f"movie/{movie['id']}")["hasFile"] is False
    radarr.send("DELETE", f"movie/{movie['id']}", deleteFiles="true", addImportExclusion="true")
    radarr.get(f"movie/{movie['id']}", 404)
    (exclusion,) = radarr.get("exclusions")
    assert exclusion["tmdbId"] == movie["tmdbId"]
    assert radarr.get("exclusions/paged")["totalRecords"] == 1
    log = radarr.get("log", pageSize=1000)
    assert {"info"} <= {each["level"] for each in log["records"]} <= {"info", "warn"}
    assert {each["level"] for each in radarr.get("log", level="warn")["records"]} <= {"warn"}
    assert radarr.get("log", level="error")["totalRecords"] == 0
    radarr.send("DELETE", f"exclusions/{exclusion['id']}")
    assert radarr.get("exclusions") == []
