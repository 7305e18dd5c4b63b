"""Clients that show, count and follow, call by call: Bazarr, exportarr, Unpackerr, Homepage, Homarr, cross-seed, autobrr,
Recyclarr, and Radarr itself as another one's list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

NUMBER = (int, float)
COVERS = {"unknown", "poster", "banner", "fanart", "screenshot", "headshot", "clearlogo"}


@pytest.fixture(scope="module", autouse=True)
def _there(library: dict[str, Any]) -> None:
    """Every client finds the library."""


def test_bazarr_reads_movies_and_files(
    with_key_in_query: Any, read: Any, library: dict[str, Any]
) -> None:
    bazarr = with_key_in_query
    bazarr.call("GET", "/api/system/status", status=404)
    assert bazarr.get("system/status")["version"]
    shown = {"id": int, "title": str, "year": int, "sortTitle": str, "tmdbId": int}
    shown |= {"overview": str, "monitored": bool, "tags": list, "hasFile": bool}
    shown |= {"qualityProfileId": int, "alternateTitles": list, "imdbId?": str}
    read(bazarr.get("movie"), shown)
    movie = bazarr.get(f"movie/{library['there']}")
    file = {"id": int, "path": str, "size": NUMBER, "sceneName": str, "languages": list}
    file |= {"quality.quality.name": str, "quality.quality.resolution": int}
    file |= {"mediaInfo.videoCodec": str, "mediaInfo.audioCodec": str}
    file |= {"mediaInfo.audioLanguages": str}
    read(movie["movieFile"], file)
    read(movie["movieFile"]["languages"], {"name": str})
    poster, fanart = movie["images"][:2]
    assert (poster["coverType"], fanart["coverType"]) == ("poster", "fanart")
    for image in (poster, fanart):
        assert "apikey" not in image["url"]
        assert image["url"].startswith("/")
    read(bazarr.get("qualityprofile"), {"id": int, "language.name": str})
    read(bazarr.get("tag"), {"id": int, "label": str})
    read(bazarr.get("rootfolder"), {"id": int, "path": str})
    query = {"allowFoldersWithoutTrailingSlashes": "true", "includeFiles": "false"}
    listed = bazarr.get("filesystem", path="/", **query)
    read(listed["directories"], {"name": str, "path": str})
    assert listed["parent"] == ""
    history = bazarr.get("history", eventType=1, movieIds=library["there"])
    read(history["records"], {"movieId": int, "eventType": str, "data": dict})
    bazarr.send("POST", "command", {"name": "RescanMovie", "movieId": library["there"]}, 201)


def test_exportarr_counts(client: Any, read: Any, library: dict[str, Any]) -> None:
    movies = client.get("movie", excludeLocalCovers="true")
    counted = {"status": str, "hasFile": bool, "isAvailable": bool, "monitored": bool}
    read(movies, counted | {"qualityProfileId": int})
    (there,) = [each for each in movies if each["id"] == library["there"]]
    read(there["movieFile"], {"size": int, "quality.quality.name": str, "edition?": str})
    read(client.get("tag/detail"), {"label": str, "movieIds": list})
    sizes = {"title": str, "weight": int, "minSize": NUMBER, "quality.id": int}
    sizes |= {"quality.name": str, "quality.source": str, "quality.resolution": int}
    read(client.get("qualitydefinition"), sizes)
    for path in ("wanted/cutoff", "history"):
        assert isinstance(client.get(path, pageSize=1)["totalRecords"], int)
    queue = client.get("queue", page=1, pageSize=250, includeUnknownMovieItems="true")
    tracked = {"status": str, "trackedDownloadStatus": str, "trackedDownloadState": str}
    read(queue["records"], tracked)
    read(client.get("rootfolder"), {"path": str, "freeSpace": int})
    disk = {"path": str, "label": str, "freeSpace": int, "totalSpace": int}
    read(client.get("diskspace"), disk)
    for each in client.get("health"):
        read(each, {"source": str, "type": str, "message": str, "wikiUrl": str})


def test_unpackerr_pages_through_the_queue(client: Any, read: Any) -> None:
    query = {"sortKey": "timeleft", "sortDirection": "ascending"}
    queue = client.get("queue", page=1, pageSize=500, includeUnknownMovieItems="true", **query)
    assert queue["totalRecords"] == len(queue["records"])
    seen = {"title": str, "status": str, "protocol": str, "downloadId": str, "movieId": int}
    seen |= {"outputPath?": str, "statusMessages": list, "size": NUMBER, "sizeleft": NUMBER}
    read(queue["records"], seen)


def test_homepage_shows_numbers_and_days(client: Any, read: Any) -> None:
    movies = {"monitored": bool, "hasFile": bool, "isAvailable": bool, "title": str, "id": int}
    read(client.get("movie"), movies)
    assert client.get("queue/status")["totalCount"] >= 1
    details = {"trackedDownloadState": str, "trackedDownloadStatus": str, "timeleft?": str}
    details |= {"size": NUMBER, "sizeleft": NUMBER, "movieId": int, "status": str}
    read(client.get("queue/details"), details)
    days = client.get("calendar", start="1900-01-01", end="2040-01-01", unmonitored="true")
    day = {"title": str, "titleSlug": str, "hasFile": bool, "inCinemas?": str}
    read(days, day | {"physicalRelease?": str})


def test_homarr_refuses_nulls_and_addresses_that_are_none(client: Any, read: Any) -> None:
    assert client.call("GET", "/api")["current"] == "v3"
    days = client.get("calendar", start="1900-01-01", end="2040-01-01", unmonitored="true")
    wanted = client.get("wanted/missing", page=1, pageSize=100, sortKey="title")["records"]
    queue = client.get("queue", page=1, pageSize=100, includeMovie="true")["records"]
    assert days
    assert wanted
    read(queue, {"movie.title": str, "size": NUMBER, "sizeleft": NUMBER})
    for movie in [*days, *wanted, *(each["movie"] for each in queue)]:
        assert no_nulls(movie)
        for image in movie["images"]:
            assert image["coverType"] in COVERS
            if "remoteUrl" in image:
                assert urlsplit(image["remoteUrl"]).scheme in {"http", "https"}


def test_cross_seed_looks_a_name_up(client: Any, read: Any, library: dict[str, Any]) -> None:
    assert client.call("GET", "/api")["current"] == "v3"
    film = library["film"]
    title = f"{film.title.replace(' ', '.')}.{film.year}.1080p.BluRay.x264-GROUP"
    movie = client.get("parse", title=title)["movie"]
    assert (movie["tmdbId"], movie["imdbId"]) == (film.tmdb_id, film.imdb_id)


def test_autobrr_reads_titles_and_tags_for_its_lists(client: Any, read: Any) -> None:
    assert client.get("system/status")["version"]
    listed = {"title": str, "monitored": bool, "tags": list, "alternateTitles": list}
    read(client.get("movie"), listed | {"originalTitle?": str, "year": int})
    read(client.get("tag"), {"id": int, "label": str})


def test_another_radarr_takes_this_one_as_a_list(client: Any, read: Any) -> None:
    listed = {"tmdbId": int, "title": str, "year": int, "qualityProfileId": int, "tags": list}
    read(client.get("movie", excludeLocalCovers="true"), listed | {"monitored": bool, "path": str})
    read(client.get("qualityprofile"), {"id": int, "name": str})
    read(client.get("rootfolder"), {"id": int, "path": str})
    read(client.get("tag"), {"id": int, "label": str})


def test_recyclarr_brings_a_configuration_in_and_finds_it_again(client: Any, read: Any) -> None:
    assert [int(each) for each in client.get("system/status")["version"].split(".")] >= [5, 9]
    read(client.get("language"), {"id": int, "name": str})
    condition = {
        "name": "x265",
        "implementation": "ReleaseTitleSpecification",
        "negate": False,
        "required": True,
        "fields": [{"name": "value", "value": "[xh][ ._-]?265"}],
    }
    body = {"name": "x265", "includeCustomFormatWhenRenaming": False}
    made = client.send("POST", "customformat", body | {"specifications": [condition]}, 201)
    (held,) = [each for each in client.get("customformat") if each["id"] == made["id"]]
    assert held["specifications"][0]["fields"][0]["value"] == "[xh][ ._-]?265"
    client.send("PUT", f"customformat/{made['id']}", held | {"name": "x265 (HD)"})
    schema = client.get("qualityprofile/schema")
    formats = [each["format"] for each in schema["formatItems"]]
    assert sorted(formats) == sorted(each["id"] for each in client.get("customformat"))
    scores = [each | {"score": -10000} for each in schema["formatItems"]]
    first = next(each for each in schema["items"] if each.get("quality"))
    wanted = schema | {"name": "HD Bluray + WEB", "formatItems": scores, "upgradeAllowed": True}
    wanted["items"] = [each | {"allowed": each is first} for each in schema["items"]]
    wanted["cutoff"] = first["quality"]["id"]
    profile = client.send("POST", "qualityprofile", wanted, 201)
    assert [each["score"] for each in profile["formatItems"]] == [-10000] * len(formats)
    client.send("PUT", f"qualityprofile/{profile['id']}", profile | {"minFormatScore": 5})
    found = {each["id"]: each for each in client.get("qualityprofile")}
    assert found[profile["id"]]["minFormatScore"] == 5
    sizes = client.get("qualitydefinition")
    sizes[0] |= {"minSize": 1, "preferredSize": 50, "maxSize": 100}
    client.send("PUT", "qualitydefinition/update", sizes)
    assert client.get("qualitydefinition")[0]["maxSize"] == 100
    naming = client.get("config/naming")
    naming["movieFolderFormat"] = "{Movie CleanTitle} ({Release Year}) {imdb-{ImdbId}}"
    client.send("PUT", f"config/naming/{naming['id']}", naming)
    assert client.get("config/naming") == naming
    management = client.get("config/mediamanagement")
    management["downloadPropersAndRepacks"] = "doNotPrefer"
    client.send("PUT", f"config/mediamanagement/{management['id']}", management)
    assert client.get("config/mediamanagement") == management
    client.send("DELETE", f"customformat/{made['id']}")


def no_nulls(value: Any) -> bool:
    """Whether no member anywhere is null."""
    match value:
        case None:
            return False
        case dict():
            return all(map(no_nulls, value.values()))
        case list():
            return all(map(no_nulls, value))
        case _:
            return True
