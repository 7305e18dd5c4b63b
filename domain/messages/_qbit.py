"""What QbitActor is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reeld.domain.messages._base import Message, Overflow


@dataclass(frozen=True, slots=True)
class PollDownloads(Message[None]):
    """Ask qBittorrent how the downloads are getting on."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class PauseDownload(Message[None]):
    """Stop an acquisition's torrent until it is resumed."""

    acquisition_id: int


@dataclass(frozen=True, slots=True)
class ResumeDownload(Message[None]):
    """Let an acquisition's torrent go on."""

    acquisition_id: int


@dataclass(frozen=True, slots=True)
class PrioritiseDownload(Message[bool]):
    """Put an acquisition's torrent at the head or at the end of qBittorrent's queue; False where it does not queue."""

    acquisition_id: int
    first: bool = True


@dataclass(frozen=True, slots=True)
class SetShareLimits(Message[None]):
    """Set how long an acquisition's torrent is seeded.

    Attributes:
        ratio: None for no limit.
        seeding_minutes: None for no limit.
    """

    acquisition_id: int
    ratio: float | None = None
    seeding_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveDownload(Message[None]):
    """Remove an acquisition's torrent, which reeld itself added.

    Attributes:
        delete_files: Whether the downloaded files go too.
        blocklist: Whether the release is blocked and another one is tried; else the movie rests until its next search.
    """

    acquisition_id: int
    delete_files: bool = False
    blocklist: bool = True


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What qBittorrent says of itself at this moment.

    Attributes:
        version: Such as `v5.0.3`.
        connection: `connected`, `firewalled` or `disconnected`: whether it reaches peers.
        download_speed: Bytes a second of all its torrents.
        upload_speed: As before.
        folder: Where its downloads for reeld are saved, as this machine sees it; empty when nobody knows.
    """

    version: str
    connection: str
    download_speed: int
    upload_speed: int
    folder: str


@dataclass(frozen=True, slots=True)
class LookAtClient(Message[ClientFacts]):
    """Ask qBittorrent what it is and how it does.

    Attributes:
        trial: A person tries it: with a login of its own, and whatever the breaker says.
    """

    trial: bool = False


@dataclass(frozen=True, slots=True)
class ClientSettingsRead(Message[None]):
    """Told to HealthActor: what qBittorrent's own settings are.

    Attributes:
        folder: Where its downloads for reeld are saved, as this machine sees it; empty when nobody knows.
        warnings: What a person should change there, in sentences.
    """

    folder: str
    warnings: tuple[str, ...]
