"""`/api/movies/{movie_id}/images/{kind}` and `/api/images`: posters and backdrops in the size that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.messages import FetchImage
from reeld.domain.pictures import PATH, WIDTHS, Fit, ImageKind
from reeld.http.ops.audit import AnyRequest
from reeld.http.picturing import FOR_A_DAY, FOR_EVER, Showing, format_for, show
from reeld.http.surface import Surface
from reeld.storage.repositories import browsing


class PictureSize(StrEnum):
    """How wide a picture is, in words."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    ORIGINAL = "original"


_SIZES: Final = {
    ImageKind.POSTER: {
        PictureSize.SMALL: Fit(width=185),
        PictureSize.MEDIUM: Fit(width=342),
        PictureSize.LARGE: Fit(width=500),
        PictureSize.ORIGINAL: Fit(),
    },
    ImageKind.BACKDROP: {
        PictureSize.SMALL: Fit(width=300),
        PictureSize.MEDIUM: Fit(width=780),
        PictureSize.LARGE: Fit(width=1280),
        PictureSize.ORIGINAL: Fit(),
    },
}


def picture_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of pictures."""
    unchanged = ResponseSpec(
        None, description="The client has it already.", generate_examples=False
    )

    @get(
        "/api/movies/{movie_id:int}/images/{kind:str}",
        operation_id="getPicture",
        responses={304: unchanged},
        media_type="image/*",
    )
    async def picture(
        movie_id: FromPath[int],
        kind: FromPath[ImageKind],
        request: AnyRequest,
        size: FromQuery[PictureSize] = PictureSize.LARGE,
        width: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """Show a movie's poster or backdrop, made anew from TMDB's: WebP where `Accept` names it, else JPEG.

        `width` counts in pixels and goes before `size`: 185, 342, 500 or 780 for a poster; 300, 780 or 1280 for a
        backdrop. What is smaller at TMDB stays so. A picture of TMDB's that is broken is answered 502.
        """
        movie = await browsing.get(surface.database, movie_id)
        path = None
        if movie is not None:
            path = movie.poster_path if kind is ImageKind.POSTER else movie.backdrop_path
        if path is None:
            raise NotFound(f"There is no {kind} of a movie {movie_id}.")
        asked = FetchImage(kind, path, _fit(kind, size, width), format_for(request.headers))
        return await show(surface, request.headers, asked, Showing(FOR_A_DAY))

    @get(
        "/api/images/{kind:str}/{name:str}",
        operation_id="getPictureOfTmdb",
        responses={304: unchanged},
        media_type="image/*",
    )
    async def picture_of_tmdb(
        kind: FromPath[ImageKind],
        name: FromPath[str],
        request: AnyRequest,
        size: FromQuery[PictureSize] = PictureSize.LARGE,
        width: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """Show a poster or backdrop by TMDB's name of it, as found movies have it in `poster`.

        Size and format are as for a movie's. The name stands for one picture for ever, so clients may keep it.
        """
        path = f"/{name}"
        if PATH.fullmatch(path) is None:
            raise NotFound("TMDB has no picture of such a name. Take it from an answer of reeld's.")
        asked = FetchImage(kind, path, _fit(kind, size, width), format_for(request.headers))
        return await show(surface, request.headers, asked, Showing(FOR_EVER))

    return [
        Router(
            "/",
            route_handlers=[picture, picture_of_tmdb],
            guards=[surface.access.requires_key],
        )
    ]


def _fit(kind: ImageKind, size: PictureSize, width: int | None) -> Fit:
    if width is None:
        return _SIZES[kind][size]
    if width not in WIDTHS[kind]:
        known = ", ".join(map(str, WIDTHS[kind]))
        raise InvalidField("width", f"must be one of {known} for a {kind}.")
    return Fit(width=width)
