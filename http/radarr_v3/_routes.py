"""Every route of Radarr's API, with its own way of saying what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, Router, delete, get, patch, post, put
from litestar.params import FromPath

from reeld.http.radarr_v3._adding import adding_routes
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._calendar import calendar_routes, feed_routes
from reeld.http.radarr_v3._client_trial import client_trial_routes
from reeld.http.radarr_v3._clients import client_routes
from reeld.http.radarr_v3._collections import collection_routes
from reeld.http.radarr_v3._commands import command_routes
from reeld.http.radarr_v3._config import config_routes
from reeld.http.radarr_v3._covers import cover_routes
from reeld.http.radarr_v3._definitions import definition_routes
from reeld.http.radarr_v3._disks import disk_routes
from reeld.http.radarr_v3._editing import editing_routes
from reeld.http.radarr_v3._errors import HANDLERS, Missing
from reeld.http.radarr_v3._exclusions import exclusion_routes
from reeld.http.radarr_v3._file_editing import file_editing_routes
from reeld.http.radarr_v3._files import file_changing_routes
from reeld.http.radarr_v3._formats import format_routes
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._history import blocklist_routes, history_routes
from reeld.http.radarr_v3._importable import importable_routes
from reeld.http.radarr_v3._indexers import indexer_routes
from reeld.http.radarr_v3._indexers_many import many_indexers_routes
from reeld.http.radarr_v3._log_files import log_file_routes
from reeld.http.radarr_v3._lookups import lookup_routes
from reeld.http.radarr_v3._media_files import media_file_routes
from reeld.http.radarr_v3._movies import file_routes, movie_routes
from reeld.http.radarr_v3._parse import parse_routes
from reeld.http.radarr_v3._profiles import profile_routes
from reeld.http.radarr_v3._push import push_routes
from reeld.http.radarr_v3._queue import queue_routes
from reeld.http.radarr_v3._queue_changes import failing_routes, removing_routes, unblocking_routes
from reeld.http.radarr_v3._releases import release_routes
from reeld.http.radarr_v3._root_folders import root_folder_routes
from reeld.http.radarr_v3._rules import delay_routes, release_profile_routes
from reeld.http.radarr_v3._signalr import hub_routes
from reeld.http.radarr_v3._system import open_routes, system_routes
from reeld.http.radarr_v3._tags import tag_routes
from reeld.http.radarr_v3._tasks import task_routes
from reeld.http.radarr_v3._unlisted import unlisted_routes
from reeld.http.radarr_v3._waiting import grabbing_routes
from reeld.http.radarr_v3._wanted import wanted_routes
from reeld.http.surface import Surface


def radarr_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of Radarr's API."""
    frame = Frame.of(surface)
    of_version = Router(
        "/api/v3",
        route_handlers=[
            *system_routes(frame),
            *disk_routes(frame),
            *media_file_routes(frame),
            *root_folder_routes(frame),
            *movie_routes(frame),
            *file_routes(frame),
            *lookup_routes(frame),
            *profile_routes(frame),
            *format_routes(frame),
            *definition_routes(frame),
            *queue_routes(frame),
            *history_routes(frame),
            *blocklist_routes(frame),
            *parse_routes(frame),
            *config_routes(frame),
            *adding_routes(frame),
            *editing_routes(frame),
            *file_changing_routes(frame),
            *file_editing_routes(frame),
            *importable_routes(frame),
            *command_routes(frame),
            *removing_routes(frame),
            *grabbing_routes(frame),
            *failing_routes(frame),
            *unblocking_routes(frame),
            *tag_routes(frame),
            *delay_routes(frame),
            *release_profile_routes(frame),
            *exclusion_routes(frame),
            *wanted_routes(frame),
            *calendar_routes(frame),
            *collection_routes(frame),
            *client_routes(frame),
            *client_trial_routes(frame),
            *indexer_routes(frame),
            *many_indexers_routes(frame),
            *task_routes(frame),
            *log_file_routes(frame),
            *release_routes(frame),
            *push_routes(frame),
            *unlisted_routes(),
            *_unknown(),
        ],
    )
    with_key = Router(
        "/",
        route_handlers=[
            of_version,
            _versions(),
            *feed_routes(frame),
            *cover_routes(frame),
            *hub_routes(frame),
        ],
        guards=[surface.access.requires_key],
    )
    return [
        Router(
            "/",
            route_handlers=[*open_routes(), with_key],
            exception_handlers=HANDLERS,  # type: ignore[arg-type]  # each handler takes its own kind of error
            include_in_schema=False,
        )
    ]


def _versions() -> Any:
    @get("/api")
    async def versions() -> Response[bytes]:
        return answered({"current": "v3", "deprecated": []})

    return versions


def _unknown() -> Sequence[Any]:
    """Return what answers a path that Radarr's API has and reeld has not, or that nobody has: 404 in Radarr's shape."""

    async def missing(rest: FromPath[str]) -> Response[bytes]:  # noqa: ARG001
        raise Missing

    return [
        make("/{rest:path}", status_code=200)(missing) for make in (get, post, put, patch, delete)
    ]
