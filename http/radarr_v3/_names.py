"""Release names, read for a page of records: off the loop, and each once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import trio

from reeld.domain.parsing import ParsedRelease, parse_release_name

READERS: Final = trio.CapacityLimiter(1)
"""Names are read under the interpreter's lock: a second thread would only get in the loop's way."""
_REMEMBERED: Final = 2048


async def read_names(names: Iterable[str | None]) -> dict[str, ParsedRelease]:
    """Read names in a worker thread; what was read lately is remembered."""
    unique = sorted({name for name in names if name})
    if not unique:
        return {}
    read = await trio.to_thread.run_sync(_read_all, unique, limiter=READERS)
    return dict(zip(unique, read, strict=True))


@lru_cache(maxsize=_REMEMBERED)
def _read(name: str) -> ParsedRelease:
    return parse_release_name(name)


def _read_all(names: list[str]) -> list[ParsedRelease]:
    return [_read(name) for name in names]
