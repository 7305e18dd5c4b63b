"""Which endpoints a version has, and which of them take POST alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reeld.simulators.qbittorrent import _add, _application, _labels, _torrents
from reeld.simulators.qbittorrent._core import Call, Core
from reeld.simulators.qbittorrent._profile import Profile

Result = object
Handler = Callable[[Core, Call], Result | Awaitable[Result]]

_NEVER = (99, 0, 0)
_STOPPED = (2, 11, 0)
_ALWAYS = (2, 0, 0)
Api = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint.

    Args:
        handler: What it does.
        required: Parameters without which it answers 400.
        post: Whether it takes POST alone.
        since: The first API version that has it.
        until: The first API version that has it no more.
        no_content: Whether it answers 204 from 5.2 on.
    """

    handler: Handler
    required: tuple[str, ...] = ()
    post: bool = False
    since: Api = _ALWAYS
    until: Api = _NEVER
    no_content: bool = False

    def known_to(self, profile: Profile) -> bool:
        """Whether this version has it."""
        return self.since <= profile.api < self.until


def _act(
    handler: Handler,
    *required: str,
    since: Api = _ALWAYS,
    until: Api = _NEVER,
    no_content: bool = False,
) -> Route:
    return Route(handler, required, True, since, until, no_content)


ROUTES: dict[str, Route] = {
    "app/version": Route(_application.version),
    "app/webapiVersion": Route(_application.webapi_version),
    "app/buildInfo": Route(_application.build_info, since=(2, 3, 0)),
    "app/processInfo": Route(_application.process_info, since=(2, 15, 1)),
    "app/preferences": Route(_application.preferences),
    "app/setPreferences": _act(_application.set_preferences, "json"),
    "app/defaultSavePath": Route(_application.default_save_path),
    "sync/maindata": Route(_application.maindata),
    "transfer/info": Route(_application.transfer_info),
    "torrents/info": Route(_torrents.info),
    "torrents/properties": Route(_torrents.properties, ("hash",)),
    "torrents/files": Route(_torrents.files, ("hash",)),
    "torrents/trackers": Route(_torrents.trackers, ("hash",)),
    "torrents/export": Route(_torrents.export, ("hash",), since=(2, 8, 14)),
    "torrents/count": Route(_torrents.count, since=(2, 9, 3)),
    "torrents/add": _act(_add.add),
    "torrents/delete": _act(_torrents.delete, "hashes", "deleteFiles"),
    "torrents/pause": _act(_torrents.stop, "hashes", until=_STOPPED),
    "torrents/resume": _act(_torrents.start, "hashes", until=_STOPPED),
    "torrents/stop": _act(_torrents.stop, "hashes", since=_STOPPED),
    "torrents/start": _act(_torrents.start, "hashes", since=_STOPPED),
    "torrents/setForceStart": _act(_torrents.set_force_start, "hashes", "value"),
    "torrents/recheck": _act(_torrents.recheck, "hashes"),
    "torrents/reannounce": _act(_torrents.reannounce, "hashes"),
    "torrents/setShareLimits": _act(
        _torrents.set_share_limits, "hashes", "ratioLimit", "seedingTimeLimit"
    ),
    "torrents/setLocation": _act(_torrents.set_location, "hashes", "location"),
    "torrents/rename": _act(_torrents.rename, "hash", "name"),
    "torrents/filePrio": _act(_torrents.set_file_priority, "hash", "id", "priority"),
    "torrents/topPrio": _act(_torrents.to_top, "hashes"),
    "torrents/bottomPrio": _act(_torrents.to_bottom, "hashes"),
    "torrents/categories": Route(_labels.categories, since=(2, 1, 1)),
    "torrents/createCategory": _act(_labels.create_category, "category"),
    "torrents/editCategory": _act(_labels.edit_category, "category", "savePath", since=(2, 1, 0)),
    "torrents/removeCategories": _act(_labels.remove_categories, "categories"),
    "torrents/setCategory": _act(_labels.set_category, "hashes", "category"),
    "torrents/tags": Route(_labels.tags, since=(2, 3, 0)),
    "torrents/addTags": _act(_labels.add_tags, "hashes", "tags", since=(2, 3, 0)),
    "torrents/removeTags": _act(_labels.remove_tags, "hashes", since=(2, 3, 0)),
    "torrents/setTags": _act(_labels.set_tags, "hashes", "tags", since=(2, 11, 4), no_content=True),
    "torrents/createTags": _act(_labels.create_tags, "tags", since=(2, 3, 0)),
    "torrents/deleteTags": _act(_labels.delete_tags, "tags", since=(2, 3, 0)),
}
"""By scope and action."""


def missing_parameters(path: str, route: Route, call: Call, profile: Profile) -> list[str]:
    """The required parameters that the call lacks."""
    required = list(route.required)
    if path == "torrents/setShareLimits":
        required += ["inactiveSeedingTimeLimit"] if profile.has_inactive_limit else []
        required += ["shareLimitAction"] if profile.answers_json_to_add else []
    return [name for name in required if name not in call.form.fields]
