"""`/api/movies/{movie_id}/images/{kind}`: posters and backdrops, cached, in the size that is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery

from reeld.domain.errors import NotFound
from reeld.domain.messages import FetchImage, ImageKind
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import browsing

FETCH_SECONDS: Final = 20.0
_KEPT: Final = "private, max-age=86400"


class PictureSize(StrEnum):
    """How wide a picture is; TMDB makes it so once, and it is kept."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    ORIGINAL = "original"


_SIZES: Final = {
    ImageKind.POSTER: {
        PictureSize.SMALL: "w185",
        PictureSize.MEDIUM: "w342",
        PictureSize.LARGE: "w500",
        PictureSize.ORIGINAL: "original",
    },
    ImageKind.BACKDROP: {
        PictureSize.SMALL: "w300",
        PictureSize.MEDIUM: "w780",
        PictureSize.LARGE: "w1280",
        PictureSize.ORIGINAL: "original",
    },
}
"""TMDB's names of the sizes."""


def picture_routes(surface: Surface) -> Sequence[Any]:
    """Return the route of pictures."""
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
    ) -> Response[bytes]:
        """Show a movie's poster or backdrop. What it is was read from its bytes, not from what TMDB said."""
        movie = await browsing.get(surface.database, movie_id)
        path = None
        if movie is not None:
            path = movie.poster_path if kind is ImageKind.POSTER else movie.backdrop_path
        if path is None:
            raise NotFound(f"There is no {kind} of a movie {movie_id}.")
        wanted = _SIZES[kind][size]
        tag = f'"{hashlib.sha256(f"{wanted}{path}".encode()).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Cache-Control": _KEPT}
        if tag in (request.headers.get("if-none-match") or ""):
            return Response(b"", status_code=304, headers=headers)
        message = FetchImage(kind, path, wanted)
        image = await surface.directory["tmdb"].ask(message, deadline=FETCH_SECONDS)
        return Response(image.data, media_type=image.content_type, headers=headers)

    return [Router("/", route_handlers=[picture], guards=[surface.access.requires_key])]
