"""What a look at the downloads means for each acquisition. Pure: times and reports come in, news goes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from reeld.domain.acquisition import FailureReason
from reeld.services.qbittorrent import Phase, TorrentStatus

ERROR_SECONDS: Final = 60.0
"""How long qBittorrent may report an error before the download has failed: a disk that was full may be mended."""

_IDLE: Final = frozenset({Phase.PAUSED, Phase.QUEUED, Phase.CHECKING, Phase.MOVING})
"""No progress is expected: the time does not count as a stall."""


class News(StrEnum):
    """What happened to a download since the last look."""

    UNCHANGED = "unchanged"
    PROGRESS = "progress"
    COMPLETE = "complete"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found about one acquisition.

    Attributes:
        status: None when the client does not list the torrent.
        failure, sentence: Set when it failed.
    """

    acquisition_id: int
    news: News
    status: TorrentStatus | None = None
    failure: FailureReason | None = None
    sentence: str = ""


@dataclass(slots=True)
class _Past:
    downloaded: int
    moved_at: float
    failing_since: float | None = None


class Watch:
    """Remembers, between two looks, since when a download stands still or reports an error.

    Args:
        stalled_seconds: A download without a new byte for this long has failed.
    """

    def __init__(self, stalled_seconds: float) -> None:
        self.stalled_seconds = stalled_seconds
        self._past: dict[int, _Past] = {}

    def look(
        self, wanted: Mapping[int, str], listed: Iterable[TorrentStatus], now: float
    ) -> list[Finding]:
        """Compare what is wanted with what the client lists.

        Args:
            wanted: Infohashes by acquisition.
            listed: What the client lists.
            now: Monotonic seconds.
        """
        torrents = tuple(listed)
        self._past = {key: past for key, past in self._past.items() if key in wanted}
        return [
            self._judge(acquisition_id, _named(infohash, torrents), now)
            for acquisition_id, infohash in wanted.items()
        ]

    def _judge(self, acquisition_id: int, status: TorrentStatus | None, now: float) -> Finding:
        if status is None:
            return Finding(acquisition_id, News.MISSING)
        past = self._past.setdefault(acquisition_id, _Past(status.downloaded, now))
        moved = status.downloaded != past.downloaded
        if moved or status.phase in _IDLE:
            past.downloaded, past.moved_at = status.downloaded, now
        if status.is_complete:
            return Finding(acquisition_id, News.COMPLETE, status)
        return self._judge_phase(Finding(acquisition_id, News.PROGRESS, status), status, past, now)

    def _judge_phase(
        self, finding: Finding, status: TorrentStatus, past: _Past, now: float
    ) -> Finding:
        match status.phase:
            case Phase.FAILED | Phase.MISSING_FILES:
                past.failing_since = now if past.failing_since is None else past.failing_since
                if now - past.failing_since < ERROR_SECONDS:
                    return finding
                return _failed(finding, status)
            case Phase.DOWNLOADING | Phase.STALLED | Phase.UNKNOWN:
                past.failing_since = None
                if now - past.moved_at < self.stalled_seconds:
                    return finding
                return _stalled(finding, status, self.stalled_seconds)
            case (
                Phase.QUEUED
                | Phase.PAUSED
                | Phase.CHECKING
                | Phase.MOVING
                | Phase.SEEDING
                | Phase.FINISHED
            ):
                past.failing_since = None
                return finding
            case _:
                assert_never(status.phase)


def _named(infohash: str, torrents: tuple[TorrentStatus, ...]) -> TorrentStatus | None:
    ids = frozenset({infohash})
    return next((each for each in torrents if each.is_called(ids)), None)


def _failed(finding: Finding, status: TorrentStatus) -> Finding:
    if status.phase is Phase.MISSING_FILES:
        failure = FailureReason.MISSING_FILES
        sentence = "qBittorrent misses files that it had downloaded. Another release is tried."
    else:
        failure = FailureReason.CLIENT_ERROR
        sentence = "qBittorrent reports an error on this torrent. Another release is tried."
    return Finding(finding.acquisition_id, News.FAILED, status, failure, sentence)


def _stalled(finding: Finding, status: TorrentStatus, seconds: float) -> Finding:
    hours = seconds / 3600
    span = f"{hours:.1f} hours" if hours >= 1 else f"{seconds:.0f} seconds"
    sentence = f"Not a byte came for {span}. Another release is tried."
    return Finding(finding.acquisition_id, News.FAILED, status, FailureReason.STALLED, sentence)
