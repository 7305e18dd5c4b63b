"""How a torrent is added."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from reeld.domain.torrent import Magnet
from reeld.services.transport import Call


@unique
class AddAnswer(StrEnum):
    """What adding came to. None of them says that the torrent is there: observe it by its hash."""

    ACCEPTED = "accepted"
    """qBittorrent took it, and adds it in its own time."""
    UNCLEAR = "unclear"
    """`Fails.` or 409: it is there already, or the session still loads, or nothing was given."""
    LOST = "lost"
    """The answer got lost; the torrent may have been added."""


@unique
class ShareLimitAction(StrEnum):
    """What happens at a share limit (since 5.0). reeld never lets qBittorrent remove anything."""

    DEFAULT = "Default"
    STOP = "Stop"


@dataclass(frozen=True, slots=True)
class ShareLimits:
    """When a torrent has been shared enough.

    Attributes:
        ratio: -2 leaves it to qBittorrent's own setting, -1 means never.
        seeding_minutes: The same, in minutes.
        inactive_minutes: The same, for minutes without any upload (since 4.6).
        action: What then happens (since 5.0).
    """

    ratio: float = -2.0
    seeding_minutes: int = -2
    inactive_minutes: int = -2
    action: ShareLimitAction = ShareLimitAction.DEFAULT

    def to_form(self) -> dict[str, str]:
        """Return all four fields: one that a version does not know is ignored, one that it lacks is an error."""
        return {
            "ratioLimit": f"{self.ratio:g}",
            "seedingTimeLimit": str(self.seeding_minutes),
            "inactiveSeedingTimeLimit": str(self.inactive_minutes),
            "shareLimitAction": self.action.value,
        }


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Where and how a torrent is added.

    Attributes:
        category: Made silently when it does not exist.
        save_path: None leaves it to qBittorrent.
        tags: No tag may hold a comma.
        stopped: Whether it waits for a person.
        limits: Applied at adding since 4.3.9; earlier versions need `set_share_limits`.
    """

    category: str
    save_path: str | None = None
    tags: tuple[str, ...] = ()
    stopped: bool = False
    limits: ShareLimits = ShareLimits()

    def to_form(self) -> dict[str, str]:
        """Return the form for every version at once: unknown fields are ignored everywhere."""
        stopped = _truth(self.stopped)
        form = {
            "category": self.category,
            "tags": ",".join(self.tags),
            # Until 4.6, and since 5.0.
            "paused": stopped,
            "stopped": stopped,
            # Automatic management would ignore the save path, and move files under the importer's hands.
            "autoTMM": "false",
            # Until 4.3.1, and since: as the .torrent has it.
            "root_folder": "true",
            "contentLayout": "Original",
            **self.limits.to_form(),
        }
        if self.save_path is not None:
            form["savepath"] = self.save_path
        return form


def call_to_add(torrent: bytes | Magnet, options: AddOptions) -> Call:
    """Return the call that adds a .torrent file or a magnet link."""
    form = options.to_form()
    if isinstance(torrent, Magnet):
        return Call("POST", "torrents/add", form={**form, "urls": torrent.uri})
    upload = {"torrents": ("reeld.torrent", torrent, "application/x-bittorrent")}
    return Call("POST", "torrents/add", form=form, files=upload)


def _truth(value: bool) -> str:
    return "true" if value else "false"
