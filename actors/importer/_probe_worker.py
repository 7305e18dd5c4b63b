"""The process that reads one hostile media file and dies of it if need be.

Started by file name, not with `-m`, so that it imports pymediainfo alone: that takes 70 ms from start to
end, `reeld.actors.importer` would add several times as much. The file comes as standard input, opened by
the daemon: this process learns no path, and the library cannot wander to neighbouring files. The answer
is one JSON document on standard output.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Final

_MEMORY: Final = 1 << 30
_FIELDS: Final = (
    "track_type",
    "format",
    "format_version",
    "format_profile",
    "format_additionalfeatures",
    "commercial_name",
    "codec_id",
    "codec_id_hint",
    "duration",
    "width",
    "height",
    "bit_depth",
    "hdr_format",
    "hdr_format_compatibility",
    "transfer_characteristics",
    "channel_s",
    "language",
    "encoded_library_name",
    "multiview_count",
    "file_size",
    "istruncated",
)
_MAX_TRACKS: Final = 100
_MAX_TEXT: Final = 200


def _limit_self(cpu_seconds: int) -> None:
    """Give up what a library under attack could abuse: memory, time, writing, dumping core."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))


def main() -> None:
    """Read standard input as a media file and print its tracks."""
    from pymediainfo import MediaInfo

    _limit_self(int(sys.argv[1]))
    media = MediaInfo.parse(sys.stdin.buffer, full=True)
    tracks = [_plain(track.to_data()) for track in media.tracks[:_MAX_TRACKS]]
    sys.stdout.write(json.dumps({"tracks": tracks}))


def _plain(track: dict[str, object]) -> dict[str, str]:
    return {
        field: str(track[field])[:_MAX_TEXT] for field in _FIELDS if track.get(field) is not None
    }


if __name__ == "__main__":
    main()
