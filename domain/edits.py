"""What a person changes of a movie."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from reeld.domain.availability import MinimumAvailability


class TagsMode(StrEnum):
    """What is done with tags that are given."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class MovieEdit:
    """The changes; what is None stays as it is.

    Attributes:
        profile: The name of a quality profile.
        root_folder: The path of a root folder; new files go there.
        tags: Numbers of tags.
        tags_mode: What is done with them.
    """

    monitored: bool | None = None
    profile: str | None = None
    minimum_availability: MinimumAvailability | None = None
    root_folder: str | None = None
    tags: tuple[int, ...] | None = None
    tags_mode: TagsMode = TagsMode.REPLACE


@dataclass(frozen=True, slots=True)
class MovieSettings:
    """What a person has said of a movie, and may say otherwise.

    Attributes:
        root_folder: None for the default one.
    """

    monitored: bool
    profile: str
    minimum_availability: MinimumAvailability
    root_folder: str | None
    tags: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit came to.

    Attributes:
        changed: The movies that are otherwise now.
        moving: Those of them whose files go to their new root folder.
        missing: Numbers that no movie has.
    """

    changed: tuple[int, ...]
    moving: tuple[int, ...]
    missing: tuple[int, ...]


def missing_of(asked: Collection[int], there: Collection[int]) -> tuple[int, ...]:
    """Return the numbers that were asked for and are not there, ascending."""
    return tuple(sorted(set(asked) - set(there)))
