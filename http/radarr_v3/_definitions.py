"""`qualitydefinition`: how big the movies of a quality may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, put
from litestar.params import FromPath

from reeld.domain.quality import Quality
from reeld.domain.quality_limits import MOST, QualityLimits, limits_for
from reeld.http.radarr_v3._answers import accepted, answered
from reeld.http.radarr_v3._asked import AnyRequest, Body, read_body, read_list
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._quality import quality as written_quality
from reeld.http.radarr_v3._values import Json, present
from reeld.storage.repositories import definitions


def definition_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of quality definitions. The number of one is that of its quality's place, counted from 1."""

    @get("/qualitydefinition")
    async def list_definitions() -> Response[bytes]:
        return answered(await every())

    @get("/qualitydefinition/{definition_id:int}")
    async def get_definition(definition_id: FromPath[int]) -> Response[bytes]:
        found = [each for each in await every() if each["id"] == definition_id]
        if not found:
            raise Missing
        return answered(found[0])

    @get("/qualitydefinition/limits")
    async def limits() -> Response[bytes]:
        return answered({"min": 0, "max": int(MOST)})

    @put(["/qualitydefinition", "/qualitydefinition/{definition_id:int}"])
    async def change(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        await store(request, [body])
        number = _quality_of(body)
        return accepted(
            next(each for each in await every() if each["quality"]["id"] == number.number)
        )

    @put("/qualitydefinition/update")
    async def change_many(request: AnyRequest) -> Response[bytes]:
        await store(request, await read_list(request))
        return accepted(await every())

    async def store(request: AnyRequest, bodies: list[Body]) -> None:
        changed = {_quality_of(body): _limits_of(body) for body in bodies}
        named = ", ".join(quality.label for quality in changed)
        with frame.surface.audit.change(request, "change_quality_limits", named):
            async with frame.database.transaction() as conn:
                await definitions.save(conn, changed)

    async def every() -> list[Json]:
        overrides = await definitions.overrides(frame.database)
        return [
            _written(place, quality, limits_for(quality, overrides))
            for place, quality in enumerate(Quality, 1)
        ]

    return [list_definitions, get_definition, limits, change, change_many]


def _quality_of(body: Body) -> Quality:
    number = body.object("quality").integer("id", -1)
    try:
        return Quality.by_number(number)
    except KeyError:
        raise invalid("Quality", f"There is no quality {number}.") from None


def _limits_of(body: Body) -> QualityLimits:
    return QualityLimits(
        body.number("minSize") or 0.0, body.number("preferredSize"), body.number("maxSize")
    )


def _written(place: int, quality: Quality, limits: QualityLimits) -> Json:
    return present(
        id=place,
        quality=written_quality(quality),
        title=quality.label,
        weight=quality.weight,
        minSize=limits.minimum,
        maxSize=limits.maximum,
        preferredSize=limits.preferred,
    )
