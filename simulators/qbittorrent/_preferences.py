"""`app/preferences`: the settings a client reads, with the defaults of a fresh installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reeld.simulators.qbittorrent._profile import Profile


def fresh_preferences(profile: Profile, save_path: Path) -> dict[str, Any]:
    """The preferences of a fresh installation of this version."""
    stopped = "add_stopped_enabled" if profile.says_stopped else "start_paused_enabled"
    inactive: dict[str, Any] = {}
    if profile.has_inactive_limit:
        inactive = {"max_inactive_seeding_time": -1, "max_inactive_seeding_time_enabled": False}
    return {
        **inactive,
        stopped: False,
        "auto_tmm_enabled": False,
        "bypass_auth_subnet_whitelist": "",
        "bypass_auth_subnet_whitelist_enabled": False,
        "bypass_local_auth": False,
        "dht": True,
        "dl_limit": 0,
        "incomplete_files_ext": False,
        "locale": "en",
        "max_active_downloads": 3,
        "max_active_torrents": 5,
        "max_active_uploads": 3,
        "max_ratio": -1,
        "max_ratio_act": 0,
        "max_ratio_enabled": False,
        "max_seeding_time": -1,
        "max_seeding_time_enabled": False,
        "queueing_enabled": True,
        "save_path": str(save_path),
        "temp_path": str(save_path / "temp"),
        "temp_path_enabled": False,
        "torrent_content_layout": "Original",
        "up_limit": 0,
        "web_ui_ban_duration": 3600,
        "web_ui_csrf_protection_enabled": True,
        "web_ui_domain_list": "*",
        "web_ui_host_header_validation_enabled": True,
        "web_ui_max_auth_fail_count": 5,
        "web_ui_session_timeout": 3600,
        "web_ui_username": "admin",
    }


def share_limits(preferences: dict[str, Any]) -> tuple[float, int, int]:
    """The global limits that are switched on: ratio, seeding minutes, inactive minutes."""
    ratio = preferences["max_ratio"] if preferences["max_ratio_enabled"] else -1
    seeding = preferences["max_seeding_time"] if preferences["max_seeding_time_enabled"] else -1
    inactive = -1
    if preferences.get("max_inactive_seeding_time_enabled"):
        inactive = preferences["max_inactive_seeding_time"]
    return ratio, seeding, inactive
