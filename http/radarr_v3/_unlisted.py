"""What Radarr has lists of and reeld has not: nothing is listed, and nothing can be added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post, put

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._errors import invalid

EMPTY: Final = (
    "/autotagging",
    "/autotagging/schema",
    "/credit",
    "/customfilter",
    "/extrafile",
    "/importlist",
    "/importlist/movie",
    "/importlist/schema",
    "/log/file/update",
    "/metadata",
    "/metadata/schema",
    "/notification",
    "/notification/schema",
    "/update",
)
"""Of none of these reeld has rows."""
REFUSED: Final = {
    "autotagging": "reeld gives no tags by itself.",
    "customfilter": "reeld keeps no filters.",
    "downloadclient": "Set qbittorrent in reeld's settings file, and it is taken over.",
    "importlist": "reeld reads no lists of movies yet.",
    "metadata": "reeld writes no metadata files.",
    "notification": "reeld sends no notifications yet.",
    "remotepathmapping": "Set qbittorrent.path_mappings in reeld's settings file.",
}
TRIED: Final = frozenset({"downloadclient"})
"""What there is one of, that can be tried."""


def unlisted_routes() -> Sequence[Any]:
    """Return the routes of what there is none of."""

    @get(list(EMPTY))
    async def nothing() -> Response[bytes]:
        return answered([])

    return [nothing, *(each for name in REFUSED for each in _refusing(name))]


def _refusing(name: str) -> Sequence[Any]:
    """Return the routes that would store something of a kind: 400 says why it cannot be."""
    is_tried = name in TRIED

    async def refuse() -> Response[bytes]:
        raise invalid("", REFUSED[name])

    async def all_are_well() -> Response[bytes]:
        return answered([])

    return [
        post(f"/{name}" if is_tried else [f"/{name}", f"/{name}/test"])(refuse),
        put([f"/{name}", f"/{name}/{{number:int}}", f"/{name}/bulk"])(refuse),
        *([] if is_tried else [post(f"/{name}/testall", status_code=200)(all_are_well)]),
    ]
