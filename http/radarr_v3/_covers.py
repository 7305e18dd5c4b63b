"""`MediaCover`: posters and fanart, from the cache or from TMDB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from reeld.domain.messages import FetchImage, ImageKind
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame

FETCH_SECONDS: Final = 20.0
_NAME: Final = re.compile(r"(poster|fanart)(?:-(\d{1,4}))?\.jpg", re.IGNORECASE | re.ASCII)
_SMALL: Final = {"poster": "w500", "fanart": "w1280"}
_KEPT: Final = "private, max-age=86400"


def cover_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of pictures."""

    @get(["/mediacover/{movie_id:int}/{name:str}", "/api/v3/mediacover/{movie_id:int}/{name:str}"])
    async def cover(movie_id: FromPath[int], name: FromPath[str]) -> Response[bytes]:
        asked = _NAME.fullmatch(name)
        if asked is None:
            raise Missing
        details = (await frame.movie(movie_id)).details
        is_poster = asked[1].lower() == "poster"
        path = details.poster_path if is_poster else details.backdrop_path
        if path is None:
            raise Missing
        kind = ImageKind.POSTER if is_poster else ImageKind.BACKDROP
        message = FetchImage(kind, path, _SMALL[asked[1].lower()])
        image = await frame.surface.directory["tmdb"].ask(message, deadline=FETCH_SECONDS)
        headers = {"Cache-Control": _KEPT}
        return Response(image.data, media_type=image.content_type, headers=headers)

    return [cover]
