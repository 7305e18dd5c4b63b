"""`wanted/missing` and `wanted/cutoff`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from litestar import Response, get

from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality
from reeld.http.radarr_v3._answers import Paging, answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._frame import Frame
from reeld.storage.repositories import picks
from reeld.storage.repositories.picks import Order, Wanted

_ORDERS: Final = {
    "movies.lastsearchtime": Order.SEARCHED,
    "lastsearchtime": Order.SEARCHED,
    "added": Order.ADDED,
    "movies.added": Order.ADDED,
    "year": Order.YEAR,
    "moviemetadata.year": Order.YEAR,
}


def wanted_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of what is wanted."""

    @get("/wanted/missing")
    async def missing(request: AnyRequest) -> Response[bytes]:
        return await page(request, None)

    @get("/wanted/cutoff")
    async def cutoff(request: AnyRequest) -> Response[bytes]:
        return await page(request, await below_cutoff())

    async def page(request: AnyRequest, below: dict[str, Sequence[str]] | None) -> Response[bytes]:
        query = Query.of(request)
        paging = Paging.of(query, sort_key="movieMetadata.sortTitle")
        order = _ORDERS.get(paging.sort_key.lower(), Order.TITLE)
        which = Wanted(below, query.flag("monitored", True), order, paging.descending)
        ids, total = await picks.wanted(
            frame.database, which, offset=paging.offset, limit=paging.size
        )
        documents = await frame.movie_texts(ids)
        return answered(paging.wrap([documents[each] for each in ids if each in documents], total))

    async def below_cutoff() -> dict[str, Sequence[str]]:
        """Return the labels of the qualities that are not good enough, by the names of profiles."""
        return {profile.name: _below(profile) for profile in (await frame.profiles()).values()}

    return [missing, cutoff]


@lru_cache(maxsize=64)
def _below(profile: QualityProfile) -> tuple[str, ...]:
    return tuple(each.label for each in Quality if not profile.meets_cutoff(each))
