"""`/api/qualitydefinitions`: how big the movies of a quality may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.quality import Quality
from reeld.domain.quality_limits import InvalidLimits, QualityLimits, limits_for
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import definitions


class LimitsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Megabytes (of 1024 * 1024 bytes) a minute of running time, 0 to 2000.

    Attributes:
        quality: Radarr's name, such as `Bluray-1080p`.
        minimum: What a release has at least.
        preferred: What it should come close to; null: the bigger the better.
        maximum: What it has at most; null is no limit.
    """

    quality: str
    minimum: float
    preferred: float | None
    maximum: float | None


class LimitsView(LimitsBody, frozen=True, kw_only=True):
    """The limits in force.

    Attributes:
        id: Radarr's number of the quality.
        is_default: Whether they are Radarr's.
    """

    id: int
    is_default: bool


def definition_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of quality definitions."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listQualityDefinitions")
    async def list_definitions() -> list[LimitsView]:
        """List the limits of every quality, by its weight."""
        overrides = await definitions.overrides(database)
        return [
            _view(quality, limits_for(quality, overrides), quality not in overrides)
            for quality in Quality
        ]

    @put("/", operation_id="changeQualityDefinitions")
    async def change_definitions(
        request: AnyRequest,
        data: JSONBody[Annotated[list[LimitsBody], msgspec.Meta(min_length=1, max_length=30)]],
    ) -> list[LimitsView]:
        """Set the limits of qualities; those of others stay."""
        named = ", ".join(each.quality[:50] for each in data)
        with audit.change(request, "change_quality_limits", named):
            limits = _limits(data)
            async with database.transaction() as conn:
                await definitions.save(conn, limits)
        return [_view(quality, each, False) for quality, each in limits.items()]

    @delete("/{label:str}", operation_id="resetQualityDefinition")
    async def reset_definition(label: FromPath[str], request: AnyRequest) -> None:
        """Give a quality Radarr's limits again."""
        with audit.change(request, "change_quality_limits", label):
            try:
                quality = Quality.by_label(label)
            except KeyError:
                raise NotFound(f"There is no quality {label[:50]!r}.") from None
            async with database.transaction() as conn:
                await definitions.reset(conn, quality)

    return [
        Router(
            "/api/qualitydefinitions",
            route_handlers=[list_definitions, change_definitions, reset_definition],
            guards=[surface.access.requires_key],
        )
    ]


def _limits(bodies: Sequence[LimitsBody]) -> dict[Quality, QualityLimits]:
    found: dict[Quality, QualityLimits] = {}
    for n, body in enumerate(bodies):
        try:
            quality = Quality.by_label(body.quality)
            limits = QualityLimits(body.minimum, body.preferred, body.maximum)
        except KeyError:
            raise InvalidField(f"[{n}].quality", f"{body.quality[:50]!r} is no quality.") from None
        except InvalidLimits as error:
            raise InvalidLimits(f"[{n}].{error.field}", error.complaint) from None
        if quality in found:
            raise InvalidField(f"[{n}].quality", f"{quality.label} comes twice.")
        found[quality] = limits
    return found


def _view(quality: Quality, limits: QualityLimits, is_default: bool) -> LimitsView:
    return LimitsView(
        quality=quality.label,
        minimum=limits.minimum,
        preferred=limits.preferred,
        maximum=limits.maximum,
        id=quality.number,
        is_default=is_default,
    )
