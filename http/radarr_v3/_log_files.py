"""`log/file`: the last records of the daemon's log as one file; all of them go to the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import trio
from litestar import Response, get
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, moment
from reeld.telemetry.logs import LogRecord, recent

NAME: Final = "reeld.txt"
_WRITERS: Final = trio.CapacityLimiter(1)
_LEVELS: Final = {"warning": "Warn", "critical": "Fatal"}
_CONTROLS: Final = {number: f"\\x{number:02x}" for number in (*range(32), 127)}
"""A line of the file is a line of the log, whatever somebody has put into a name."""


def log_file_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of the log."""

    @get("/log/file")
    async def list_files() -> Response[bytes]:
        newest = recent.latest()[:1]
        written = datetime.fromisoformat(newest[0].at) if newest else frame.surface.started_at
        return answered([_file(written)])

    @get("/log/file/{filename:str}")
    async def read_file(filename: FromPath[str]) -> Response[bytes]:
        if filename.lower() != NAME:
            raise Missing
        text = await trio.to_thread.run_sync(_text, limiter=_WRITERS)
        return Response(text, media_type="text/plain")

    return [list_files, read_file]


def _file(written: datetime) -> Json:
    path = f"/api/v3/log/file/{NAME}"
    return {
        "id": 1,
        "filename": NAME,
        "lastWriteTime": moment(written),
        "contentsUrl": path,
        "downloadUrl": path,
    }


def _text() -> bytes:
    """Write the records, oldest first, in the form of Radarr's log: time, level, logger, message."""
    return "".join(f"{_line(each)}\n" for each in reversed(recent.latest())).encode()


def _line(record: LogRecord) -> str:
    said = " ".join((record.event, *(f"{name}={value}" for name, value in record.fields.items())))
    level = _LEVELS.get(record.level, record.level.capitalize())
    return "|".join((record.at, level, record.logger, said)).translate(_CONTROLS)
