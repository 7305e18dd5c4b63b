"""The kinds of evidence, what each weighs, and how time takes it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from reeld.domain.errors import Refused

HALF_LIFE_DAYS: Final = 180.0
"""After so many days a piece of evidence weighs half: groups change people, encoders and habits within a year or two."""

KEPT_DAYS: Final = 7.0
"""A file counts as kept by and by over so many days: within a week most propers and repacks are out (Radarr takes
them automatically for seven days, too)."""

WEIGHTLESS_DAYS: Final = 6 * HALF_LIFE_DAYS
"""What is older weighs less than a sixty-fourth, and may be deleted."""

LONGEST_NAME: Final = 100
"""Characters of a group's name; what is longer is no name."""


class EvidenceKind(StrEnum):
    """What became of one release. The weights are reeld's own, in units of one kept import."""

    GRABBED = "grabbed"
    """It was sent to the download client; says nothing yet."""
    COMPLETED = "completed"
    """It came whole: it is seeded and what its torrent promises. Says nothing of the picture."""
    KEPT = "kept"
    """It was imported and has stayed; see `KEPT_DAYS`."""
    STALLED = "stalled"
    """Nobody seeded it; as much the indexer's doing as the group's."""
    FAILED = "failed"
    """Its torrent was gone or broken, or it came in archives."""
    WRONG_CONTENT = "wrong_content"
    """It did not hold the movie: a sample, a fake, something dangerous, a file that nobody can read."""
    FAKE_QUALITY = "fake_quality"
    """The probed picture has fewer lines than the name says."""
    REPLACED_BY_PROPER = "replaced_by_proper"
    """Another release of the same quality said that this one is flawed, and took its place."""
    REPLACED_BY_REPACK = "replaced_by_repack"
    """The same, by the group itself: flawed, but mended."""

    @property
    def good(self) -> float:
        """What one of it weighs for the group."""
        return _GOOD.get(self, 0.0)

    @property
    def bad(self) -> float:
        """What one of it weighs against the group."""
        return _BAD.get(self, 0.0)

    @property
    def is_verdict(self) -> bool:
        """Whether it says what came of an import; each has one, and `kept` gives way to any other."""
        return self in VERDICTS


_GOOD: Final[Mapping[EvidenceKind, float]] = {
    EvidenceKind.COMPLETED: 0.25,
    EvidenceKind.KEPT: 1.0,
}
_BAD: Final[Mapping[EvidenceKind, float]] = {
    EvidenceKind.FAILED: 0.25,
    EvidenceKind.STALLED: 0.5,
    EvidenceKind.REPLACED_BY_REPACK: 0.5,
    EvidenceKind.REPLACED_BY_PROPER: 1.0,
    EvidenceKind.FAKE_QUALITY: 2.0,
    EvidenceKind.WRONG_CONTENT: 3.0,
}

VERDICTS: Final = frozenset(
    {
        EvidenceKind.KEPT,
        EvidenceKind.WRONG_CONTENT,
        EvidenceKind.FAKE_QUALITY,
        EvidenceKind.REPLACED_BY_PROPER,
        EvidenceKind.REPLACED_BY_REPACK,
    }
)
"""What can come of an import."""


class GroupRule(StrEnum):
    """What a person says of a group; it overrides every evidence."""

    BLOCK = "block"
    """Its releases are not taken."""
    PREFER = "prefer"
    """Its releases count as if its reputation were perfect."""


class InvalidGroup(Refused):
    """What was given is no name of a group."""

    default_reason = "invalid_group"


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """One fact about one acquisition.

    Attributes:
        at: When it happened.
        detail: More about it, for people; values that JSON can hold.
    """

    kind: EvidenceKind
    acquisition_id: int
    at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)


def age_factor(kind: EvidenceKind, age_days: float) -> float:
    """Return how much of its weight evidence has at an age: it halves every `HALF_LIFE_DAYS`.

    What is kept says little on its first day, and all that it can say after `KEPT_DAYS`.
    """
    age = max(age_days, 0.0)
    grown = min(age / KEPT_DAYS, 1.0) if kind is EvidenceKind.KEPT else 1.0
    return float(grown * 0.5 ** (age / HALF_LIFE_DAYS))


def group_key(name: str | None) -> str | None:
    """Return what identifies a group: its name, however it is capitalised; None for what is no name."""
    key = (name or "").strip().casefold()
    is_name = 0 < len(key) <= LONGEST_NAME and key.isprintable() and "/" not in key
    return key if is_name else None


def require_key(name: str) -> str:
    """Return what identifies a group.

    Raises:
        InvalidGroup: It is no name.
    """
    key = group_key(name)
    if key is None:
        raise InvalidGroup(
            f"A group's name has 1 to {LONGEST_NAME} printable characters and no slash, such as SPARKS."
        )
    return key
