"""Calls the methods of aiopyarr, on which Home Assistant is built. Run with aiopyarr alone, as the others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiopyarr.exceptions import ArrException
from aiopyarr.models.host_configuration import PyArrHostConfiguration
from aiopyarr.models.radarr import RadarrCommands, RadarrMovie, RadarrMovieEditor
from aiopyarr.models.request import ImportListExclusion
from aiopyarr.radarr_client import RadarrClient

URL, KEY, ROOT, FIRST, SECOND = sys.argv[1:]


async def refused(call: Awaitable[Any]) -> None:
    try:
        await call
    except ArrException:
        return
    raise AssertionError("it was to be refused")


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    for _ in range(300):
        if found := await look():
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("it did not come about")


async def system(api: RadarrClient) -> None:
    status = await api.async_get_system_status()
    assert status.version.startswith("5.")
    assert (await api.async_get_diskspace())[0].totalSpace > 0
    assert (await api.async_get_root_folders())[0].path == ROOT
    assert isinstance(await api.async_get_failed_health_checks(), list)
    assert (await api.async_get_logs()).page == 1
    assert isinstance(await api.async_get_system_backup(), list)
    assert (await api.async_get_system_tasks())[0].interval > 0
    assert isinstance(await api.async_get_software_update_info(), list)
    assert (await api.async_get_languages(1)).name == "English"
    assert (await api.async_get_indexer_flags())[0].name
    assert (await api.async_get_filesystem("/")).directories
    assert isinstance(await api.async_get_log_file(), list)
    assert isinstance(await api.async_get_custom_filters(), list)


async def settings(api: RadarrClient) -> None:
    for read, change in (
        (api.async_get_host_config, api.async_edit_host_config),
        (api.async_get_ui_config, api.async_edit_ui_config),
        (api.async_get_naming_config, api.async_edit_naming_config),
        (api.async_get_download_client_config, api.async_edit_download_client_config),
        (api.async_get_indexer_configs, api.async_edit_indexer_config),
        (api.async_get_media_management_configs, api.async_edit_media_management_config),
    ):
        await change(await read())
    assert (await api.async_get_quality_definitions(1)).title == "Unknown"
    definition = await api.async_get_quality_definitions(5)
    assert (await api.async_edit_quality_definition(definition)).id == 5
    profile = await api.async_get_quality_profiles(1)
    assert (await api.async_edit_quality_profile(profile)).id == 1
    delay = await api.async_get_delay_profiles(1)
    assert (await api.async_edit_delay_profile(delay)).id == 1
    assert (await api.async_get_indexers())[0].implementation == "HDBits"
    assert (await api.async_get_download_clients())[0].implementation == "QBittorrent"
    assert (await api.async_get_import_lists()) == []
    assert (await api.async_get_notifications()) == []
    assert (await api.async_get_remote_path_mappings()) == []
    assert (await api.async_get_import_list_movies()) == []
    assert await api.async_test_notifications()


async def movies(api: RadarrClient) -> None:
    tag = await api.async_add_tag("ha")
    assert (await api.async_get_tags(tag.id)).label == "ha"
    hits = await api.async_lookup_movie(FIRST)
    movie = hits[0]
    movie.qualityProfileId = 1
    movie.rootFolderPath = ROOT
    movie.monitored = True
    movie.tags = [tag.id]
    movie.addOptions = {"searchForMovie": True}
    added = await api.async_add_movies(movie)
    number = added.id

    async def whole() -> Any:
        found = await api.async_get_movies(number)
        return found if found.hasFile else None

    there = await until(whole)
    assert [each.id for each in await api.async_get_movies()] == [number]
    assert (await api.async_get_movies(int(FIRST), tmdb=True))[0].id == number
    assert (await api.async_lookup_movie_files([there.movieFile.id]))[0].movieId == number
    assert (await api.async_get_history()).totalRecords >= 2
    assert await api.async_get_history_since(date=datetime(2020, 1, 1, tzinfo=UTC))
    assert await api.async_get_history_since(movieid=number)
    assert (await api.async_get_queue(include_movie=True)).totalRecords == 0
    assert (await api.async_get_queue_details()) == []
    assert (await api.async_get_queue_status()).totalCount == 0
    assert (await api.async_get_blocklist()).totalRecords == 0
    assert (await api.async_get_blocklist_movie(number)) == []
    calendar = await api.async_get_calendar(
        datetime(1960, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    )
    assert calendar[0].id == number
    assert await api.async_get_alt_titles(movieid=number)
    assert (await api.async_get_credits(movieid=number)) == []
    assert (await api.async_get_extra_file(number)) == []
    assert (await api.async_get_rename(number)) == []
    assert (await api.async_get_manual_import("00")) == []
    assert (await api.async_get_tags_details(tag.id)).movieIds == [number]
    assert (await api.async_parse("Charade.1963.1080p.BluRay.x264-X")).parsedMovieInfo.year == 1963
    there.monitored = False
    assert (await api.async_edit_movies(there)).monitored is False
    editor = RadarrMovieEditor({"movieIds": [number], "monitored": True})
    assert (await api.async_edit_movies(editor))[0].monitored is True
    another = RadarrMovie({"tmdbId": int(SECOND), "qualityProfileId": 1, "rootFolderPath": ROOT})
    assert (await api.async_import_movies([another]))[0].tmdbId == int(SECOND)

    command = await api.async_radarr_command(RadarrCommands.REFRESH_MOVIE, movieid=number)

    async def done() -> bool:
        return (await api.async_get_commands(command.id)).status == "completed"

    await until(done)
    told = {"tmdbId": 11, "movieTitle": "X", "movieYear": 1977}
    exclusion = await api.async_add_exclusion(ImportListExclusion(told))
    assert [each.id for each in await api.async_get_exclusions()] == [exclusion.id]
    await api.async_delete_exclusion(exclusion.id)
    await api.async_delete_movie_file(there.movieFile.id)
    others = [each.id for each in await api.async_get_movies()]
    await api.async_delete_movies(others[0], delete_files=True)
    await api.async_delete_movies(others[1:], delete_files=True)
    assert (await api.async_get_movies()) == []
    await api.async_delete_tag(tag.id)


async def main() -> None:
    host = PyArrHostConfiguration(url=URL, api_token=KEY)
    async with RadarrClient(host) as api:
        await system(api)
        await settings(api)
        await movies(api)


asyncio.run(main())
