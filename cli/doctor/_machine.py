"""What reeld runs on: Python and the libraries in C that it depends on."""

from __future__ import annotations

import platform
import sys
from typing import Final

import trio

from reeld.cli.doctor._findings import Finding, failed, passed, warned

OLDEST_PYTHON: Final = (3, 11)
OLDEST_EXPAT: Final = (2, 4, 0)
"""From then on it stops entity bombs. What 2.6 added (no quadratic time for tokens that come in pieces) is also kept
in bounds by reeld's own caps on feeds, and Debian 12 stays at 2.5."""


async def check_python() -> list[Finding]:
    """Look at the interpreter's version."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return [failed("python", f"Python {version} is too old: install 3.11 or newer.")]
    return [passed("python", f"Python {version}.", version=version)]


async def check_expat() -> list[Finding]:
    """Look at the version of the library that reads feeds."""
    return [judge_expat(await trio.to_thread.run_sync(_expat_version))]


def judge_expat(version: tuple[int, ...]) -> Finding:
    """Return what a version of libexpat means."""
    name = ".".join(map(str, version))
    if version < OLDEST_EXPAT:
        sentence = (
            f"libexpat {name}, which reads feeds, does not stop entity bombs: update it to 2.4 or newer"
            " (Debian: apt-get install libexpat1), or Python if it brings its own."
        )
        return warned("libexpat", sentence, version=name)
    return passed("libexpat", f"libexpat {name} reads feeds.", version=name)


def _expat_version() -> tuple[int, ...]:
    import pyexpat

    return tuple(pyexpat.version_info)


async def check_mediainfo() -> list[Finding]:
    """See whether the library that looks into videos can be loaded."""
    if await trio.to_thread.run_sync(_mediainfo_loads):
        return [passed("mediainfo", "The library that looks into videos can be loaded.")]
    sentence = (
        "libmediainfo cannot be loaded, so that no download can be imported: install pymediainfo again"
        " (make install), or the system's libmediainfo0v5."
    )
    return [failed("mediainfo", sentence)]


def _mediainfo_loads() -> bool:
    try:
        from pymediainfo import MediaInfo

        return bool(MediaInfo.can_parse())
    except (ImportError, OSError, RuntimeError):
        return False
