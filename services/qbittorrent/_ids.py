"""Torrent ids, checked before they are sent: `all` is one that qBittorrent would accept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from reeld.domain.errors import Refused

_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def checked_ids(ids: Iterable[str]) -> frozenset[str]:
    """Return ids as qBittorrent writes them: 40 lower-case hex digits, a longer hash cut to that.

    Raises:
        Refused: One is none.
    """
    lowered = [one_id.lower() for one_id in ids]
    if any(_ID.fullmatch(one_id) is None for one_id in lowered):
        raise Refused(
            "A torrent is named by 40 hex digits; something else was given. Please report it.",
            reason="torrent_id",
        )
    return frozenset(one_id[:40] for one_id in lowered)


def one(torrent_id: str) -> dict[str, str]:
    """Return the parameter that names one torrent."""
    (checked,) = checked_ids([torrent_id])
    return {"hash": checked}


def many(ids: Iterable[str]) -> dict[str, str]:
    """Return the parameter that names several torrents.

    Raises:
        Refused: There is none: qBittorrent might take that for all.
    """
    checked = checked_ids(ids)
    if not checked:
        raise Refused("No torrent was named. Please report it.", reason="torrent_id")
    return {"hashes": "|".join(sorted(checked))}
