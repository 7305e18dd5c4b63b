"""Which of several right releases is taken: Radarr's order of preference (`DownloadDecisionComparer`).

Quality with revision, score, protocol, indexer priority, flags, seeders, peers, size. Age counts for usenet alone there,
so it plays no part here. Ours is the preferred group after the score, and what makes the order total at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._score import score
from reeld.domain.decision._units import MIB, bytes_text
from reeld.domain.quality_limits import limits_for
from reeld.domain.release import IndexerFlag
from reeld.domain.settings import PropersPolicy

SIZE_STEP: Final = 200 * MIB
"""Sizes nearer to each other than this count as equal (Radarr's step)."""

Key: TypeAlias = int | tuple[int, ...] | tuple[str, ...]

_WORTH_TWO: Final = (
    IndexerFlag.FREELEECH
    | IndexerFlag.DOUBLE_UPLOAD
    | IndexerFlag.PTP_GOLDEN
    | IndexerFlag.PTP_APPROVED
    | IndexerFlag.INTERNAL
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of the order.

    Attributes:
        key: What is compared; greater is better.
        told: The same for people.
    """

    name: str
    key: Callable[[Candidate, Context], Key]
    told: Callable[[Candidate, Context], str]


def preference(candidate: Candidate, context: Context) -> tuple[Key, ...]:
    """Return what candidates are ordered by; greater is better. No two offers are equal in it."""
    return tuple(criterion.key(candidate, context) for criterion in CRITERIA)


def _quality(candidate: Candidate, context: Context) -> int:
    return context.profile.rank(candidate.parsed.quality)


def _revision(candidate: Candidate, context: Context) -> tuple[int, ...]:
    if context.settings.propers is PropersPolicy.DO_NOT_PREFER:
        return ()
    revision = candidate.parsed.revision
    return (revision.real, revision.version)


def _revision_told(candidate: Candidate, _: Context) -> str:
    revision = candidate.parsed.revision
    return f"version {revision.version}" + (f", REAL {revision.real} times" * bool(revision.real))


def _group(candidate: Candidate, context: Context) -> int:
    return int(context.group_rule(candidate.parsed.group) == "prefer")


def _priority(candidate: Candidate, context: Context) -> int:
    return -context.rules_of(candidate.release.indexer).priority


def _flags(candidate: Candidate, context: Context) -> int:
    flags = candidate.release.flags
    if not context.settings.prefer_indexer_flags:
        return 0
    return 2 * (flags & _WORTH_TWO).value.bit_count() + int(IndexerFlag.HALFLEECH in flags)


def _size(candidate: Candidate, context: Context) -> int:
    size, minutes = candidate.release.size or 0, context.movie.runtime_minutes
    best = limits_for(candidate.parsed.quality, context.limits).best(minutes) if minutes else None
    return _steps(size) if best is None else -abs(_steps(size - best))


def _steps(size: int) -> int:
    return round(size / SIZE_STEP)


def _magnitude(count: int | None) -> int:
    return round(math.log10(count)) if count and count > 0 else 0


def _peers(candidate: Candidate) -> int:
    return (candidate.release.seeders or 0) + (candidate.release.leechers or 0)


def _number_told(count: int | None) -> str:
    return "not told" if count is None else str(count)


def _size_told(candidate: Candidate, _: Context) -> str:
    size = candidate.release.size
    return "not told" if size is None else bytes_text(size)


def _offer(candidate: Candidate, _: Context) -> tuple[str, ...]:
    return (candidate.release.indexer, candidate.release.guid, candidate.release.title)


CRITERIA: Final[tuple[Criterion, ...]] = (
    Criterion("quality", _quality, lambda each, _: each.parsed.quality.label),
    Criterion("revision", _revision, _revision_told),
    Criterion("score", score, lambda each, context: str(score(each, context))),
    Criterion("preferred group", _group, lambda each, _: each.parsed.group or "none"),
    Criterion("protocol", lambda _, __: 0, lambda _, __: "torrent"),
    Criterion("indexer priority", _priority, lambda each, context: str(-_priority(each, context))),
    Criterion("indexer flags", _flags, lambda each, context: f"worth {_flags(each, context)}"),
    Criterion(
        "seeders",
        lambda each, _: _magnitude(each.release.seeders),
        lambda each, _: _number_told(each.release.seeders),
    ),
    Criterion("peers", lambda each, _: _magnitude(_peers(each)), lambda each, _: str(_peers(each))),
    Criterion("size", _size, _size_told),
    Criterion(
        "exact seeders",
        lambda each, _: each.release.seeders or 0,
        lambda each, _: _number_told(each.release.seeders),
    ),
    Criterion(
        "seen first", lambda each, _: -each.release.id, lambda each, _: f"number {each.release.id}"
    ),
    Criterion("offer", _offer, lambda each, _: each.release.guid),
)
"""Radarr's order, the most important first."""
