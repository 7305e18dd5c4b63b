"""Keeps the session in a folder, so that a simulator that is started again still has its torrents."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reeld.simulators.qbittorrent._torrent import Torrent


class Store:
    """A folder with `session.json` and for each torrent `<hash>.torrent`, or `<hash>.magnet` while that is all there is.

    Writes are small and happen before a request is answered, as qBittorrent's own survive a kill right after `Ok.`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._session = folder / "session.json"
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, torrents: Iterable[Torrent], rest: dict[str, Any]) -> None:
        """Write the whole session."""
        records = {}
        for torrent in torrents:
            records[torrent.hash] = torrent.recorded()
            kept = self._kept(torrent.hash, is_known=torrent.meta.is_known)
            if not kept.exists():
                kept.write_bytes(torrent.meta.data)
        fresh = self._session.with_suffix(".new")
        fresh.write_text(json.dumps({"torrents": records, **rest}), encoding="utf-8")
        fresh.replace(self._session)

    def load(self) -> tuple[list[Torrent], dict[str, Any]]:
        """Read what was written last; nothing when there is nothing."""
        if not self._session.exists():
            return [], {}
        document = json.loads(self._session.read_text(encoding="utf-8"))
        torrents = [
            Torrent.restored(self._read(infohash), record)
            for infohash, record in document.pop("torrents").items()
        ]
        return torrents, document

    def _kept(self, infohash: str, *, is_known: bool) -> Path:
        return self._folder / f"{infohash}.{'torrent' if is_known else 'magnet'}"

    def _read(self, infohash: str) -> bytes:
        torrent = self._kept(infohash, is_known=True)
        return (torrent if torrent.exists() else self._kept(infohash, is_known=False)).read_bytes()
