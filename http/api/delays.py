"""`/api/delayprofiles`: how long a release waits for a better one, by the tags of its movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.delay import LONGEST_DELAY_MINUTES, DelayProfile, Protocol
from reeld.domain.errors import NotFound
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import delays

Minutes = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_DELAY_MINUTES)]
Score = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class DelayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A delay profile.

    Attributes:
        bypass_from_format_score: From this score on a release does not wait; null: no score cuts the delay short.
        tags: The numbers of the tags of which a movie must have one. The last profile has none, any other one some.
    """

    enable_usenet: bool = True
    enable_torrent: bool = True
    preferred_protocol: Protocol = Protocol.TORRENT
    usenet_delay_minutes: Minutes = 0
    torrent_delay_minutes: Minutes = 0
    bypass_if_highest_quality: bool = True
    bypass_from_format_score: Score | None = None
    tags: Annotated[list[int], msgspec.Meta(max_length=100)] = []

    def profile(self, number: int) -> DelayProfile:
        """Return it as the rules know it."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return DelayProfile(id=number, **(values | {"tags": frozenset(self.tags)}))


class MoveBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Behind which profile another one is tried; null: first of all."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class DelayView:
    """A delay profile; they are tried in the order in which they are listed."""

    id: int
    enable_usenet: bool
    enable_torrent: bool
    preferred_protocol: Protocol
    usenet_delay_minutes: int
    torrent_delay_minutes: int
    bypass_if_highest_quality: bool
    bypass_from_format_score: int | None
    tags: list[int]

    @classmethod
    def of(cls, profile: DelayProfile) -> DelayView:
        """Show a profile."""
        values = {name: getattr(profile, name) for name in cls.__slots__}
        return cls(**(values | {"tags": sorted(profile.tags)}))


def delay_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of delay profiles."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listDelayProfiles")
    async def list_delays() -> list[DelayView]:
        """List the delay profiles in the order in which they are tried; the last one is for every movie."""
        return [DelayView.of(each) for each in await delays.every(database)]

    @get("/{profile_id:int}", operation_id="getDelayProfile")
    async def get_delay(profile_id: FromPath[int]) -> DelayView:
        """Show one delay profile."""
        return DelayView.of(await known(profile_id))

    @post("/", operation_id="addDelayProfile", status_code=201)
    async def add_delay(data: JSONBody[DelayBody], request: AnyRequest) -> DelayView:
        """Make a delay profile; it is tried before the last one."""
        with audit.change(request, "save_delay_profile", "new"):
            return await saved(data.profile(0))

    @put("/{profile_id:int}", operation_id="changeDelayProfile")
    async def change_delay(
        profile_id: FromPath[int], data: JSONBody[DelayBody], request: AnyRequest
    ) -> DelayView:
        """Change a delay profile."""
        with audit.change(request, "save_delay_profile", str(profile_id)):
            await known(profile_id)
            return await saved(data.profile(profile_id))

    @post("/{profile_id:int}/move", operation_id="moveDelayProfile", status_code=200)
    async def move_delay(
        profile_id: FromPath[int], data: JSONBody[MoveBody], request: AnyRequest
    ) -> list[DelayView]:
        """Have a delay profile tried right behind another one, or first of all; return all in their new order."""
        with audit.change(request, "save_delay_profile", str(profile_id), after=data.after):
            async with database.transaction() as conn:
                moved = await delays.move(conn, profile_id, after=data.after)
        return [DelayView.of(each) for each in moved]

    @delete("/{profile_id:int}", operation_id="deleteDelayProfile")
    async def delete_delay(profile_id: FromPath[int], request: AnyRequest) -> None:
        """Delete a delay profile."""
        with audit.change(request, "delete_delay_profile", str(profile_id)):
            async with database.transaction() as conn:
                if not await delays.delete(conn, profile_id):
                    raise NotFound(f"There is no delay profile {profile_id}.")

    async def saved(profile: DelayProfile) -> DelayView:
        async with database.transaction() as conn:
            return DelayView.of(await delays.save(conn, profile))

    async def known(profile_id: int) -> DelayProfile:
        return required(await delays.get(database, profile_id), f"delay profile {profile_id}")

    return [
        Router(
            "/api/delayprofiles",
            route_handlers=[
                list_delays,
                get_delay,
                add_delay,
                change_delay,
                move_delay,
                delete_delay,
            ],
            guards=[surface.access.requires_key],
        )
    ]
