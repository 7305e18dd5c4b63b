"""`/api/profiles`: which qualities and formats are wanted, and when a file is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound
from reeld.domain.profile import QualityProfile
from reeld.http.api.profile_exchange import exchange_handlers
from reeld.http.api.profile_views import ProfileBody, ProfileView
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import formats, profiles


def profile_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of quality profiles."""
    database, audit, known = surface.database, surface.audit, formats.KnownFormats()

    @get("/", operation_id="listProfiles")
    async def list_profiles() -> list[ProfileView]:
        """List the quality profiles in the order in which they were made."""
        present = await known.current(database)
        return [ProfileView.of(each, present) for each in await profiles.every(database)]

    @get("/{profile_id:int}", operation_id="getProfile")
    async def get_profile(profile_id: FromPath[int]) -> ProfileView:
        """Show one quality profile."""
        return await view(await profiles.get(database, profile_id))

    @post("/", operation_id="addProfile")
    async def add_profile(request: AnyRequest, data: JSONBody[ProfileBody]) -> ProfileView:
        """Make a quality profile."""
        with audit.change(request, "change_profile", data.name):
            return await stored(data.to_profile(await known.current(database)))

    @put("/{profile_id:int}", operation_id="changeProfile")
    async def change_profile(
        profile_id: FromPath[int], request: AnyRequest, data: JSONBody[ProfileBody]
    ) -> ProfileView:
        """Replace a quality profile; movies follow one that gets another name."""
        with audit.change(request, "change_profile", data.name, id=profile_id):
            return await stored(data.to_profile(await known.current(database), profile_id))

    @delete("/{profile_id:int}", operation_id="deleteProfile")
    async def delete_profile(profile_id: FromPath[int], request: AnyRequest) -> None:
        """Remove a quality profile that no movie uses."""
        with audit.change(request, "delete_profile", str(profile_id)):
            async with database.transaction() as conn:
                if not await profiles.delete(conn, profile_id):
                    raise NotFound(f"There is no quality profile {profile_id}.")

    async def stored(profile: QualityProfile) -> ProfileView:
        async with database.transaction() as conn:
            number = await profiles.save(conn, profile)
        return await view(await profiles.get(database, number))

    async def view(profile: QualityProfile) -> ProfileView:
        return ProfileView.of(profile, await known.current(database))

    handlers = [list_profiles, get_profile, add_profile, change_profile, delete_profile]
    return [
        Router(
            "/api/profiles",
            route_handlers=[*handlers, *exchange_handlers(surface, known)],
            guards=[surface.access.requires_key],
        )
    ]
