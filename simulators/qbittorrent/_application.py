"""The endpoints below `app/`, `sync/` and `transfer/`."""

from __future__ import annotations

import json
import time
from typing import Any

import trio

from reeld.simulators.qbittorrent._core import Call, Core
from reeld.simulators.qbittorrent._labels import categories
from reeld.simulators.qbittorrent._sync import maindata as delta


def version(core: Core, _call: Call) -> str:
    """The version, such as `v4.5.2`."""
    return core.profile.version


def webapi_version(core: Core, _call: Call) -> str:
    """The API's version, such as `2.8.19`."""
    return core.profile.api_text


def build_info(core: Core, _call: Call) -> dict[str, Any]:
    """What it was built with."""
    info = {"bitness": 64, "boost": "1.74.0", "openssl": "3.0.19", "qt": "5.15.8", "zlib": "1.2.13"}
    platform = {"platform": "linux"} if core.profile.says_stopped else {}
    return {**info, **platform, "libtorrent": "2.0.8.0"}


def process_info(core: Core, _call: Call) -> dict[str, Any]:
    """When it was launched."""
    age = trio.current_time() - core.launched_at
    return {"launch_time": int(time.time() - age)}


def preferences(core: Core, _call: Call) -> dict[str, Any]:
    """All settings."""
    return core.preferences


def set_preferences(core: Core, call: Call) -> None:
    """Change settings; unknown ones are passed over."""
    try:
        changes = json.loads(call.get("json"))
    except json.JSONDecodeError:
        changes = {}  # as in 4.5.2: no word about it
    core.preferences.update(
        {name: value for name, value in changes.items() if name in core.preferences}
    )
    core.save()


def default_save_path(core: Core, _call: Call) -> str:
    """Where downloads go that name no folder."""
    path: str = core.preferences["save_path"]
    return path


def maindata(core: Core, call: Call) -> dict[str, Any]:
    """Everything, or what changed since the answer with the given number."""
    rid = call.get("rid", "0")
    return delta(call.session, int(rid) if rid.isdigit() else 0, _whole(core, call))


def transfer_info(core: Core, _call: Call) -> dict[str, Any]:
    """Speeds and the connection's state."""
    speed = int(sum(torrent.rate for torrent in core.listed()))
    return {
        "connection_status": "connected",
        "dht_nodes": 0,
        "dl_info_data": core.engine.received,
        "dl_info_speed": speed,
        "dl_rate_limit": core.preferences["dl_limit"],
        "up_info_data": 0,
        "up_info_speed": 0,
        "up_rate_limit": core.preferences["up_limit"],
    }


def _whole(core: Core, call: Call) -> dict[str, Any]:
    rows = [core.row(torrent) for torrent in core.listed()]
    trackers: dict[str, list[str]] = {}
    for torrent in core.listed():
        for url in torrent.meta.trackers:
            trackers.setdefault(url, []).append(torrent.hash)
    server = {
        "alltime_dl": core.engine.received,
        "alltime_ul": 0,
        "global_ratio": "-",
        "total_peer_connections": 0,
        "free_space_on_disk": core.knobs.free_space,
        "queueing": core.preferences["queueing_enabled"],
        "refresh_interval": 1500,
        "use_alt_speed_limits": False,
    }
    return {
        "torrents": {row.pop("hash"): row for row in rows},
        "categories": categories(core, call),
        "tags": list(core.tags),
        "trackers": trackers,
        "server_state": {**transfer_info(core, call), **server},
    }
