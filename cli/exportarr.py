"""What exportarr would say of a Radarr, said of reeld's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from reeld import __version__
from reeld.cli.rows import RowCounts, cutoff_unmet, missing
from reeld.domain.acquisition import AcquisitionState
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality
from reeld.services.qbittorrent import PHASES, Phase
from reeld.storage.repositories.counts import Counts, Owned
from reeld.telemetry import Exportarr, HealthBoard, Metrics, Status

_WEIGHTS: Final = {quality.label: str(quality.weight) for quality in Quality}


class ExportarrView:
    """Keeps exportarr's names filled.

    Args:
        view: Where they are shown.
        rows: Counts rows.
        board: Shows the results of the health checks.
        metrics: Know the disks.
        is_ready: Whether the daemon can do its work.
    """

    def __init__(
        self,
        view: Exportarr,
        rows: RowCounts,
        board: HealthBoard,
        metrics: Metrics,
        is_ready: Callable[[], bool],
    ) -> None:
        self._view = view
        self._rows = rows
        self._board = board
        self._metrics = metrics
        self._is_ready = is_ready

    def refresh(self) -> None:
        """Fill them from what was counted last; on the loop, in well under a millisecond."""
        counts = self._rows.last
        samples: dict[str, dict[tuple[str, ...], float]] = {
            "radarr_system_status": {(): float(self._is_ready())},
            "radarr_system_health_issues": self._health_issues(),
            "radarr_collector_error": {(): float(counts is None)},
            "radarr_queue_collector_error": {(): float(counts is None)},
            "exportarr_app_info": {("reeld", __version__, "", ""): 1.0},
        }
        if counts is not None:
            samples |= _movies(counts, self._rows.profiles)
            samples |= self._disks()
        self._view.show(samples)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type; call it in a worker thread."""
        return self._view.render(accept)

    def _health_issues(self) -> dict[tuple[str, ...], float]:
        kinds = {Status.WARN: "warning", Status.FAIL: "error"}
        return {
            (check.name, kinds[check.status], check.sentence, ""): 1.0
            for check in self._board.checks()
            if check.status in kinds
        }

    def _disks(self) -> dict[str, dict[tuple[str, ...], float]]:
        free: dict[tuple[str, ...], float] = {}
        total: dict[tuple[str, ...], float] = {}
        for root in self._rows.roots:
            free[root, ""] = self._metrics.read("reeld_library_free_bytes", root=root)
            total[root, ""] = self._metrics.read("reeld_library_total_bytes", root=root)
        return {
            "radarr_rootfolder_freespace_bytes": {(root,): n for (root, _), n in free.items()},
            "radarr_diskspace_free_bytes": free,
            "radarr_diskspace_total_bytes": total,
        }


def _movies(
    counts: Counts, profiles: Mapping[str, QualityProfile]
) -> dict[str, dict[tuple[str, ...], float]]:
    owned = counts.owned
    waiting = missing(tuple(each for each in owned if each.available))
    numbers = {
        "movie_total": _sum(owned, lambda _: True),
        "movie_downloaded_total": _sum(owned, lambda each: each.quality is not None),
        "movie_monitored_total": _sum(owned, lambda each: each.monitored),
        "movie_unmonitored_total": _sum(owned, lambda each: not each.monitored),
        # As exportarr has it: missing is released and not there, wanted is not released yet.
        "movie_missing_total": waiting,
        "movie_wanted_total": missing(owned) - waiting,
        "movie_cutoff_unmet_total": cutoff_unmet(owned, profiles),
        "movie_filesize_total": sum(each.size for each in counts.files),
        "movie_editions": sum(each.editions for each in counts.files),
        "history_total": counts.history,
    }
    samples: dict[str, dict[tuple[str, ...], float]] = {
        f"radarr_{name}": {(): float(number)} for name, number in numbers.items()
    }
    qualities: Counter[tuple[str, ...]] = Counter()
    for each in counts.files:
        qualities[each.quality, _WEIGHTS.get(each.quality, "")] += each.files
    queue: Counter[tuple[str, ...]] = Counter()
    for (state, word), number in counts.queue.items():
        queue[queue_status(AcquisitionState(state), word)] += number
    samples["radarr_movie_quality_total"] = {key: float(n) for key, n in qualities.items()}
    samples["radarr_queue_total"] = {key: float(n) for key, n in queue.items()}
    return samples


def queue_status(state: AcquisitionState, word: str | None) -> tuple[str, str, str]:
    """Return what Radarr calls it: status, the status of its tracking, and its state.

    Args:
        state: How far the acquisition is.
        word: qBittorrent's own word for the torrent's state.
    """
    if state is AcquisitionState.COMPLETE:
        return "completed", "ok", "importPending"
    match PHASES.get(word or ""):
        case Phase.STALLED | Phase.FAILED | Phase.MISSING_FILES:
            return "warning", "warning", "downloading"
        case Phase.PAUSED:
            return "paused", "ok", "downloading"
        case _ if state is AcquisitionState.DOWNLOADING:
            return "downloading", "ok", "downloading"
        case _:
            return "queued", "ok", "downloading"


def _sum(owned: tuple[Owned, ...], counts: Callable[[Owned], bool]) -> int:
    return sum(each.movies for each in owned if counts(each))
