"""`MediaCover`: posters and fanart in the sizes that Radarr makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from reeld.domain.messages import FetchImage
from reeld.domain.pictures import Fit, ImageKind
from reeld.http.ops.audit import AnyRequest
from reeld.http.picturing import FOR_A_DAY, Showing, show
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame

_NAME: Final = re.compile(r"(poster|fanart)(?:-(\d{1,4}))?\.jpg", re.IGNORECASE | re.ASCII)
_HEIGHTS: Final = {"poster": ("500", "250"), "fanart": ("360", "180")}
"""Radarr counts the rows of pixels (`MediaCover/MediaCoverService.cs`); any other number is the whole picture there."""
_WHOLE: Final = {"poster": Fit(width=500), "fanart": Fit(width=1280)}


def cover_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of pictures."""

    @get(["/mediacover/{movie_id:int}/{name:str}", "/api/v3/mediacover/{movie_id:int}/{name:str}"])
    async def cover(
        movie_id: FromPath[int], name: FromPath[str], request: AnyRequest
    ) -> Response[bytes]:
        asked = _NAME.fullmatch(name)
        if asked is None:
            raise Missing
        details = (await frame.movie(movie_id)).details
        called = asked[1].lower()
        is_poster = called == "poster"
        path = details.poster_path if is_poster else details.backdrop_path
        if path is None:
            raise Missing
        kind = ImageKind.POSTER if is_poster else ImageKind.BACKDROP
        fit = Fit(height=int(asked[2])) if asked[2] in _HEIGHTS[called] else _WHOLE[called]
        # Its name ends in .jpg, so it is a JPEG whatever else a client takes.
        message = FetchImage(kind, path, fit)
        return await show(
            frame.surface, request.headers, message, Showing(FOR_A_DAY, by_accept=False)
        )

    return [cover]
