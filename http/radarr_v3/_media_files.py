"""`filesystem/mediafiles`: the videos in a folder and below it, looked for in threads, since a disk may hang."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from litestar import Response, get

from reeld.domain.file_kinds import FileKind, kind_of
from reeld.http.disks import looked
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._disks import MOST_ENTRIES
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._sight import Sight, absolute
from reeld.http.radarr_v3._values import Json

MOST_LOOKED_AT: Final = 20_000
_VIDEOS: Final = frozenset({FileKind.VIDEO, FileKind.SAMPLE, FileKind.EXTRA, FileKind.DISC})


def media_file_routes(frame: Frame) -> Sequence[Any]:
    """Return the route that lists videos."""

    @get("/filesystem/mediafiles")
    async def list_videos(request: AnyRequest) -> Response[bytes]:
        path = absolute(Query.of(request).text("path"))
        sight = await Sight.of(frame, request)
        return answered(await looked(lambda: _videos(path, sight)) or [])

    return [list_videos]


def _videos(folder: Path, sight: Sight) -> list[Json]:
    """List the videos below a folder, without following links. Blocks."""
    found = (each for each in islice(_files(folder, sight), MOST_LOOKED_AT) if sight.reaches(each))
    videos = (each for each in found if kind_of(str(each.relative_to(folder))) in _VIDEOS)
    return [
        {
            "path": str(each),
            "relativePath": str(each.relative_to(folder)),
            "name": each.name,
        }
        for each in islice(videos, MOST_ENTRIES)
    ]


def _files(folder: Path, sight: Sight) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if sight.reaches(Path(parent, each)))
        yield from (Path(parent, name) for name in sorted(names))
