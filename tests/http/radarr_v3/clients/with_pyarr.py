"""Calls every method of pyarr that reeld answers. Run with pyarr alone: its address, key, root folder, two TMDB numbers."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyarr import RadarrAPI
from pyarr.exceptions import PyarrBadRequest, PyarrResourceNotFound

warnings.simplefilter("ignore")
URL, KEY, ROOT, FIRST, SECOND = sys.argv[1:]
api = RadarrAPI(URL, KEY)


def refused(call: Callable[[], Any]) -> None:
    try:
        call()
    except PyarrBadRequest:
        return
    raise AssertionError("it was to be refused with 400")


def gone(call: Callable[[], Any]) -> None:
    try:
        call()
    except PyarrResourceNotFound:
        return
    raise AssertionError("it was to be answered with 404")


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)
    return found


# What there is before anything is added
assert api.get_system_status()["version"].startswith("5.")
assert isinstance(api.get_health(), list)
assert api.get_root_folder()[0]["path"] == ROOT
assert api.get_root_folder(1)["freeSpace"] > 0
assert api.get_disk_space()[0]["totalSpace"] > 0
assert api.get_metadata() == []
assert api.get_update() == []
assert isinstance(api.get_backup(), list)
assert api.get_log(page=1, page_size=5)["page"] == 1
assert api.get_task()[0]["interval"] > 0
assert api.get_task(1)["id"] == 1
assert api.get_remote_path_mapping() == []
assert api.get_language(1)["name"] == "English"
assert len(api.get_language()) > 50
assert api.get_custom_filter() == []

# Tags
tag = api.create_tag("Kids")["id"]
assert api.get_tag(tag)["label"] == "kids"
assert api.upd_tag(tag, "family")["label"] == "family"
assert api.get_tag_detail(tag)["movieIds"] == []

# Profiles and sizes
assert api.get_quality_profile()[0]["name"]
profile = api.get_quality_profile(1)
profile["upgradeAllowed"] = True
assert api.upd_quality_profile(1, profile)["upgradeAllowed"] is True
schema = api.get_quality_profile_schema()
for item in schema["items"]:
    item["allowed"] = item.get("quality", {}).get("name") == "Bluray-1080p"
added = api.add_quality_profile("Only discs", schema, 7, True, {"id": 1, "name": "English"})
assert added["cutoff"] == 7
assert api.del_quality_profile(added["id"]) is not None
definition = api.get_quality_definition(1)
definition["maxSize"] = 98.0
assert api.upd_quality_definition(1, definition)["maxSize"] == 98.0
assert len(api.get_quality_definition()) == 30

# Settings
for read, change in (
    (api.get_config_ui, api.upd_config_ui),
    (api.get_config_host, api.upd_config_host),
    (api.get_config_naming, api.upd_config_naming),
    (api.get_media_management, api.upd_media_management),
    (api.get_config_download_client, api.upd_config_download_client),
):
    settings = read()
    assert change(settings) == settings
naming = api.get_config_naming()
changed = api.upd_config_naming(naming | {"standardMovieFormat": "{Movie Title}"})
assert changed["standardMovieFormat"] == "{Movie Title}"
assert api.upd_config_naming(naming) == naming
refused(lambda: api.upd_config_naming(naming | {"renameMovies": False}))

# What the settings name, and what cannot be added
assert {each["implementation"] for each in api.get_indexer()} == {"HDBits", "TorrentRssIndexer"}
assert api.get_indexer(1)["name"] == "HDBits"
assert api.get_indexer_schema("Torznab")[0]["configContract"] == "TorznabSettings"
assert api.get_download_client(1)["implementation"] == "QBittorrent"
assert api.get_download_client_schema("QBittorrent")
refused(lambda: api.add_download_client(api.get_download_client(1)))
refused(lambda: api.upd_download_client(1, api.get_download_client(1)))
assert api.get_notification() == []
refused(lambda: api.add_notification({"name": "x"}))
assert api.get_import_list() == []
refused(lambda: api.add_import_list({"name": "x"}))

# A movie from the search into the library
hit = api.lookup_movie(f"tmdb:{FIRST}")[0]
assert api.lookup_movie_by_tmdb_id(int(FIRST))[0]["tmdbId"] == int(FIRST)
assert api.lookup_movie_by_imdb_id(hit["imdbId"])[0]["tmdbId"] == int(FIRST)
assert "id" not in hit
movie = api.add_movie(hit, ROOT, 1, tags=[tag], minimum_availability="released")
number = movie["id"]
refused(lambda: api.add_movie(api.lookup_movie(f"tmdb:{FIRST}")[0], ROOT, 1))
assert api.get_movie(int(FIRST), tmdb=True)[0]["id"] == number
assert api.get_movie_by_movie_id(number)["tags"] == [tag]
movie = until(lambda: found if (found := api.get_movie(number))["hasFile"] else None)
assert [each["id"] for each in api.get_movie()] == [number]
file = api.get_movie_files_by_movie_id(number)[0]
assert api.get_movie_file(file["id"])["movieId"] == number
assert api.get_history(page=1, page_size=10)["totalRecords"] >= 2
grabbed = api.get_movie_history(number, event_type="grabbed")
assert [each["eventType"] for each in grabbed] == ["grabbed"]
assert api.get_queue(page=1, page_size=10)["records"] == []
assert api.get_queue_details() == []
assert api.get_queue_status()["totalCount"] == 0
assert (
    api.get_calendar(datetime(1960, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))[0]["id"]
    == number
)
assert api.get_manual_import("/", "00", number) == []

# Changes
movie["monitored"] = False
assert api.upd_movie(movie)["monitored"] is False
assert api.upd_movies({"movieIds": [number], "monitored": True})[0]["monitored"] is True
gone(lambda: api.get_movie(99999))
second = {"tmdbId": int(SECOND), "title": "x", "qualityProfileId": 1, "rootFolderPath": ROOT}
imported = api.import_movies([second])
assert imported[0]["tmdbId"] == int(SECOND)

# Commands
for name in ("RefreshMovie", "RssSync", "MissingMoviesSearch", "Backup"):
    command = api.post_command(name)
    assert command["status"] in {"queued", "started", "completed"}, command
until(lambda: api.get_command(command["id"])["status"] == "completed")
assert api.get_command()[0]["name"] == "Backup"

# Out of the library again
api.del_movie_file(file["id"])
until(lambda: not api.get_movie(number)["hasFile"] or None)
assert api.get_blocklist(page=1, page_size=5)["totalRecords"] == 0
assert api.get_blocklist_by_movie_id(number) == []
api.del_blocklist_bulk([])
api.del_movie(number, delete_files=True, add_exclusion=True)
api.del_movie([imported[0]["id"]])
assert api.get_movie() == []
api.del_tag(tag)
