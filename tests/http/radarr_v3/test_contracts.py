"""What other clients call, as their sources do, and what they read of the answers."""

from __future__ import annotations

from typing import Any

import pytest

QUEUE = "records.title records.status records.size records.sizeleft records.downloadId totalRecords"
MOVIE = "id title year tmdbId titleSlug monitored hasFile qualityProfileId isAvailable path tags"

CALLS = [
    ("Seerr", "system/status", "urlBase version"),
    ("Seerr", "qualityProfile", "id name"),
    ("Seerr", "rootfolder", "id path freeSpace"),
    ("Seerr", "queue?includeEpisode=true", f"{QUEUE} records.movieId"),
    ("Seerr", "movie", MOVIE),
    ("Seerr", "movie/lookup?term=tmdb:{tmdb}", "id tags monitored hasFile title year titleSlug"),
    ("Bazarr", "movie/{movie}", "sortTitle imdbId overview images.url alternateTitles.title"),
    ("Bazarr", "movie/{movie}", "movieFile.id movieFile.path movieFile.size movieFile.sceneName"),
    ("Bazarr", "movie/{movie}", "movieFile.mediaInfo.videoCodec movieFile.mediaInfo.audioCodec"),
    ("Bazarr", "movie/{movie}", "movieFile.languages.name movieFile.quality.quality.resolution"),
    ("Bazarr", "qualityprofile", "id language.name"),
    ("Bazarr", "history?eventType=1&movieIds={movie}", "records.data"),
    (
        "Bazarr",
        "filesystem?path=/&allowFoldersWithoutTrailingSlashes=true&includeFiles=false",
        "directories.name directories.path parent",
    ),
    ("exportarr", "movie?excludeLocalCovers=true", "status hasFile isAvailable monitored"),
    ("exportarr", "tag/detail", "label movieIds"),
    ("exportarr", "qualitydefinition", "title weight minSize quality.id quality.source"),
    ("exportarr", "wanted/cutoff?pageSize=1", "totalRecords"),
    ("exportarr", "queue?page=1&pageSize=250&includeUnknownMovieItems=true", QUEUE),
    ("exportarr", "history?pageSize=1", "totalRecords"),
    ("exportarr", "diskspace", "path label freeSpace totalSpace"),
    ("autobrr", "movie?tmdbId={tmdb}", "title originalTitle alternateTitles.title monitored tags"),
    (
        "Unpackerr",
        "queue?page=1&pageSize=500&sortKey=timeleft&sortDirection=ascending",
        f"{QUEUE} records.protocol",
    ),
    ("Recyclarr", "customformat", "id name specifications.implementation specifications.fields"),
    ("Recyclarr", "qualityprofile/schema", "items.allowed formatItems.format formatItems.score"),
    ("Recyclarr", "language", "id name"),
    ("Recyclarr", "config/mediamanagement", "id downloadPropersAndRepacks copyUsingHardlinks"),
    ("Homepage", "queue/status", "totalCount"),
    ("Homepage", "queue/details", "trackedDownloadState size sizeleft movieId status"),
    (
        "Homepage",
        "calendar?start=1960-01-01&end=2030-01-01&unmonitored=true",
        "title titleSlug inCinemas hasFile",
    ),
    ("Homarr", "wanted/missing?page=1&pageSize=10&sortKey=title", "records.title"),
    ("Homarr", "queue?page=1&pageSize=10&includeMovie=true", "records.movie.title"),
    ("Maintainerr", "moviefile?movieId={movie}", "id size path"),
    ("decluttarr", "wanted/missing?sortKey=movies.lastSearchTime", "totalRecords records.id"),
    ("decluttarr", "wanted/cutoff?sortKey=movies.lastSearchTime", "totalRecords"),
    ("cross-seed", "parse?title={title}", "movie.imdbId movie.tmdbId"),
    ("Radarr", "tag", "id label"),
]


@pytest.fixture(scope="module")
def library(radarr: Any) -> dict[str, Any]:
    """A movie with a file, one without, one that is being downloaded, a tag and a format."""
    tag = radarr.send("POST", "tag", {"label": "contract"}, 201)["id"]
    condition = {
        "name": "x",
        "implementation": "ReleaseTitleSpecification",
        "fields": [{"name": "value", "value": "x264"}],
    }
    radarr.send("POST", "customformat", {"name": "x264", "specifications": [condition]}, 201)
    first, second, third = radarr.films[:3]
    movie = radarr.add(first, tags=[tag])["id"]
    radarr.imported(movie)
    radarr.turn_downloads(600)
    radarr.add(second)
    radarr.add(third, addOptions={"searchForMovie": False})
    radarr.until(lambda: radarr.get("queue")["totalRecords"])
    radarr.until(lambda: radarr.get("queue")["records"][0]["status"] == "downloading")
    title = f"{first.title.replace(' ', '.')}.{first.year}.1080p.BluRay.x264-GROUP"
    return {"movie": movie, "tmdb": first.tmdb_id, "title": title}


@pytest.mark.parametrize(("client", "path", "read"), CALLS)
def test_a_client_finds_what_it_reads(
    radarr: Any, library: dict[str, Any], client: str, path: str, read: str
) -> None:
    answer = radarr.get(path.format(**library))
    for name in read.split():
        assert found_in(answer, name.split(".")), f"{client} reads {name} of {path}"


def test_pictures_stand_where_bazarr_looks(radarr: Any, library: dict[str, Any]) -> None:
    kinds = [each["coverType"] for each in radarr.get(f"movie/{library['movie']}")["images"]]
    assert kinds == ["poster", "fanart"]


def found_in(value: Any, names: list[str]) -> bool:
    """Whether a member is there and not null, in any element of lists on the way."""
    if isinstance(value, list):
        return any(found_in(each, names) for each in value)
    if not names:
        return value is not None
    return isinstance(value, dict) and names[0] in value and found_in(value[names[0]], names[1:])
