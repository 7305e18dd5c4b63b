"""`torrents/add`."""

from __future__ import annotations

import time
from typing import Any

from reeld.domain.torrent import InvalidMagnet, is_magnet, parse_magnet
from reeld.simulators.qbittorrent._core import ApiError, Call, Core
from reeld.simulators.qbittorrent._metainfo import (
    Metainfo,
    NotATorrent,
    laid_out,
    read_magnet,
    read_torrent,
)
from reeld.simulators.qbittorrent._torrent import Phase, Torrent
from reeld.simulators.simulator import Answer, json_answer

_MAX_TORRENT_FILE = 100 * 1024 * 1024


def add(core: Core, call: Call) -> Answer:
    """Add the uploaded torrents and magnet links. Other URLs are fetched by nobody: that fails silently in qBittorrent too."""
    links = call.get("urls").split()
    magnets = [each for each in links if is_magnet(each)]
    metas = [_read(name, data) for name, data in call.form.files.items()]
    added, failed = [], 0
    for meta in [*metas, *map(_linked, magnets)]:
        if meta is None or core.knobs.take("refuse_adds") or meta.infohash in core.engine.torrents:
            failed += 1
            continue
        core.engine.start(_torrent(core, call, meta))
        added.append(meta.infohash)
    if added:
        core.save()
    return _answer(core, added, failed, len(links) - len(magnets))


def _linked(magnet: str) -> Metainfo | None:
    try:
        return read_magnet(parse_magnet(magnet))
    except InvalidMagnet:
        return None


def _read(name: str, data: bytes) -> Metainfo:
    try:
        if len(data) > _MAX_TORRENT_FILE:
            raise NotATorrent("too large")
        return read_torrent(data)
    except NotATorrent as error:
        raise ApiError(415, f"Error: '{name}' is not a valid torrent file.") from error


def _answer(core: Core, added: list[str], failed: int, pending: int) -> Answer:
    good = bool(added or pending)
    if not core.profile.answers_json_to_add:
        return Answer(200, b"Ok." if good else b"Fails.", "text/plain; charset=UTF-8")
    if not good:
        raise ApiError(409)
    counts = {"success_count": len(added), "failure_count": failed, "pending_count": pending}
    return json_answer({**counts, "added_torrent_ids": added}, 202 if pending else 200)


def _torrent(core: Core, call: Call, meta: Metainfo) -> Torrent:
    category = call.get("category")
    if category:
        # Unlike setCategory, add creates the category without a word.
        core.categories.setdefault(category, "")
    named = call.get("tags").split(",") if core.profile.adds_tags else []
    tags = [tag for tag in named if tag]
    core.tags.extend(tag for tag in tags if tag not in core.tags)
    auto_tmm = call.flag("autoTMM")
    if auto_tmm is None:
        auto_tmm = bool(core.preferences["auto_tmm_enabled"])
    layout = _layout(core, call)
    return Torrent(
        meta=meta,
        save_path=_save_path(core, call, category, auto_tmm=auto_tmm),
        added_on=time.time(),
        position=1 + len(core.engine.torrents),
        entries=laid_out(meta, layout),
        layout=layout,
        phase=Phase.RESUMING if meta.is_known else Phase.METADATA,
        name=call.get("rename"),
        download_path=_download_path(core, call, auto_tmm=auto_tmm),
        category=category,
        tags=tags,
        auto_tmm=auto_tmm,
        stopped=_stopped(core, call),
        forced=bool(call.flag("forced")),
        skip_checking=bool(call.flag("skip_checking")),
        sequential=bool(call.flag("sequentialDownload")),
        first_last=bool(call.flag("firstLastPiecePrio")),
        **_limits(core, call),
    )


def _save_path(core: Core, call: Call, category: str, *, auto_tmm: bool) -> str:
    if auto_tmm:
        return core.category_path(category)
    given = call.get("savepath")
    base: str = core.preferences["save_path"]
    path = given if given.startswith("/") else f"{base}/{given}"
    return path.rstrip("/") if given else base


def _download_path(core: Core, call: Call, *, auto_tmm: bool) -> str:
    wanted = call.flag("useDownloadPath")
    if wanted is None:
        wanted = bool(call.get("downloadPath")) or bool(core.preferences["temp_path_enabled"])
    if not wanted:
        return ""
    temp: str = core.preferences["temp_path"]
    return temp if auto_tmm else call.get("downloadPath") or temp


def _stopped(core: Core, call: Call) -> bool:
    says_stopped = core.profile.says_stopped
    given = call.flag("stopped" if says_stopped else "paused")
    preference = "add_stopped_enabled" if says_stopped else "start_paused_enabled"
    return bool(core.preferences[preference]) if given is None else given


def _layout(core: Core, call: Call) -> str:
    root_folder = call.flag("root_folder")
    if root_folder is not None:
        return "Original" if root_folder else "NoSubfolder"
    layout: str = core.preferences["torrent_content_layout"]
    return call.get("contentLayout", layout)


def _limits(core: Core, call: Call) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if "dlLimit" in call.form.fields:
        limits["dl_limit"] = int(call.get("dlLimit") or 0)
    if "upLimit" in call.form.fields:
        limits["up_limit"] = int(call.get("upLimit") or 0)
    if "ratioLimit" in call.form.fields and core.profile.api >= (2, 8, 1):
        limits["ratio_limit"] = float(call.get("ratioLimit"))
    if "seedingTimeLimit" in call.form.fields and core.profile.api >= (2, 8, 1):
        limits["seeding_time_limit"] = int(call.get("seedingTimeLimit"))
    if "inactiveSeedingTimeLimit" in call.form.fields and core.profile.has_inactive_limit:
        limits["inactive_seeding_time_limit"] = int(call.get("inactiveSeedingTimeLimit"))
    if call.get("shareLimitAction") and core.profile.says_stopped:
        limits["share_limit_action"] = call.get("shareLimitAction")
    return limits
