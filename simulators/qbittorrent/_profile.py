"""What differs between qBittorrent's versions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Profile:
    """One version of qBittorrent, as its WebUI API tells it."""

    api: tuple[int, int, int]
    version: str

    @property
    def name(self) -> str:
        """The version without its `v`."""
        return self.version.removeprefix("v")

    @property
    def api_text(self) -> str:
        """What `app/webapiVersion` answers."""
        major, minor, patch = self.api
        return f"{major}.{minor}" if self.api == (2, 0, 0) else f"{major}.{minor}.{patch}"

    @property
    def says_stopped(self) -> bool:
        """5.0 renamed paused to stopped: states, filters, endpoints and parameters."""
        return self.api >= (2, 11, 0)

    @property
    def adds_tags(self) -> bool:
        """4.3.2 brought tags at adding."""
        return self.api >= (2, 6, 2)

    @property
    def has_hybrid_hashes(self) -> bool:
        """4.4 brought infohash_v1, infohash_v2 and download_path."""
        return self.api >= (2, 8, 3)

    @property
    def has_content_path(self) -> bool:
        """4.3.2 brought content_path and seeding_time."""
        return self.api >= (2, 6, 1)

    @property
    def has_inactive_limit(self) -> bool:
        """4.6 brought the limit on inactive seeding, and requires it."""
        return self.api >= (2, 9, 2)

    @property
    def answers_json_to_add(self) -> bool:
        """5.2 turned texts and silent failures into statuses: 204 and 401 at login, JSON and 409 at add."""
        return self.api >= (2, 15, 0)

    @property
    def cookie(self) -> str:
        """The session cookie's name; 5.2 appends an underscore and the port."""
        return "QBT_SID_" if self.answers_json_to_add else "SID"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile((2, 0, 0), "v4.1.0"),
        Profile((2, 5, 1), "v4.2.5"),
        Profile((2, 8, 2), "v4.3.9"),
        Profile((2, 8, 19), "v4.5.2"),
        Profile((2, 9, 3), "v4.6.7"),
        Profile((2, 11, 4), "v5.1.4"),
        Profile((2, 15, 1), "v5.2.3"),
    )
}
"""The versions that the simulator can be, by number."""
