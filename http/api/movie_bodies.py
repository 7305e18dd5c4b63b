"""What the API takes about movies."""

from __future__ import annotations

from typing import Annotated

import msgspec

from reeld.domain.availability import MinimumAvailability
from reeld.domain.edits import MovieEdit, TagsMode

LARGEST_ID = 2**31 - 1
MOST_AT_ONCE = 10_000

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
_Path = Annotated[str, msgspec.Meta(min_length=1, max_length=4096, pattern=r"^/[^\x00]*$")]
_Tags = Annotated[list[_Id], msgspec.Meta(max_length=100)]


class NewMovieBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A movie to be wanted.

    Attributes:
        tmdb_id: TMDB's number of it.
        title: Needed only to add it while TMDB cannot be asked; the rest is filled in later.
        year: As `title`.
        monitored: Whether releases are grabbed for it.
        profile: The quality profile; the default one when left out.
        minimum_availability: How far it must be released before it is looked for.
        root_folder: Where it is to lie; the default root folder when left out.
        tags: Numbers of tags.
        search: Whether releases of it are looked for at once.
    """

    tmdb_id: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    year: Annotated[int, msgspec.Meta(ge=1870, le=2200)] | None = None
    monitored: bool = True
    profile: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    minimum_availability: MinimumAvailability = MinimumAvailability.RELEASED
    root_folder: _Path | None = None
    tags: _Tags | None = None
    search: bool = True


class EditBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be otherwise of a movie; what is left out stays.

    Attributes:
        monitored: Whether releases are grabbed for it.
        profile: The name of a quality profile.
        minimum_availability: How far it must be released before it is looked for.
        root_folder: The path of a root folder.
        tags: Numbers of tags.
        tags_mode: What is done with them.
        move_files: Whether files that lie elsewhere follow into the root folder.
    """

    monitored: bool | None = None
    profile: _Name | None = None
    minimum_availability: MinimumAvailability | None = None
    root_folder: _Path | None = None
    tags: _Tags | None = None
    tags_mode: TagsMode = TagsMode.REPLACE
    move_files: bool = False

    def change(self) -> MovieEdit:
        """Return the change."""
        return MovieEdit(
            monitored=self.monitored,
            profile=self.profile,
            minimum_availability=self.minimum_availability,
            root_folder=self.root_folder,
            tags=None if self.tags is None else tuple(self.tags),
            tags_mode=self.tags_mode,
        )


_Ids = Annotated[list[_Id], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]


class BulkEditBody(EditBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be otherwise of many movies, all or none of them.

    Attributes:
        ids: reeld's numbers of the movies.
    """

    ids: _Ids


class BulkDeleteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which movies are deleted, all or none of them.

    Attributes:
        ids: reeld's numbers of the movies.
        delete_files: Whether their files go to the recycle folder.
        exclude: Whether no list may add them again.
    """

    ids: _Ids
    delete_files: bool = False
    exclude: bool = False


class ExclusionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A movie that no list may add.

    Attributes:
        tmdb_id: TMDB's number of it.
        title: What it is called, for people.
    """

    tmdb_id: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    year: Annotated[int, msgspec.Meta(ge=1870, le=2200)] | None = None
