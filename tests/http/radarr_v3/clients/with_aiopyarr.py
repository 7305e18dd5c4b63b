"""Calls every method of aiopyarr, on which Home Assistant is built. Run with aiopyarr alone, as `driving` says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiopyarr.exceptions import ArrException
from aiopyarr.models.host_configuration import PyArrHostConfiguration
from aiopyarr.models.radarr import (
    RadarrCommands,
    RadarrImportList,
    RadarrImportListActionType,
    RadarrManualImport,
    RadarrMovie,
    RadarrMovieEditor,
    RadarrNotification,
    RadarrRelease,
    RadarrRestriction,
)
from aiopyarr.models.request import (
    Commands,
    CustomFilter,
    DelayProfile,
    ImportListExclusion,
    Indexer,
    MetadataConfig,
    RemotePathMapping,
    RootFolder,
)
from aiopyarr.radarr_client import RadarrClient
from driving import FIRST, KEY, MORE, ROOT, SECOND, URL, Driven, torznab, world


async def fails(call: Awaitable[Any], *words: str) -> None:
    """See that a call fails, and says one of these."""
    try:
        await call
    except ArrException as error:
        said = str(error)
    else:
        said = "nothing"
    assert any(each in said for each in words), said


async def refused(call: Awaitable[Any]) -> None:
    await fails(call, "code '400'", "[404 ", "code '405'")


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    for _ in range(300):
        if found := await look():
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("it did not come about")


async def system(api: Any) -> None:
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
    (log,) = await api.async_get_log_file()
    # The file is text, and aiopyarr reads nothing but JSON: with Radarr as well.
    await fails(api.async_get_log_file_content(log.filename), "mimetype: text/plain")
    await refused(api.async_get_log_file_content("other.txt"))
    assert await api.async_get_log_file_updates() == []
    assert isinstance(await api.async_get_custom_filters(), list)
    assert await api.async_get_filesystem_media_type(ROOT) == "folder"
    assert await api.async_get_filesystem_media("/nowhere") == []
    assert (await api.async_command_other("system/status"))["appName"] == "Radarr"
    added = await api.async_add_root_folder(RootFolder({"path": MORE}))
    assert added.path == MORE
    await api.async_delete_root_folder(added.id)
    assert [each.path for each in await api.async_get_root_folders()] == [ROOT]


async def settings(api: Any) -> None:
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
    assert await api.async_get_metadata_configs() == []
    assert await api.async_test_notifications()
    assert await api.async_test_all_notifications()
    assert await api.async_test_import_lists()
    assert await api.async_test_metadata()
    assert await api.async_test_download_clients()
    assert await api.async_test_download_clients((await api.async_get_download_clients())[0])


async def profiles(api: Any) -> None:
    profile = await api.async_get_quality_profiles(1)
    profile.name = "A copy"
    copy = await api.async_add_quality_profile(profile)
    assert (copy.id != 1, copy.name) == (True, "A copy")
    assert (await api.async_get_quality_profiles(1)).name != "A copy"
    await api.async_delete_quality_profile(copy.id)
    assert copy.id not in [each.id for each in await api.async_get_quality_profiles()]
    tag = await api.async_add_tag("slow")
    wanted = {"enableTorrent": True, "torrentDelay": 60, "tags": [tag.id]}
    delay = await api.async_add_delay_profile(DelayProfile(wanted))
    assert delay.torrentDelay == 60
    assert await api.async_delay_profile_reorder(delay.id, 1)
    await api.async_delete_delay_profile(delay.id)
    assert [each.id for each in await api.async_get_delay_profiles()] == [1]
    await api.async_delete_tag(tag.id)


async def indexers(api: Any) -> None:
    form = next(
        each
        for each in await api.async_command_other("indexer/schema")
        if each["implementation"] == "Torznab"
    )
    indexer = Indexer(torznab(form))
    assert await api.async_test_indexers(indexer)
    added = await api.async_add_indexer(indexer)
    assert added.name == "Tracker"
    assert await api.async_test_indexers()
    added.priority = 9
    assert (await api.async_edit_indexer(added)).priority == 9
    assert (await api.async_get_indexers(added.id)).priority == 9
    assert await api.async_test_indexers(added), "the mask of its key means the key that is stored"
    await api.async_delete_indexer(added.id)
    assert added.id not in [each.id for each in await api.async_get_indexers()]


async def without(api: Any) -> None:
    """Ask for what reeld has none of, or no Radarr has."""
    client = (await api.async_get_download_clients())[0]
    mapping = RemotePathMapping({"id": 1, "host": "x", "remotePath": "/x", "localPath": "/y"})
    listed, told = RadarrImportList({"id": 1, "name": "x"}), RadarrNotification({"id": 1})
    kept, told_of = CustomFilter({"id": 1, "label": "x"}), MetadataConfig({"id": 1, "name": "x"})
    restriction = RadarrRestriction({"id": 1, "ignored": "x"})
    for operation, name, *said in (
        ("POST customfilter", "async_add_custom_filter", kept),
        ("PUT customfilter", "async_edit_custom_filter", kept),
        ("DELETE customfilter/{id}", "async_delete_custom_filter", 1),
        ("POST downloadclient", "async_add_download_client", client),
        ("PUT downloadclient", "async_edit_download_client", client),
        ("DELETE downloadclient/{id}", "async_delete_download_client", 1),
        ("POST importlist", "async_add_import_list", listed),
        ("PUT importlist", "async_edit_import_list", listed),
        ("DELETE importlist/{id}", "async_delete_import_list", 1),
        (
            "POST importlist/action/{name}",
            "async_importlist_action",
            RadarrImportListActionType.GET_TAGS,
        ),
        ("POST metadata", "async_add_metadata_config", told_of),
        ("PUT metadata", "async_edit_metadata_config", told_of),
        ("DELETE metadata/{id}", "async_delete_metadata_config", 1),
        ("POST notification", "async_add_notification", told),
        ("PUT notification", "async_edit_notification", told),
        ("DELETE notification/{id}", "async_delete_notification", 1),
        ("POST remotepathmapping", "async_add_remote_path_mapping", mapping),
        ("PUT remotepathmapping", "async_edit_remote_path_mapping", mapping),
        ("DELETE remotepathmapping/{id}", "async_delete_remote_path_mapping", 1),
        ("GET localization", "async_get_localization"),
        ("GET system/routes", "async_get_system_routes"),
        ("GET log/file/update/{filename}", "async_get_log_file_update_content", "x.txt"),
        ("DELETE system/backup/{id}", "async_delete_system_backup", 1),
        ("POST system/backup/restore/{id}", "async_restore_system_backup", 1),
        ("POST system/backup/restore/upload", "async_upload_system_backup", ["x"]),
        ("POST system/restart", "async_system_restart"),
        ("POST system/shutdown", "async_system_shutdown"),
        # These are of other programs of the family, or of former Radarrs.
        ("PUT manualimport", "async_edit_manual_import", RadarrManualImport({"path": "/x"})),
        ("GET restriction", "async_get_restrictions"),
        ("POST restriction", "async_add_restriction", restriction),
        ("PUT restriction", "async_edit_restriction", restriction),
        ("DELETE restriction/{id}", "async_delete_restriction", 1),
    ):
        await refused(api.unserved(operation, name)(*said))
    # It looks for a key on a page that anybody may read.
    await fails(api.unserved("GET initialize.js", "async_try_zeroconf")(), "Failed to connect")
    for name in (
        "async_get_release_profiles",
        "async_add_release_profile",
        "async_edit_release_profile",
        "async_delete_release_profile",
        "async_delete_metadata_profile",
    ):
        try:
            await api.unmade(name)(1)
        except NotImplementedError:
            continue
        raise AssertionError(f"{name} is there now: call it")


async def releases(api: Any, number: int, grabbed: str) -> None:
    """Choose releases by hand, and take downloads out of the queue."""
    world("slow")

    async def queued(status: str) -> Any:
        found = await api.async_get_queue_details()
        return [each for each in found if each.status == status]

    async def emptied() -> bool:
        return (await api.async_get_queue_status()).totalCount == 0

    offered = await api.async_get_release(number)
    taken = next(each for each in offered if each.title != grabbed)
    await api.async_download_release(taken.guid, taken.indexerId)
    (download,) = await until(lambda: queued("downloading"))
    assert download.title == taken.title
    await api.async_delete_queue(download.id, blocklist=True, skipredownload=True)
    await until(emptied)
    (blocked,) = (await api.async_get_blocklist()).records
    await api.async_delete_blocklists(blocked.id)
    await api.async_download_release(taken.guid, taken.indexerId)
    (download,) = await until(lambda: queued("downloading"))
    await api.async_delete_queue([download.id])
    await until(emptied)
    told = {
        "title": grabbed,
        "downloadUrl": "https://hdbits.org/download.php/x.torrent?id=4242&passkey=hunter2",
        "protocol": "torrent",
        "publishDate": datetime(2026, 1, 31),  # noqa: DTZ001  # aiopyarr writes the zone behind it
        "indexer": "HDBits",
    }
    (pushed,) = await api.async_push_release(RadarrRelease(told))
    assert (pushed.title, pushed.rejected) == (grabbed, True)
    await refused(api.async_push_release(RadarrRelease(told | {"title": "???"})))

    world("patient")
    another = RadarrMovie({"tmdbId": int(SECOND), "qualityProfileId": 1, "rootFolderPath": ROOT})
    another.addOptions = {"searchForMovie": True}
    another.monitored = True
    second = (await api.async_add_movies(another)).id
    waiting = (await until(lambda: queued("delay")))[0]
    await api.async_queue_grab(waiting.id)
    (download,) = await until(lambda: queued("downloading"))
    history = await api.async_get_history_since(movieid=second)
    (record,) = [each for each in history if each.eventType == "grabbed"]
    await api.async_mark_failed(record.id)
    (blocked,) = await api.async_get_blocklist_movie(second)
    assert blocked.sourceTitle == record.sourceTitle
    await api.async_delete_blocklists([blocked.id])
    await api.async_delete_movies(second, delete_files=True)
    await until(emptied)
    world("eager")
    world("quick")


async def movies(api: Any) -> None:
    tag = await api.async_add_tag("assistant")
    tag.label = "ha"
    assert (await api.async_edit_tag(tag)).label == "ha"
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
    (video,) = await api.async_get_filesystem_media(there.path)
    assert video.path == there.movieFile.path
    await fails(api.async_get_image(number), "mimetype: image/")
    history = (await api.async_get_history()).records
    assert len(history) >= 2
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
    own = [each for each in history if each.movieId == number]
    (grabbed,) = [each.sourceTitle for each in own if each.eventType == "grabbed"]
    await releases(api, number, grabbed)
    there = await api.async_get_movies(number)
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
    at_once = await api.async_command(Commands.CHECK_HEALTH)
    assert (await api.async_get_commands(at_once.id)).status == "completed"
    await api.async_delete_command(at_once.id)
    told = {"tmdbId": 11, "movieTitle": "X", "movieYear": 1977}
    exclusion = await api.async_add_exclusion(ImportListExclusion(told))
    assert [each.id for each in await api.async_get_exclusions()] == [exclusion.id]
    exclusion.movieTitle = "Y"
    assert (await api.async_edit_exclusion(exclusion)).movieTitle == "Y"
    await api.async_delete_exclusion(exclusion.id)
    await api.async_delete_movie_file(there.movieFile.id)
    others = [each.id for each in await api.async_get_movies()]
    await api.async_delete_movies(others[0], delete_files=True)
    await api.async_delete_movies(others[1:], delete_files=True)
    assert (await api.async_get_movies()) == []
    await api.async_delete_tag(tag.id)


async def main() -> None:
    host = PyArrHostConfiguration(url=URL, api_token=KEY)
    async with RadarrClient(host) as client:
        api = Driven(client)
        for part in (system, settings, profiles, indexers, without, movies):
            await part(api)
        api.report()


asyncio.run(main())
