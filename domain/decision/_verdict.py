"""What a decision says of one release."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.domain.decision._ruling import Ruling
from reeld.domain.quality import Quality, Revision


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one release for one movie.

    Attributes:
        movie_id: None when the release belongs to no movie.
        rulings: What each rule said.
    """

    release_id: int
    movie_id: int | None
    quality: Quality
    revision: Revision
    rulings: tuple[Ruling, ...] = ()

    @property
    def rejections(self) -> tuple[Ruling, ...]:
        """Every ruling against it; none when it is accepted."""
        return tuple(ruling for ruling in self.rulings if ruling.is_rejected)

    @property
    def is_accepted(self) -> bool:
        """Whether nothing speaks against the release."""
        return not self.rejections

    @property
    def is_temporary(self) -> bool:
        """Whether only temporary reasons speak against it."""
        rejections = self.rejections
        return bool(rejections) and not any(each.permanent for each in rejections)

    def to_json(self) -> dict[str, object]:
        """Return the verdict as a JSON object, to be stored with the release."""
        return {
            "release_id": self.release_id,
            "movie_id": self.movie_id,
            "accepted": self.is_accepted,
            "quality": self.quality.label,
            "revision": self.revision.version,
            "rejections": [_rejection(ruling) for ruling in self.rejections],
        }


def _rejection(ruling: Ruling) -> dict[str, object]:
    assert ruling.reason is not None, "a rejection has a reason"
    return {
        "reason": ruling.reason.value,
        "permanent": ruling.permanent,
        "sentence": ruling.sentence,
        "rule": ruling.rule,
    }
