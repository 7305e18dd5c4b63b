"""Calls every method of arrapi, on which Kometa is built. Run with arrapi alone, as `driving` says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from arrapi import Exists, Invalid, RadarrAPI
from driving import FIRST, KEY, MORE, ROOT, SECOND, URL, Driven, world

api = Driven(RadarrAPI(URL, KEY))


def fails(kind: type[Exception], call: Callable[[], Any]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"it was to fail with {kind.__name__}")


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)
    return found


assert api.system_status().version.startswith("5.")
assert api.root_folder()[0].path == ROOT
api.add_root_folder(MORE)
assert [each.path for each in api.root_folder()] == [ROOT, MORE]
assert api.quality_profile()[0].id == 1
assert api.remote_path_mapping() == []

tag = api.create_tag("Kometa")
assert [each.label for each in api.all_tags()] == ["kometa"]
assert api.all_tags(detail=True)[0].movieIds == []
assert api.get_tag(tag.id).label == "kometa"
assert api.edit_tag(tag.id, "kids").label == "kids"

movie = api.add_movie(ROOT, "Any", tmdb_id=int(FIRST), search=True, tags=["kids"])
fails(Exists, lambda: api.add_movie(ROOT, "Any", tmdb_id=int(FIRST)))
assert api.get_movie(tmdb_id=int(FIRST)).id == movie.id
assert api.search_movies("charade")
until(lambda: api.get_movie(movie_id=movie.id).hasFile)
assert [each.id for each in api.all_movies()] == [movie.id]
assert api.calendar("1960-01-01", "2030-01-01", unmonitored=True)
edited = api.edit_movie(movie_id=movie.id, monitored=False, minimum_availability="announced")
assert api.get_movie(movie_id=movie.id).monitored is False

world("slow")
api.add_movie(ROOT, "Any", tmdb_id=int(SECOND), search=True)
(download,) = until(lambda: [each for each in api.all_queue() if each.status == "downloading"])
assert download.downloadId
api.remove_queue(download, blocklist=True, skip_redownload=True)
until(lambda: api.all_queue() == [] or None)
api.delete_movie(tmdb_id=int(SECOND), deleteFiles=True)
world("quick")

added, existing, missing, excluded = api.add_multiple_movies(
    [int(FIRST), int(SECOND)], ROOT, "Any", search=False, tags=["kids"]
)
assert [each.tmdbId for each in added] == [int(SECOND)], added
assert [each.tmdbId for each in existing] == [int(FIRST)], existing
both = [int(FIRST), int(SECOND)]
changed, not_there = api.edit_multiple_movies(both, quality_profile="HD-1080p", tags=["more"])
assert {each.tmdbId for each in changed} == set(both)
assert not_there == []
assert api.get_movie(tmdb_id=int(SECOND)).qualityProfileId == 4
assert len(api.get_movie(tmdb_id=int(SECOND)).tagsIds) == 2

command = api.send_command("MoviesSearch", movieIds=[movie.id])
until(lambda: api.get_command(command.id).status == "completed")
assert api.all_commands()
fails(Invalid, lambda: api.send_command("Dance"))

api.delete_movie(tmdb_id=int(SECOND), addImportExclusion=True)
assert api.get_movie(tmdb_id=int(SECOND)).id is None
assert api.delete_multiple_movies(both, deleteFiles=True) == [int(SECOND)]
assert api.all_movies() == []
api.respect_list_exclusions_when_adding()
_, _, _, excluded = api.add_multiple_movies([int(SECOND)], ROOT, "Any", search=False)
assert excluded, "what was excluded is not added"
api.delete_tag(tag.id)
api.report()
