"""Calls every method of pyarr. Run with pyarr alone, as `driving` says."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from driving import FIRST, KEY, MORE, ROOT, SECOND, URL, Driven, torznab, world
from pyarr import RadarrAPI
from pyarr.exceptions import PyarrBadRequest, PyarrMethodNotAllowed, PyarrResourceNotFound

warnings.simplefilter("ignore")
api = Driven(RadarrAPI(URL, KEY))


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


def unserved(operation: str, name: str, *args: Any) -> None:
    try:
        api.unserved(operation, name)(*args)
    except (PyarrBadRequest, PyarrMethodNotAllowed, PyarrResourceNotFound):
        return
    raise AssertionError(f"{name} was to be refused")


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
assert api.basic_auth("a", "b").username == "a"

# Root folders
added = api.add_root_folder(MORE)
assert (added["path"], added["accessible"]) == (MORE, True)
assert len(api.get_root_folder()) == 2
api.del_root_folder(added["id"])
gone(lambda: api.get_root_folder(added["id"]))

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
unserved("POST downloadclient", "add_download_client", api.get_download_client(1))
unserved("PUT downloadclient/{id}", "upd_download_client", 1, api.get_download_client(1))
unserved("DELETE downloadclient/{id}", "del_download_client", 1)
assert api.get_notification() == api.get_notification_schema() == []
unserved("POST notification", "add_notification", {"name": "x"})
unserved("PUT notification/{id}", "upd_notification", 1, {"name": "x"})
unserved("DELETE notification/{id}", "del_notification", 1)
assert api.get_import_list() == api.get_import_list_schema() == []
unserved("POST importlist", "add_import_list", {"name": "x"})
unserved("PUT importlist/{id}", "upd_import_list", 1, {"name": "x"})
unserved("DELETE importlist/{id}", "del_import_list", 1)
unserved("PUT manualimport", "upd_manual_import", {"path": "/x"})

# An indexer that a person enters: pyarr changes and removes, and has no method that adds one
(form,) = api.get_indexer_schema("Torznab")
answer = requests.post(
    f"{URL}/api/v3/indexer", json=torznab(form), headers={"X-Api-Key": KEY}, timeout=60
)
indexer = answer.json()
assert answer.status_code == 201, indexer
assert api.upd_indexer(indexer["id"], indexer | {"priority": 7})["priority"] == 7
assert api.get_indexer(indexer["id"])["priority"] == 7
api.del_indexer(indexer["id"])
gone(lambda: api.get_indexer(indexer["id"]))

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

# Releases that a person chooses, and what is taken out of the queue
world("slow")


def coming() -> Any:
    """Return the only download that is under way."""
    records = api.get_queue(page=1, page_size=10, sort_key="title", sort_dir="default")["records"]
    return records[0] if len(records) == 1 and records[0]["status"] == "downloading" else None


def emptied() -> bool:
    return api.get_queue_status()["totalCount"] == 0


def cleared() -> bool:
    for each in api.get_queue()["records"]:
        api.del_queue(each["id"], remove_from_client=True)
    return emptied()


offered = api.get_release(number)
assert {each["indexer"] for each in offered} >= {"hdbits"}
others = [each for each in offered if each["title"] != grabbed[0]["sourceTitle"]]
assert others
taken = others[0]
gone(lambda: api.post_release("reeld-999999", taken["indexerId"]))
assert api.post_release(taken["guid"], taken["indexerId"])["title"] == taken["title"]
download = until(coming)
assert download["title"] == taken["title"]
assert [each["id"] for each in api.get_queue_details(number, include_movie=True)] == [
    download["id"]
]
api.del_queue(download["id"], remove_from_client=True)
until(emptied)
gone(lambda: api.del_queue(download["id"]))
assert api.get_blocklist()["totalRecords"] == 0
assert api.post_release(taken["guid"], taken["indexerId"])["title"] == taken["title"]
download = until(coming)
api.del_queue_bulk([download["id"]], remove_from_client=True, blocklist=True)
(blocked,) = until(lambda: api.get_blocklist(page=1, page_size=5)["records"])
assert blocked["sourceTitle"] == taken["title"]
api.del_blocklist(blocked["id"])
gone(lambda: api.del_blocklist(blocked["id"]))
until(cleared)
now = datetime.now(UTC)
link = "https://hdbits.org/download.php/x.torrent?id=4242&passkey=hunter2"
refused(lambda: api.post_release_push("???", link, "torrent", now))
(pushed,) = api.post_release_push(f"{grabbed[0]['sourceTitle']}", link, "torrent", now)
assert pushed["mappedMovieId"] == number
assert pushed["rejected"], "pyarr names no indexer, and it is there already"

# A release that a delay holds back, taken at once
world("patient")
hit = api.lookup_movie(f"tmdb:{SECOND}")[0]
second = api.add_movie(hit, ROOT, 1)["id"]
waiting = until(lambda: api.get_queue_details(second))[0]
assert waiting["status"] == "delay"
assert api.force_grab_queue_item(waiting["id"]) == {}
until(lambda: [each for each in api.get_queue_details(second) if each["status"] == "downloading"])
api.del_movies({"movieIds": [second], "deleteFiles": True})
gone(lambda: api.get_movie(second))
until(emptied)
world("eager")
world("quick")

# Changes
movie = api.get_movie(number)
movie["monitored"] = False
assert api.upd_movie(movie)["monitored"] is False
assert api.upd_movies({"movieIds": [number], "monitored": True})[0]["monitored"] is True
gone(lambda: api.get_movie(99999))
wanted = {"tmdbId": int(SECOND), "title": "x", "qualityProfileId": 1, "rootFolderPath": ROOT}
imported = api.import_movies([wanted])
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
api.report()
