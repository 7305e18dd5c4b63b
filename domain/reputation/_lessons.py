"""What an event teaches about the group of the release that it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reeld.domain.acquisition import FailureReason
from reeld.domain.history import Event, EventKind
from reeld.domain.quality import FIRST_REVISION, Quality, Revision
from reeld.domain.reputation._evidence import EvidenceKind, NewEvidence

WORSE_THAN_PROMISED: Final = "worse_than_promised"
"""The cause of a failure: the probe saw fewer lines than the name says."""


def evidence_after(event: Event) -> tuple[NewEvidence, ...]:
    """Return what an event says of groups; nothing for one that says nothing, or was written by an older version."""
    about = event.payload.get("acquisition_id")
    if not isinstance(about, int):
        return ()
    match event.kind:
        case EventKind.MOVIE_GRABBED:
            return (NewEvidence(EvidenceKind.GRABBED, about, event.at),)
        case EventKind.DOWNLOAD_COMPLETED:
            return (NewEvidence(EvidenceKind.COMPLETED, about, event.at),)
        case EventKind.DOWNLOAD_FAILED:
            return _of_failure(event, about)
        case EventKind.MOVIE_IMPORTED:
            return (_of_import(event, about), *_of_replacement(event, about))
        case _:
            return ()


def _of_failure(event: Event, about: int) -> tuple[NewEvidence, ...]:
    reason, cause = event.payload.get("reason"), event.payload.get("cause")
    kind = EvidenceKind.FAKE_QUALITY if cause == WORSE_THAN_PROMISED else _BLAME.get(str(reason))
    detail = {"reason": reason, "cause": cause or reason}
    return () if kind is None else (NewEvidence(kind, about, event.at, detail),)


_BLAME: Final[Mapping[str, EvidenceKind]] = {
    FailureReason.STALLED: EvidenceKind.STALLED,
    FailureReason.TORRENT_UNAVAILABLE: EvidenceKind.FAILED,
    FailureReason.TORRENT_INVALID: EvidenceKind.FAILED,
    FailureReason.INFOHASH_MISMATCH: EvidenceKind.FAILED,
    FailureReason.NEEDS_UNPACKING: EvidenceKind.FAILED,
    FailureReason.TORRENT_UNSAFE: EvidenceKind.WRONG_CONTENT,
    FailureReason.WRONG_CONTENT: EvidenceKind.WRONG_CONTENT,
    FailureReason.SAMPLE_ONLY: EvidenceKind.WRONG_CONTENT,
    FailureReason.NO_VIDEO: EvidenceKind.WRONG_CONTENT,
    FailureReason.DANGEROUS_FILE: EvidenceKind.WRONG_CONTENT,
    FailureReason.UNREADABLE: EvidenceKind.WRONG_CONTENT,
}
"""Failures that a group may be blamed for. The others are a person's doing, the client's, or nobody's."""


def _of_import(event: Event, about: int) -> NewEvidence:
    real, promised = event.payload.get("quality"), event.payload.get("promised")
    if promised is not None and _weight(real) < _weight(promised):
        detail = {"promised": promised, "quality": real}
        return NewEvidence(EvidenceKind.FAKE_QUALITY, about, event.at, detail)
    return NewEvidence(EvidenceKind.KEPT, about, event.at, {"quality": real})


def _of_replacement(event: Event, about: int) -> tuple[NewEvidence, ...]:
    """A better revision of the same quality says that the file before it was flawed; a better quality does not."""
    old = event.payload.get("replaced")
    if not isinstance(old, Mapping) or not isinstance(old.get("acquisition_id"), int):
        return ()
    new, before = _revision(event.payload.get("revision")), _revision(old.get("revision"))
    if _weight(old.get("quality")) != _weight(event.payload.get("quality")) or new <= before:
        return ()
    kind = EvidenceKind.REPLACED_BY_REPACK if new.is_repack else EvidenceKind.REPLACED_BY_PROPER
    return (NewEvidence(kind, old["acquisition_id"], event.at, {"by_acquisition": about}),)


def _weight(label: object) -> int:
    try:
        return Quality.by_label(str(label)).weight
    except KeyError:
        return 0


def _revision(stored: Any) -> Revision:
    if not isinstance(stored, Mapping):
        return FIRST_REVISION
    return Revision(stored["real"], stored["version"], stored["is_repack"])
