"""How pictures are asked for and answered: the format by what a client takes, a tag, and how long it may keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response

from reeld.domain.messages import FetchImage
from reeld.domain.pictures import PATH, ImageKind, PictureFormat
from reeld.http.surface import Surface

FETCH_SECONDS: Final = 20.0
FOR_A_DAY: Final = "private, max-age=86400"
"""For an address that shows another picture once TMDB has a better one."""
FOR_EVER: Final = "private, max-age=31536000, immutable"
"""For an address that names the picture itself."""


@dataclass(frozen=True, slots=True)
class Showing:
    """How a picture is answered.

    Attributes:
        may_keep: Its `Cache-Control`.
        by_accept: Whether its format depends on what the client takes.
    """

    may_keep: str
    by_accept: bool = True


def format_for(headers: Mapping[str, str]) -> PictureFormat:
    """Return WebP for a client that names it among what it takes (RFC 9110, 12.5.1), else JPEG, which all show."""
    for part in headers.get("accept", "").split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        if kind == PictureFormat.WEBP:
            return PictureFormat.JPEG if _is_refused(parameters) else PictureFormat.WEBP
    return PictureFormat.JPEG


def _is_refused(parameters: list[str]) -> bool:
    weights = [each[2:].strip() for each in parameters if each.startswith("q=")]
    return any(weight.strip("0.") == "" for weight in weights)


async def show(
    surface: Surface, headers: Mapping[str, str], asked: FetchImage, showing: Showing
) -> Response[bytes]:
    """Answer with a picture, or with 304 where the client has it already, for which nobody is asked.

    Raises:
        NotFound: TMDB does not have it.
        BrokenPicture: What TMDB has cannot be shown; answered 502.
    """
    said = {"ETag": _tag(asked), "Cache-Control": showing.may_keep}
    if showing.by_accept:
        said["Vary"] = "Accept"
    if said["ETag"] in headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=said)
    image = await surface.directory["tmdb"].ask(asked, deadline=FETCH_SECONDS)
    return Response(image.data, media_type=image.content_type, headers=said)


def address_of(kind: ImageKind, path: str | None) -> str | None:
    """Return where reeld shows a picture of TMDB's; None where there is none that it shows."""
    if path is None or PATH.fullmatch(path) is None:
        return None
    return f"/api/images/{kind}{path}"


def _tag(asked: FetchImage) -> str:
    what = f"{asked.path} {asked.fit.width}x{asked.fit.height} {asked.format}"
    return f'"{hashlib.sha256(what.encode()).hexdigest()[:20]}"'
