"""`qualityprofile`: what Recyclarr and Seerr read, and Recyclarr writes whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.domain.profile import (
    QualityProfile,
    default_profiles,
    profile_from_radarr,
    profile_to_radarr,
)
from reeld.http.radarr_v3._answers import accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, number_of, read_as_written
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import formats, profiles


def profile_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of quality profiles."""
    audit, known = frame.surface.audit, formats.KnownFormats()

    @get("/qualityprofile")
    async def list_profiles() -> Response[bytes]:
        every = await frame.profiles()
        return answered([await written(each) for each in every.values()])

    @get("/qualityprofile/{profile_id:int}")
    async def get_profile(profile_id: FromPath[int]) -> Response[bytes]:
        return answered(await written(await frame.profile(profile_id)))

    @get("/qualityprofile/schema")
    async def schema() -> Response[bytes]:
        model = replace(default_profiles()["Any"], name="")
        return answered(await written(model))

    @post("/qualityprofile")
    async def add_profile(request: AnyRequest) -> Response[bytes]:
        document = await read_as_written(request)
        with audit.change(request, "change_profile", str(document.get("name", ""))[:100]):
            return created(await written(await stored(await read(document))))

    @put(["/qualityprofile", "/qualityprofile/{profile_id:int}"])
    async def change_profile(request: AnyRequest) -> Response[bytes]:
        document = await read_as_written(request)
        number = number_of(request, document)
        with audit.change(
            request, "change_profile", str(document.get("name", ""))[:100], id=number
        ):
            before = await frame.profile(number)
            # Radarr knows no reputation of groups: what a person set here stays.
            after = replace(
                await read(document), id=before.id, reputation_weight=before.reputation_weight
            )
            return accepted(await written(await stored(after)))

    @delete("/qualityprofile/{profile_id:int}", status_code=200)
    async def delete_profile(profile_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_profile", str(profile_id)):
            async with frame.database.transaction() as conn:
                if not await profiles.delete(conn, profile_id):
                    raise Missing
        return answered({})

    async def read(document: Json) -> QualityProfile:
        return profile_from_radarr(document, await known.current(frame.database))

    async def stored(profile: QualityProfile) -> QualityProfile:
        async with frame.database.transaction() as conn:
            number = await profiles.save(conn, profile)
        return await frame.profile(number)

    async def written(profile: QualityProfile) -> Json:
        document = profile_to_radarr(profile, await known.current(frame.database))
        return document if profile.id else {k: v for k, v in document.items() if k != "id"}

    return [list_profiles, get_profile, schema, add_profile, change_profile, delete_profile]
