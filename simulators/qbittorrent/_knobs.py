"""The faults of a qBittorrent."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.simulators.faults import Knobs


@dataclass(slots=True)
class QbittorrentKnobs(Knobs):
    """Faults and speeds of the session, beside those of its web server."""

    download_seconds: float = 2.0
    """How long each download takes, whatever its size."""
    metadata_seconds: float = 0.3
    """How long a magnet link waits for its metadata, when somebody has it."""
    visibility_delay: float = 0.05
    """Seconds between an accepted `add` and the torrent being listed."""
    settle_seconds: float = 0.2
    """Seconds after that in which it is checkingResumeData with a relative content path."""
    moving_seconds: float = 0.2
    """How long moving files takes."""
    refuse_adds: int = 0
    """So many adds are refused without a reason: `Fails.`, or 409 from 5.2 on."""
    stall_all: bool = False
    """Nobody seeds: every download stalls."""
    ratio_per_second: float = 0.0
    """How fast the ratio of a seeding torrent grows."""
    partial_list_seconds: float = 0.0
    """After a restart, so long only every other torrent is listed, as 4.3 could."""
    free_space: int = 80_000_000_000
    """Bytes that `server_state` says are free; 0 also sends every download into an error."""
