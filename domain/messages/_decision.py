"""What DecisionActor is asked by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from reeld.domain.decision import Cause, Explanation
from reeld.domain.messages._base import Message
from reeld.domain.release import NO_FLAGS, IndexerFlag


@dataclass(frozen=True, slots=True)
class JudgeReleases(Message[Explanation]):
    """Judge everything that is known to be offered for a movie, as if a person had searched for it; take nothing."""

    movie_id: int
    deadline_seconds: ClassVar[float | None] = 60.0


@dataclass(frozen=True, slots=True)
class DecideName(Message[Explanation]):
    """Say what would be decided about a release of that name; take nothing.

    Attributes:
        name: The release name.
        movie_id: For which movie; when left out, the one of the library that the name belongs to, or one that is made up
            from the name, as if it were wanted.
        profile: The name of the profile to decide by; the movie's own when left out.
        size: Bytes.
        indexer: Whose offer it would be.
        cause: Why there would be a decision: some rules are not asked when a person is behind it.
        guid: The indexer's identity of the offer; what is known already of that offer counts too. Empty when unknown.
        infohash: 40 (v1) or 64 (v2) lower-case hex digits; None when unknown.
        published_at: When the indexer published it; None when unknown.
    """

    name: str
    movie_id: int | None = None
    profile: str | None = None
    size: int | None = None
    seeders: int | None = None
    indexer: str = "hdbits"
    flags: IndexerFlag = NO_FLAGS
    cause: Cause = Cause.PERSON
    guid: str = ""
    infohash: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrabRelease(Message[int]):
    """Take a release because a person chose it, in spite of temporary rejections. Answers with the acquisition's number.

    Attributes:
        movie_id: For which movie; the one that it was matched to when left out.
        force: Whether permanent rejections do not count either.
    """

    release_id: int
    movie_id: int | None = None
    force: bool = False
