"""`/api/releaseprofiles`: terms that a release name must have, must not have, or had better have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound
from reeld.domain.release_profile import LONGEST_TERM, PreferredTerm, ReleaseProfile
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import restrictions

Term = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TERM)]
Terms = Annotated[list[Term], msgspec.Meta(max_length=200)]


class Preferred(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A term and the points that it is worth."""

    term: Term
    score: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]


class ReleaseProfileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release profile. A term is a part of the name in any case, or `/a regular expression/flags`.

    Attributes:
        required: A release must have at least one of them.
        ignored: A release must have none of them.
        indexer: The name of the indexer or feed that it is for; null for all.
        tags: The numbers of the tags of which a movie must have one; none for every movie.
    """

    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    enabled: bool = True
    required: Terms = []
    ignored: Terms = []
    preferred: Annotated[list[Preferred], msgspec.Meta(max_length=200)] = []
    indexer: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    tags: Annotated[list[int], msgspec.Meta(max_length=100)] = []

    def profile(self, number: int) -> ReleaseProfile:
        """Return it as the rules know it.

        Raises:
            InvalidReleaseProfile: A term is no term.
        """
        return ReleaseProfile(
            id=number,
            name=self.name,
            enabled=self.enabled,
            required=tuple(self.required),
            ignored=tuple(self.ignored),
            preferred=tuple(PreferredTerm(each.term, each.score) for each in self.preferred),
            indexer=self.indexer,
            tags=frozenset(self.tags),
        )


@dataclass(frozen=True, slots=True)
class ReleaseProfileView:
    """A release profile."""

    id: int
    name: str
    enabled: bool
    required: tuple[str, ...]
    ignored: tuple[str, ...]
    preferred: tuple[PreferredTerm, ...]
    indexer: str | None
    tags: list[int]

    @classmethod
    def of(cls, profile: ReleaseProfile) -> ReleaseProfileView:
        """Show a profile."""
        values = {name: getattr(profile, name) for name in cls.__slots__}
        return cls(**(values | {"tags": sorted(profile.tags)}))


def restriction_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of release profiles."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listReleaseProfiles")
    async def list_profiles() -> list[ReleaseProfileView]:
        """List the release profiles."""
        return [ReleaseProfileView.of(each) for each in await restrictions.every(database)]

    @get("/{profile_id:int}", operation_id="getReleaseProfile")
    async def get_profile(profile_id: FromPath[int]) -> ReleaseProfileView:
        """Show one release profile."""
        return ReleaseProfileView.of(await known(profile_id))

    @post("/", operation_id="addReleaseProfile", status_code=201)
    async def add_profile(
        data: JSONBody[ReleaseProfileBody], request: AnyRequest
    ) -> ReleaseProfileView:
        """Make a release profile."""
        with audit.change(request, "save_release_profile", data.name or "new"):
            return await saved(data.profile(0))

    @put("/{profile_id:int}", operation_id="changeReleaseProfile")
    async def change_profile(
        profile_id: FromPath[int], data: JSONBody[ReleaseProfileBody], request: AnyRequest
    ) -> ReleaseProfileView:
        """Change a release profile."""
        with audit.change(request, "save_release_profile", str(profile_id)):
            await known(profile_id)
            return await saved(data.profile(profile_id))

    @delete("/{profile_id:int}", operation_id="deleteReleaseProfile")
    async def delete_profile(profile_id: FromPath[int], request: AnyRequest) -> None:
        """Delete a release profile."""
        with audit.change(request, "delete_release_profile", str(profile_id)):
            async with database.transaction() as conn:
                if not await restrictions.delete(conn, profile_id):
                    raise NotFound(f"There is no release profile {profile_id}.")

    async def known(profile_id: int) -> ReleaseProfile:
        found = await restrictions.get(database, profile_id)
        return required(found, f"release profile {profile_id}")

    async def saved(profile: ReleaseProfile) -> ReleaseProfileView:
        async with database.transaction() as conn:
            return ReleaseProfileView.of(await restrictions.save(conn, profile))

    return [
        Router(
            "/api/releaseprofiles",
            route_handlers=[
                list_profiles,
                get_profile,
                add_profile,
                change_profile,
                delete_profile,
            ],
            guards=[surface.access.requires_key],
        )
    ]
