"""Why a decision ended as it did, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from reeld.domain.decision._case import Cause
from reeld.domain.decision._ruling import Ruling
from reeld.domain.errors import Refused


class InvalidExplanation(Refused):
    """A document is no explanation of a decision."""

    default_reason = "invalid_explanation"


class ScorePart(msgspec.Struct, frozen=True):
    """What something adds to the score of a release.

    Attributes:
        kind: `format`, `term` or `reputation`.
        name: The format's name, the term, or the group's name.
    """

    kind: str
    name: str
    points: int


class Lost(msgspec.Struct, frozen=True):
    """Why another release was taken.

    Attributes:
        to_title: The release that was taken.
        criterion: The first one in Radarr's order by which they differ.
        mine, theirs: What was compared, for people.
        sentence: The same in words.
    """

    to_release_id: int
    to_title: str
    criterion: str
    mine: str
    theirs: str
    sentence: str


class ExplainedRelease(msgspec.Struct, frozen=True):
    """What was understood of a release, what each rule said, and where it ended up.

    Attributes:
        understood: What was read from its name; what the name does not say is left out.
        matched: The movie it was matched by: `title`, an id; or the sentence that says why it was not.
        rank: 1 for the one that was preferred; None when it is rejected.
        lost: None when it is rejected or was taken.
    """

    release_id: int
    title: str
    indexer: str
    size: int | None
    seeders: int | None
    understood: Mapping[str, Any]
    matched: str
    accepted: bool
    temporary: bool
    rulings: tuple[Ruling, ...]
    score: int = 0
    score_parts: tuple[ScorePart, ...] = ()
    rank: int | None = None
    lost: Lost | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Everything that a decision about one movie was made of.

    Attributes:
        profile: The name of its quality profile.
        taken: The number of the release that is the best; None when no release is right.
        releases: The accepted ones first, best first.
    """

    movie_id: int
    movie_title: str
    profile: str
    cause: Cause
    decided_at: datetime
    taken: int | None
    releases: tuple[ExplainedRelease, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document

    @classmethod
    def from_json(cls, document: object) -> Explanation:
        """Return the explanation that a JSON object holds.

        Raises:
            InvalidExplanation: The document has another shape; the sentence names the field.
        """
        try:
            return msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise InvalidExplanation(f"This is no explanation of a decision: {error}.") from None
