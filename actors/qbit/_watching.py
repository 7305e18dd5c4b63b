"""What a look at the downloads means for each acquisition. Pure: times and reports come in, news goes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from reeld.domain.acquisition import FailureReason
from reeld.services.qbittorrent import Phase, TorrentStatus

RESTART_SECONDS: Final = 60.0
"""How often a torrent that qBittorrent stopped with an error is started again: the full disk may have been mended."""

LONGEST_GAP_SECONDS: Final = 300.0
"""So much of the time between two looks counts at most: in a longer one qBittorrent was not there, or we were not."""

_IDLE: Final = frozenset({Phase.PAUSED, Phase.QUEUED, Phase.CHECKING, Phase.MOVING})
"""No progress is expected: the time does not count as a stall."""
_BROKEN: Final = frozenset({Phase.FAILED, Phase.MISSING_FILES})
"""Its disk or a person's hand is to blame, never the release: another one would fare no better."""
_SENTENCES: Final[Mapping[Phase, str]] = {
    Phase.FAILED: (
        "qBittorrent reports an error on this torrent: is its disk full, or its folder not writable?"
        " It is started again by itself."
    ),
    Phase.MISSING_FILES: (
        "qBittorrent misses files that it had downloaded: is their disk mounted?"
        " It is started again by itself."
    ),
    Phase.PAUSED: "It is stopped in qBittorrent. Start it there when it may go on.",
    Phase.STALLED: "Nobody sends anything of it at present.",
}


class News(StrEnum):
    """What happened to a download since the last look."""

    PROGRESS = "progress"
    COMPLETE = "complete"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a download before the look.

    Attributes:
        downloaded: Bytes, as its row says.
        still_seconds: For how long it stood still, as its row says.
    """

    infohash: str
    downloaded: int = 0
    still_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found about one acquisition.

    Attributes:
        status: None when the client does not list the torrent.
        failure: Set when it failed.
        sentence: Why it failed, or what keeps it from going on; empty when it goes on.
        still_seconds: For how long not a byte came although some could have.
        is_new: Whether the sentence is another one than at the last look.
        to_be_started: qBittorrent stopped it with an error, and it is time to try it again.
    """

    acquisition_id: int
    news: News
    status: TorrentStatus | None = None
    failure: FailureReason | None = None
    sentence: str = ""
    still_seconds: float = 0.0
    is_new: bool = False
    to_be_started: bool = False


@dataclass(slots=True)
class _Past:
    downloaded: int
    looked_at: float
    still_seconds: float
    started_at: float | None = None
    sentence: str | None = None


class Watch:
    """Remembers, between two looks, for how long a download stands still, and when it was started again.

    Only time in which it is looked at counts. What a watch before this one had counted is taken over from the row.

    Args:
        stalled_seconds: A download of which nobody sends anything for this long has failed.
    """

    def __init__(self, stalled_seconds: float) -> None:
        self.stalled_seconds = stalled_seconds
        self._past: dict[int, _Past] = {}

    def look(
        self, wanted: Mapping[int, Wanted], listed: Iterable[TorrentStatus], now: float
    ) -> list[Finding]:
        """Compare what is wanted with what the client lists.

        Args:
            wanted: What is known of each acquisition.
            listed: What the client lists.
            now: Monotonic seconds.
        """
        by_id = {name: status for status in listed for name in _names(status)}
        self._past = {key: past for key, past in self._past.items() if key in wanted}
        return [
            self._judge(acquisition_id, one, by_id.get(one.infohash[:40]), now)
            for acquisition_id, one in wanted.items()
        ]

    def _judge(
        self, acquisition_id: int, known: Wanted, status: TorrentStatus | None, now: float
    ) -> Finding:
        if status is None:
            return Finding(acquisition_id, News.MISSING)
        if status.is_complete:
            return Finding(acquisition_id, News.COMPLETE, status)
        past = self._past.setdefault(
            acquisition_id, _Past(known.downloaded, now, known.still_seconds)
        )
        self._count(past, status, now)
        finding = self._judge_phase(Finding(acquisition_id, News.PROGRESS, status), past, now)
        is_new, past.sentence = finding.sentence != past.sentence, finding.sentence
        return replace(finding, is_new=is_new, still_seconds=past.still_seconds)

    def _count(self, past: _Past, status: TorrentStatus, now: float) -> None:
        past.still_seconds += min(now - past.looked_at, LONGEST_GAP_SECONDS)
        # What comes behind an error is a stall of its own, which begins then.
        if status.downloaded != past.downloaded or status.phase in _IDLE | _BROKEN:
            past.still_seconds = 0.0
        past.downloaded, past.looked_at = status.downloaded, now

    def _judge_phase(self, finding: Finding, past: _Past, now: float) -> Finding:
        assert finding.status is not None
        phase = finding.status.phase
        finding = replace(finding, sentence=_SENTENCES.get(phase, ""))
        if phase in _BROKEN:
            return self._judge_broken(finding, past, now)
        past.started_at = None
        if past.still_seconds < self.stalled_seconds:
            return finding
        span = _span(self.stalled_seconds)
        sentence = f"Not a byte came for {span}. Another release is tried."
        return replace(finding, news=News.FAILED, failure=FailureReason.STALLED, sentence=sentence)

    def _judge_broken(self, finding: Finding, past: _Past, now: float) -> Finding:
        if past.started_at is None:
            past.started_at = now
        is_due = now - past.started_at >= RESTART_SECONDS
        past.started_at = now if is_due else past.started_at
        return replace(finding, to_be_started=is_due)


def _names(status: TorrentStatus) -> set[str]:
    return {status.id, *(infohash[:40] for infohash in status.infohashes)}


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours >= 1 else f"{seconds:.0f} seconds"
