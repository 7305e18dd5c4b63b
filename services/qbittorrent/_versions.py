"""What differs between the versions of qBittorrent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import ProtocolViolation

SERVICE: Final = "qbittorrent"
LABEL: Final = "qBittorrent"

_NUMBERS: Final = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_STOP_AND_START: Final = (2, 11, 0)
"""qBittorrent 5.0 renamed pause and resume."""
_TAGS: Final = (2, 3, 0)
"""qBittorrent 4.2 brought tags."""
_LIMITS_AT_ADDING: Final = (2, 8, 1)
"""qBittorrent 4.3.9 takes share limits with an addition."""
_FIRST_SUPPORTED: Final = (2, 0, 0)
"""qBittorrent 4.1."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which qBittorrent it is.

    Attributes:
        app: Such as `v4.5.2`.
        api: `webapiVersion` as numbers, such as `(2, 8, 19)`: what a client goes by.
    """

    app: str
    api: tuple[int, int, int]

    @property
    def has_tags(self) -> bool:
        """Whether torrents can bear tags."""
        return self.api >= _TAGS

    @property
    def limits_at_adding(self) -> bool:
        """Whether share limits are taken with the addition of a torrent."""
        return self.api >= _LIMITS_AT_ADDING

    @property
    def stop_action(self) -> str:
        """The action that stops a torrent."""
        return "stop" if self.api >= _STOP_AND_START else "pause"

    @property
    def start_action(self) -> str:
        """The action that starts a torrent."""
        return "start" if self.api >= _STOP_AND_START else "resume"


def parse_api_version(text: str) -> tuple[int, int, int]:
    """Return `webapiVersion` as numbers.

    Raises:
        ProtocolViolation: It is no version, or one before qBittorrent 4.1.
    """
    numbers = _NUMBERS.fullmatch(text.strip())
    if numbers is None:
        raise ProtocolViolation(
            f"{LABEL}: its address answers, but not as {LABEL} does. Check qbittorrent.url.",
            service=SERVICE,
            reason="not_qbittorrent",
        )
    major, minor, patch = (int(number or 0) for number in numbers.groups())
    version = (major, minor, patch)
    if version < _FIRST_SUPPORTED:
        raise ProtocolViolation(
            f"{LABEL} is too old (Web API {text.strip()}). Install 4.1 or newer.",
            service=SERVICE,
            reason="unsupported_version",
        )
    return version
