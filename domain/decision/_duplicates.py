"""The same release from several sources in one decision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from reeld.domain.decision._case import Candidate
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._ruling import Finding, Ruling, not_asked, passed, rejected, sign

DUPLICATE: Final = "duplicate"
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


def rule_on_duplicates(candidates: Sequence[Candidate]) -> list[Ruling]:
    """Say of each right release whether a preferred one is the same: the same torrent, or the same name elsewhere.

    Temporary: when the preferred one fails, the other is an offer of its own, unless it is the very torrent that failed.

    Args:
        candidates: Those that no rule rejects, the most preferred first.
    """
    by_torrent: dict[str, Candidate] = {}
    by_name: dict[str, Candidate] = {}
    rulings = []
    for candidate in candidates:
        name, infohash = _key(candidate.release.title), candidate.release.infohash
        twin = by_torrent.get(infohash) if infohash else None
        by = "infohash" if twin else "title"
        twin = twin or _elsewhere(candidate, by_name.get(name))
        rulings.append(sign(DUPLICATE, passed() if twin is None else _same(twin, by)))
        if infohash:
            by_torrent.setdefault(infohash, candidate)
        by_name.setdefault(name, candidate)
    return rulings


def not_compared() -> Ruling:
    """Return what is said of a release that is rejected anyway."""
    return sign(DUPLICATE, not_asked("Another rule rejects it."))


def _elsewhere(candidate: Candidate, twin: Candidate | None) -> Candidate | None:
    is_elsewhere = twin is not None and twin.release.indexer != candidate.release.indexer
    return twin if is_elsewhere else None


def _same(twin: Candidate, by: str) -> Finding:
    release = twin.release
    what = "torrent" if by == "infohash" else "release"
    sentence = f"It is the same {what} as {release.title} of {release.indexer}, which is preferred."
    return rejected(
        Reason.DUPLICATE, sentence, by=by, of_release_id=release.id, indexer=release.indexer
    )


def _key(title: str) -> str:
    return _BETWEEN_WORDS.sub(" ", title).strip().casefold()
