"""Clients that ask for movies and look after them, call by call: Seerr, Maintainerr, decluttarr."""

from __future__ import annotations

from typing import Any

NUMBER = (int, float)


def test_seerr_asks_for_a_movie_and_follows_it(
    radarr: Any, with_key_in_query: Any, read: Any, library: dict[str, Any]
) -> None:
    seerr, film = with_key_in_query, radarr.films[3]
    read(seerr.get("system/status"), {"urlBase": str, "version": str})
    read(seerr.get("qualityProfile"), {"id": int, "name": str})
    read(seerr.get("rootfolder"), {"id": int, "path": str, "freeSpace": int})
    read(seerr.get("tag"), {"id": int, "label": str})
    tag = seerr.send("POST", "tag", {"label": "1 - seerr"})
    assert seerr.send("PUT", f"tag/{tag['id']}", tag | {"label": "1 - alice"})["id"] == tag["id"]
    (found,) = seerr.get("movie/lookup", term=f"tmdb:{film.tmdb_id}")
    read(found, {"title": str, "year": int, "titleSlug": str, "tags": list, "monitored": bool})
    assert not found.get("id")
    profile = seerr.get("qualityProfile")[0]["id"]
    body = {
        "title": film.title,
        "qualityProfileId": profile,
        "profileId": profile,
        "titleSlug": str(film.tmdb_id),
        "minimumAvailability": "released",
        "tmdbId": film.tmdb_id,
        "year": film.year,
        "rootFolderPath": seerr.get("rootfolder")[0]["path"],
        "monitored": True,
        "tags": [tag["id"]],
        "addOptions": {"searchForMovie": False},
    }
    added = seerr.send("POST", "movie", body, 201)
    read(added, {"id": int, "titleSlug": str})
    (again,) = seerr.get("movie/lookup", term=f"tmdb:{film.tmdb_id}")
    assert (again["id"], again["hasFile"], again["tags"]) == (added["id"], False, [tag["id"]])
    unmonitored = seerr.send("PUT", "movie", added | {"monitored": False})
    monitored = seerr.send("PUT", "movie", unmonitored | {"monitored": True, "tags": [tag["id"]]})
    assert (monitored["id"], monitored["monitored"]) == (added["id"], True)
    order = {"name": "MoviesSearch", "movieIds": [added["id"]]}
    read(seerr.send("POST", "command", order, 201), {"id": int})
    read(seerr.send("POST", "command", {"name": "RefreshMonitoredDownloads"}, 201), {"id": int})
    queue = seerr.get("queue", includeEpisode="true")
    assert queue["pageSize"] == 10
    read(
        queue["records"],
        {
            "movieId": int,
            "size": NUMBER,
            "sizeleft": NUMBER,
            "timeleft?": str,
            "estimatedCompletionTime?": str,
            "status": str,
            "title": str,
            "downloadId?": str,
        },
    )
    listed = {"id": int, "tmdbId": int, "title": str, "titleSlug": str, "monitored": bool}
    read(seerr.get("movie"), listed | {"hasFile": bool})
    read(seerr.get(f"movie/{library['there']}"), {"hasFile": bool, "movieFile.id": int})
    answer = seerr.send(
        "DELETE", f"movie/{added['id']}", deleteFiles="true", addImportExclusion="false"
    )
    assert not answer
    seerr.send("GET", f"movie/{added['id']}", status=404)


def test_maintainerr_takes_care_of_what_nobody_watches(
    radarr: Any, client: Any, read: Any, library: dict[str, Any]
) -> None:
    read(client.get("system/status"), {"version": str, "appName": str})
    read(client.get("qualityProfile"), {"id": int, "name": str})
    read(client.get("rootfolder"), {"id": int, "path": str, "freeSpace": int})
    read(client.get("queue")["records"], {"movieId": int, "status": str})
    (movie,) = client.get("movie", tmdbId=library["film"].tmdb_id)
    assert movie["id"] == library["there"]
    tag = client.send("POST", "tag", {"label": "maintainerr"})["id"]
    read(client.get("tag"), {"id": int, "label": str})
    whole = client.get(f"movie/{movie['id']}")
    changed = whole | {"monitored": False, "tags": [*whole["tags"], tag]}
    client.send("PUT", f"movie/{movie['id']}", changed)
    now = client.get(f"movie/{movie['id']}")
    assert (now["monitored"], now["tags"]) == (False, [library["tag"], tag])
    client.send("PUT", f"movie/{movie['id']}", now | {"monitored": True, "tags": whole["tags"]})
    files = client.get("moviefile", movieId=movie["id"])
    read(files, {"id": int, "movieId": int, "path": str, "size": NUMBER})
    command = client.send("POST", "command", {"name": "RefreshMovie", "movieIds": [movie["id"]]})
    done = radarr.until(
        lambda: (
            found
            if (found := client.get(f"command/{command['id']}"))["status"] == "completed"
            else None
        )
    )
    assert done["name"] == "RefreshMovie"


def test_decluttarr_sees_what_is_stuck_and_what_is_missing(
    client: Any, read: Any, library: dict[str, Any]
) -> None:
    assert client.get("system/status")["instanceName"]
    client.send("POST", "command", {"name": "RefreshMonitoredDownloads"}, 201)
    total = client.get("queue", includeUnknownMovieItems="true")["totalRecords"]
    queue = client.get("queue", page=1, pageSize=total, includeUnknownMovieItems="true")
    assert len(queue["records"]) == total > 0
    read(
        queue["records"],
        {
            "id": int,
            "downloadId": str,
            "title": str,
            "size": NUMBER,
            "sizeleft": NUMBER,
            "status": str,
            "trackedDownloadStatus": str,
            "trackedDownloadState": str,
            "statusMessages": list,
            "errorMessage?": str,
            "protocol": str,
            "indexer": str,
            "downloadClient": str,
            "movieId": int,
        },
    )
    for path in ("wanted/missing", "wanted/cutoff"):
        wanted = client.get(path, sortKey="movies.lastSearchTime", page=1, pageSize=1000)
        assert isinstance(wanted["totalRecords"], int)
        for each in wanted["records"]:
            read(each, {"id": int, "title": str, "monitored": bool, "lastSearchTime?": str})
    missing = client.get("wanted/missing", sortKey="movies.lastSearchTime", pageSize=1000)
    assert library["missing"] in [each["id"] for each in missing["records"]]
    read(client.get(f"movie/{library['coming']}"), {"id": int, "monitored": bool, "title": str})
    order = {"name": "MoviesSearch", "movieIds": [library["missing"]]}
    client.send("POST", "command", order, 201)
    stuck = next(e for e in queue["records"] if e["movieId"] == library["coming"])
    client.send("DELETE", f"queue/{stuck['id']}", removeFromClient="True", blocklist="True")
    left = client.get("queue", page=1, pageSize=50)["records"]
    assert stuck["id"] not in [each["id"] for each in left]
