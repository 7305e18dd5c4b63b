"""The endpoints below `torrents/` that read and change torrents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reeld.simulators.qbittorrent._core import ApiError, Call, Core
from reeld.simulators.qbittorrent._fields import files_of, properties_of, trackers_of
from reeld.simulators.qbittorrent._torrent import Phase, Torrent
from reeld.simulators.simulator import Answer


def info(core: Core, call: Call) -> list[dict[str, Any]]:
    """List torrents. An unknown filter means all; an unknown hash is passed over."""
    # Here, unlike where torrents are changed, no hash at all means every torrent, and `all` is no hash.
    hashes = {infohash.lower() for infohash in call.get("hashes").split("|")} - {""}
    torrents = [one for one in core.listed() if not hashes or one.hash in hashes]
    chosen = _filter(core, call.get("filter"))
    rows = [core.row(one) for one in torrents if _belongs(call, one) and chosen(one)]
    sort = call.get("sort")
    if sort and rows:
        if sort not in rows[0]:
            raise ApiError(400, "'sort' parameter is invalid")
        rows.sort(key=lambda row: row[sort], reverse=bool(call.flag("reverse")))
    return _page(rows, _integer(call.get("limit")), _integer(call.get("offset")))


def _belongs(call: Call, torrent: Torrent) -> bool:
    category, tag = call.form.fields.get("category"), call.form.fields.get("tag")
    in_category = category is None or torrent.category == category
    tagged = tag is None or (tag in torrent.tags if tag else not torrent.tags)
    return in_category and tagged


def _filter(core: Core, name: str) -> Callable[[Torrent], bool]:
    says_stopped = core.profile.says_stopped
    filters: dict[str, Callable[[Torrent], bool]] = {
        "downloading": lambda one: not one.complete,
        "seeding": lambda one: one.phase is Phase.SEEDING and not one.stopped,
        "completed": lambda one: one.complete,
        "active": lambda one: one.downloading,
        "inactive": lambda one: not one.downloading,
        "stalled": _stalled,
        "stalled_downloading": lambda one: _stalled(one) and not one.complete,
        "stalled_uploading": lambda one: _stalled(one) and one.complete,
        "errored": lambda one: one.phase in {Phase.ERROR, Phase.MISSING},
        "stopped" if says_stopped else "paused": lambda one: one.stopped,
        "running" if says_stopped else "resumed": lambda one: not one.stopped,
    }
    return filters.get(name, lambda _: True)


def _stalled(torrent: Torrent) -> bool:
    idle = torrent.phase in {Phase.DOWNLOADING, Phase.SEEDING} and not torrent.stopped
    return idle and not torrent.downloading and not torrent.queued


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _page(rows: list[dict[str, Any]], limit: int, offset: int) -> list[dict[str, Any]]:
    start = offset if offset >= 0 else max(0, len(rows) + offset)
    rows = rows[start:] if start < len(rows) else rows
    return rows[:limit] if limit > 0 else rows


def properties(core: Core, call: Call) -> dict[str, Any]:
    """One torrent's properties."""
    return properties_of(core.find(call.get("hash")), core.profile)


def files(core: Core, call: Call) -> list[dict[str, Any]]:
    """One torrent's files, or those of them with the given indexes."""
    rows = files_of(core.find(call.get("hash")), core.profile)
    if not call.get("indexes"):
        return rows
    try:
        return [_nth(rows, index) for index in call.get("indexes").split("|")]
    except ValueError as error:
        raise ApiError(409, str(error)) from error


def _nth(rows: list[dict[str, Any]], index: str) -> dict[str, Any]:
    if not index.isdigit():
        raise ValueError(f'"{index}" is not a valid file index.')
    if int(index) >= len(rows):
        raise ValueError(f"Index {index} is out of bounds.")
    return rows[int(index)]


def trackers(core: Core, call: Call) -> list[dict[str, Any]]:
    """One torrent's trackers."""
    return trackers_of(core.find(call.get("hash")))


def export(core: Core, call: Call) -> Answer:
    """One torrent's .torrent."""
    meta = core.find(call.get("hash")).meta
    if not meta.is_known:
        raise ApiError(409, "Unable to export torrent file. Error: Missing metadata")
    named = core.profile.has_inactive_limit
    return Answer(
        200, meta.data, "application/x-bittorrent" if named else "text/plain; charset=UTF-8"
    )


def count(core: Core, _call: Call) -> str:
    """How many torrents there are."""
    return str(len(core.listed()))


async def delete(core: Core, call: Call) -> None:
    """Delete torrents, with or without their files."""
    for torrent in core.select(call.get("hashes")):
        await core.engine.forget(torrent, delete_files=bool(call.flag("deleteFiles")))
    core.save()


def stop(core: Core, call: Call) -> None:
    """Stop torrents (pause, before 5.0)."""
    for torrent in core.select(call.get("hashes")):
        torrent.stopped, torrent.forced, torrent.rate = True, False, 0.0
    core.save()


def start(core: Core, call: Call) -> None:
    """Start torrents (resume, before 5.0); an error is tried again."""
    for torrent in core.select(call.get("hashes")):
        torrent.forced = False
        torrent.unstop()
        if torrent.phase in {Phase.ERROR, Phase.MISSING}:
            torrent.phase = Phase.CHECKING
    core.save()


def set_force_start(core: Core, call: Call) -> None:
    """Force torrents to run whatever the queue says, or no longer."""
    for torrent in core.select(call.get("hashes")):
        torrent.forced = bool(call.flag("value"))
        if torrent.forced:
            torrent.unstop()
    core.save()


def recheck(core: Core, call: Call) -> None:
    """Hash the files again."""
    for torrent in core.select(call.get("hashes")):
        torrent.phase, torrent.stopped = Phase.CHECKING, False


def reannounce(core: Core, call: Call) -> None:
    """Nothing to see: there is no tracker."""
    core.select(call.get("hashes"))


def set_share_limits(core: Core, call: Call) -> None:
    """Set the limits that end seeding."""
    for torrent in core.select(call.get("hashes")):
        torrent.ratio_limit = float(call.get("ratioLimit"))
        torrent.seeding_time_limit = int(call.get("seedingTimeLimit"))
        if core.profile.has_inactive_limit:
            torrent.inactive_seeding_time_limit = int(call.get("inactiveSeedingTimeLimit"))
        torrent.share_limit_action = call.get("shareLimitAction", "Default")
    core.save()


def set_location(core: Core, call: Call) -> None:
    """Move torrents; ends their automatic management."""
    target = call.get("location").rstrip("/")
    if not target:
        raise ApiError(400, "Save path cannot be empty")
    try:
        Path(target).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ApiError(409, "Cannot make save path") from error
    for torrent in core.select(call.get("hashes")):
        torrent.auto_tmm = False
        core.engine.relocate(torrent, torrent.root, target)


def rename(core: Core, call: Call) -> None:
    """Give a torrent another name; its files keep theirs."""
    torrent = core.find(call.get("hash"))
    if not call.get("name").strip():
        raise ApiError(409, "Incorrect torrent name")
    torrent.name = call.get("name").strip()
    core.save()


def set_file_priority(core: Core, call: Call) -> None:
    """Set priorities of files."""
    torrent = core.find(call.get("hash"))
    priority = _integer(call.get("priority"))
    if priority not in {0, 1, 6, 7}:
        raise ApiError(400, "Priority is not valid")
    for index in call.get("id").split("|"):
        if not index.isdigit():
            raise ApiError(400, "File IDs must be integers")
        if int(index) >= len(torrent.entries):
            raise ApiError(409, "File ID is not valid")
        torrent.priorities[int(index)] = priority


def to_top(core: Core, call: Call) -> None:
    """Move torrents to the front of the queue."""
    _need_queueing(core)
    _reorder(core, call, first=True)


def to_bottom(core: Core, call: Call) -> None:
    """Move torrents to the end of the queue."""
    _need_queueing(core)
    _reorder(core, call, first=False)


def _need_queueing(core: Core) -> None:
    if not core.preferences["queueing_enabled"]:
        raise ApiError(409, "Torrent queueing must be enabled")


def _reorder(core: Core, call: Call, *, first: bool) -> None:
    chosen = core.select(call.get("hashes"))
    rest = [one for one in core.engine.torrents.values() if one not in chosen]
    rest.sort(key=lambda one: one.position)
    for place, torrent in enumerate(chosen + rest if first else rest + chosen, start=1):
        torrent.position = place
    core.save()
