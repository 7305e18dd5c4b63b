"""Quality profiles that come from elsewhere and go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import trio
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from reeld.domain.custom_format import Change, CustomFormat
from reeld.domain.profile import (
    InvalidProfile,
    PlannedProfile,
    QualityProfile,
    plan_profiles,
    profile_to_radarr,
)
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage import TrioConnection
from reeld.storage.repositories import formats, profiles

MOST_AT_ONCE = 100
LARGEST_BODY = 8 * 1024 * 1024
"""Radarr lists every custom format in each profile."""


class ImportedProfile(msgspec.Struct, frozen=True):
    """What became of a profile; `id` is null when it is new and nothing was stored."""

    id: int | None
    name: str
    change: Change


class ImportedProfiles(msgspec.Struct, frozen=True):
    """What an import did, or would do."""

    stored: bool
    profiles: list[ImportedProfile]


def exchange_handlers(surface: Surface, known: formats.KnownFormats) -> Sequence[Any]:
    """Return the routes of import and export, below those of quality profiles."""
    database, audit = surface.database, surface.audit

    @post(
        "/import",
        operation_id="importProfiles",
        status_code=200,
        request_max_body_size=LARGEST_BODY,
    )
    async def import_profiles(
        request: AnyRequest, data: JSONBody[Any], dry_run: FromQuery[bool] = False
    ) -> ImportedProfiles:
        """Store profiles as Radarr or the TRaSH Guides write them: one, or a list. All or none; by name."""
        documents = _documents(data)
        if dry_run:
            return _imported(await plan(documents), stored=False)
        with audit.change(request, "import_profiles", f"{len(documents)} profiles"):
            planned = await plan(documents)
            async with database.transaction() as conn:
                kept = [await _kept(conn, each) for each in planned]
            return _imported(kept, stored=True)

    @get("/export", operation_id="exportProfiles")
    async def export_profiles() -> list[dict[str, Any]]:
        """Give all profiles as Radarr writes them."""
        present = await known.current(database)
        listed = await profiles.every(database, upgrades_default=upgrades_default())
        return await trio.to_thread.run_sync(_written, listed, present)

    @get("/{profile_id:int}/export", operation_id="exportProfile")
    async def export_profile(profile_id: FromPath[int]) -> dict[str, Any]:
        """Give a profile as Radarr writes it."""
        found = await profiles.get(database, profile_id, upgrades_default=upgrades_default())
        return profile_to_radarr(found, await known.current(database))

    async def plan(documents: list[object]) -> tuple[PlannedProfile, ...]:
        present = await profiles.every(database, upgrades_default=upgrades_default())
        formats_there = await known.current(database)
        return await trio.to_thread.run_sync(plan_profiles, documents, present, formats_there)

    def upgrades_default() -> bool:
        return surface.settings().decision.upgrades_allowed

    return [import_profiles, export_profiles, export_profile]


def _written(
    listed: Sequence[QualityProfile], formats: Sequence[CustomFormat]
) -> list[dict[str, Any]]:
    return [profile_to_radarr(each, formats) for each in listed]


def _documents(data: object) -> list[object]:
    documents = data if isinstance(data, list) else [data]
    if not 0 < len(documents) <= MOST_AT_ONCE:
        raise InvalidProfile("profiles", f"1 to {MOST_AT_ONCE} profiles are read at once.")
    return documents


async def _kept(conn: TrioConnection, planned: PlannedProfile) -> PlannedProfile:
    if planned.change is Change.UNCHANGED:
        return planned
    number = await profiles.save(conn, planned.profile)
    return replace(planned, profile=replace(planned.profile, id=number))


def _imported(planned: Sequence[PlannedProfile], *, stored: bool) -> ImportedProfiles:
    told = [
        ImportedProfile(each.profile.id or None, each.profile.name, each.change) for each in planned
    ]
    return ImportedProfiles(stored, told)
