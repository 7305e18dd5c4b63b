"""How a torrent is told: states and the fields of `torrents/info`, `properties`, `files` and `trackers`."""

from __future__ import annotations

from typing import Any, assert_never

import trio

from reeld.simulators.qbittorrent._profile import Profile
from reeld.simulators.qbittorrent._torrent import ETA_UNKNOWN, Phase, Torrent

Limits = tuple[float, int, int]
"""The global share limits: ratio, seeding minutes, inactive minutes; -1 is none."""


def state_of(torrent: Torrent, profile: Profile) -> str:
    """The state's name in this version."""
    done = torrent.complete
    match torrent.phase:
        case Phase.METADATA:
            return _without_metadata(torrent, profile)
        case Phase.RESUMING:
            return "checkingResumeData"
        case Phase.CHECKING:
            return "checkingUP" if done else "checkingDL"
        case Phase.MOVING:
            return "moving"
        case Phase.ERROR:
            return "error"
        case Phase.MISSING:
            return "missingFiles"
        case Phase.DOWNLOADING | Phase.SEEDING:
            return _running(torrent, profile, "UP" if done else "DL")
        case _ as never:
            assert_never(never)


def _without_metadata(torrent: Torrent, profile: Profile) -> str:
    if torrent.stopped:
        return _running(torrent, profile, "DL")
    return "forcedMetaDL" if torrent.forced else "metaDL"


def _running(torrent: Torrent, profile: Profile, direction: str) -> str:
    if torrent.stopped:
        return f"{'stopped' if profile.says_stopped else 'paused'}{direction}"
    if torrent.forced:
        return f"forced{direction}"
    if torrent.queued:
        return f"queued{direction}"
    if torrent.downloading:
        return "downloading"
    return f"stalled{direction}"


def info_fields(torrent: Torrent, profile: Profile, limits: Limits) -> dict[str, Any]:
    """A row of `torrents/info` as this version tells it, keys sorted as qBittorrent sorts them."""
    fields = {
        **_common(torrent, profile, limits),
        **(_since_content_path(torrent) if profile.has_content_path else {}),
        **(_since_hybrid(torrent) if profile.has_hybrid_hashes else {}),
        **(_since_inactive(torrent, limits) if profile.has_inactive_limit else {}),
        **(_since_stopped(torrent) if profile.says_stopped else {}),
        **(_since_json(torrent) if profile.answers_json_to_add else {}),
    }
    return {name: _whole(value) for name, value in sorted(fields.items())}


def _whole(value: Any) -> Any:
    """Qt writes 1.0 as 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _availability(torrent: Torrent) -> int:
    if torrent.complete or torrent.phase is Phase.RESUMING:
        return -1
    return 1 if torrent.downloading else 0


def _common(torrent: Torrent, profile: Profile, limits: Limits) -> dict[str, Any]:
    left = torrent.size - torrent.done
    rate = int(torrent.rate)
    return {
        "added_on": int(torrent.added_on),
        "amount_left": left,
        "auto_tmm": torrent.auto_tmm,
        "availability": _availability(torrent),
        "category": torrent.category,
        "completed": torrent.done,
        "completion_on": _completion(torrent, profile),
        "dl_limit": torrent.dl_limit,
        "dlspeed": rate,
        "downloaded": torrent.downloaded,
        "downloaded_session": torrent.downloaded,
        "eta": min(ETA_UNKNOWN, left // rate) if rate else ETA_UNKNOWN,
        "f_l_piece_prio": torrent.first_last,
        "force_start": torrent.forced,
        "hash": torrent.hash,
        "last_activity": int(torrent.added_on + torrent.active_time),
        "magnet_uri": f"magnet:?xt=urn:btih:{torrent.hash}&dn={torrent.name}",
        "max_ratio": _effective(torrent.ratio_limit, limits[0]),
        "max_seeding_time": _effective(torrent.seeding_time_limit, limits[1]),
        "name": torrent.name,
        "num_complete": 1 if torrent.downloading else 0,
        "num_incomplete": 0,
        "num_leechs": 0,
        "num_seeds": 1 if torrent.downloading else 0,
        "priority": 0 if torrent.complete else torrent.position,
        "progress": torrent.progress,
        "ratio": ratio_of(torrent),
        "ratio_limit": torrent.ratio_limit,
        "save_path": torrent.save_path,
        "seeding_time_limit": torrent.seeding_time_limit,
        "seen_complete": 0,
        "seq_dl": torrent.sequential,
        "size": torrent.size,
        "state": state_of(torrent, profile),
        "super_seeding": False,
        "tags": ", ".join(sorted(torrent.tags)),
        "time_active": int(torrent.active_time),
        "total_size": _total_size(torrent),
        "tracker": "",
        "trackers_count": len(torrent.meta.trackers),
        "up_limit": torrent.up_limit,
        "uploaded": int(torrent.uploaded),
        "uploaded_session": int(torrent.uploaded),
        "upspeed": 0,
    }


def _total_size(torrent: Torrent) -> int:
    return torrent.size if torrent.meta.is_known else -1


def _since_content_path(torrent: Torrent) -> dict[str, Any]:
    settled = trio.current_time() >= torrent.settled_at
    is_path = settled and torrent.meta.is_known
    path = f"{torrent.root}/{torrent.content_name}" if is_path else torrent.content_name
    return {"content_path": path, "seeding_time": int(torrent.seeding_time)}


def _since_hybrid(torrent: Torrent) -> dict[str, Any]:
    return {
        "download_path": torrent.download_path,
        "infohash_v1": torrent.meta.infohash,
        "infohash_v2": torrent.id.ljust(64, "0") if torrent.id else "",
    }


def _since_inactive(torrent: Torrent, limits: Limits) -> dict[str, Any]:
    own = torrent.inactive_seeding_time_limit
    return {
        "inactive_seeding_time_limit": own,
        "max_inactive_seeding_time": _effective(own, limits[2]),
    }


def _since_stopped(torrent: Torrent) -> dict[str, Any]:
    settled = trio.current_time() >= torrent.settled_at
    in_folder = "/" in torrent.content_name or len(torrent.entries) > 1
    root = f"{torrent.root}/{torrent.content_name.split('/')[0]}" if in_folder and settled else ""
    return {
        "comment": "",
        "has_metadata": torrent.meta.is_known,
        "popularity": 0,
        "private": torrent.meta.private,
        "reannounce": 0,
        "root_path": root,
    }


def _since_json(torrent: Torrent) -> dict[str, Any]:
    return {
        "connections_count": 1 if torrent.downloading else 0,
        "connections_limit": 100,
        "created_by": torrent.meta.created_by,
        "creation_date": -1,
        "piece_size": torrent.meta.piece_length,
        "pieces_have": int(torrent.progress * torrent.meta.piece_count),
        "pieces_num": _pieces(torrent),
        "share_limit_action": torrent.share_limit_action,
        "total_wasted": 0,
    }


def _pieces(torrent: Torrent) -> int:
    return torrent.meta.piece_count if torrent.meta.is_known else -1


def _completion(torrent: Torrent, profile: Profile) -> int:
    return int(torrent.completed_on) or (-1 if profile.says_stopped else 0)


def _effective(own: float, everyone: float) -> float:
    return everyone if own == -2 else own


def ratio_of(torrent: Torrent) -> float:
    """Uploaded by downloaded; 0 before anything was."""
    return torrent.uploaded / torrent.size if torrent.size else 0.0


def properties_of(torrent: Torrent, profile: Profile) -> dict[str, Any]:
    """What `torrents/properties` answers."""
    known = {"hash": torrent.hash, "name": torrent.name} if profile.has_hybrid_hashes else {}
    return {
        **known,
        **(_since_hybrid(torrent) if profile.has_hybrid_hashes else {}),
        **({"is_private": torrent.meta.private} if profile.has_hybrid_hashes else {}),
        "addition_date": int(torrent.added_on),
        "comment": "",
        "completion_date": int(torrent.completed_on) or -1,
        "created_by": torrent.meta.created_by,
        "creation_date": -1,
        "dl_limit": torrent.dl_limit or -1,
        "dl_speed": int(torrent.rate),
        "dl_speed_avg": int(torrent.downloaded / torrent.active_time) if torrent.active_time else 0,
        "eta": ETA_UNKNOWN,
        "last_seen": -1,
        "nb_connections": 1 if torrent.downloading else 0,
        "nb_connections_limit": 100,
        "peers": 0,
        "peers_total": 0,
        "piece_size": torrent.meta.piece_length,
        "pieces_have": int(torrent.progress * torrent.meta.piece_count),
        "pieces_num": _pieces(torrent),
        "reannounce": 0,
        "save_path": torrent.save_path,
        "seeding_time": int(torrent.seeding_time),
        "seeds": 1 if torrent.downloading else 0,
        "seeds_total": 1,
        "share_ratio": _whole(ratio_of(torrent)),
        "time_elapsed": int(torrent.active_time),
        "total_downloaded": torrent.downloaded,
        "total_downloaded_session": torrent.downloaded,
        "total_size": _total_size(torrent),
        "total_uploaded": int(torrent.uploaded),
        "total_uploaded_session": int(torrent.uploaded),
        "total_wasted": 0,
        "up_limit": torrent.up_limit or -1,
        "up_speed": 0,
        "up_speed_avg": 0,
    }


def files_of(torrent: Torrent, profile: Profile) -> list[dict[str, Any]]:
    """What `torrents/files` answers: files are filled one after the other."""
    rows: list[dict[str, Any]] = []
    before = 0
    for index, entry in enumerate(torrent.entries):
        have = min(max(torrent.done - before, 0), entry.size)
        first = before // torrent.meta.piece_length
        last = max(first, (before + entry.size - 1) // torrent.meta.piece_length)
        row = {
            "availability": _availability(torrent),
            "name": entry.path,
            "piece_range": [first, last],
            "priority": torrent.priorities[index],
            "progress": _whole(have / entry.size) if entry.size else 1,
            "size": entry.size,
        }
        numbered = {"index": index} if profile.api >= (2, 8, 2) else {}
        rows.append({**numbered, **row})
        before += entry.size
    if rows:
        rows[0]["is_seed"] = torrent.complete
    return rows


def trackers_of(torrent: Torrent) -> list[dict[str, Any]]:
    """What `torrents/trackers` answers: three sticky rows, then the torrent's own."""
    private = torrent.meta.private
    sticky = [
        _tracker(f"** [{name}] **", -1, 0 if private else 2, "This torrent is private")
        for name in ("DHT", "PeX", "LSD")
    ]
    return sticky + [_tracker(url, tier, 2, "") for tier, url in enumerate(torrent.meta.trackers)]


def _tracker(url: str, tier: int, status: int, message: str) -> dict[str, Any]:
    counts = {"num_downloaded": 0, "num_leeches": 0, "num_peers": 0, "num_seeds": 0}
    return {"url": url, "tier": tier, "status": status, "msg": message, **counts}
