"""Calls to qBittorrent's API, answered in types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from reeld.domain.errors import NotFound
from reeld.services.qbittorrent._ids import one
from reeld.services.qbittorrent._judging import require_success
from reeld.services.qbittorrent._reading import Category, CategoryRow
from reeld.services.qbittorrent._session import Session, not_qbittorrent
from reeld.services.qbittorrent._status import TorrentRow, TorrentStatus
from reeld.services.qbittorrent._versions import LABEL, SERVICE, Version, parse_api_version
from reeld.services.transport import Answer, Call, read_json

T = TypeVar("T")

_LISTS_CATEGORIES: Final = (2, 1, 1)


class Caller:
    """One method for each kind of call."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._version: tuple[int, Version] | None = None

    async def raw(self, call: Call) -> Answer:
        """Send a call and return whatever comes."""
        return await self._session.send(call)

    async def json(self, path: str, params: Mapping[str, str], kind: type[T]) -> T:
        """Read something."""
        answer = require_success(await self._session.send(Call("GET", path, params=params)))
        return await read_json(answer, kind, service=SERVICE, label=LABEL)

    async def about(self, path: str, torrent_id: str, kind: type[T]) -> T:
        """Read something about one torrent.

        Raises:
            NotFound: There is no such torrent.
        """
        answer = await self._session.send(Call("GET", path, params=one(torrent_id)))
        if answer.status == 404:
            raise await self.missing()
        return await read_json(require_success(answer), kind, service=SERVICE, label=LABEL)

    async def post(
        self, path: str, form: Mapping[str, str], *, allow: Collection[int] = ()
    ) -> Answer:
        """Set something that may be set twice. Statuses in `allow` are the caller's to judge."""
        answer = await self._session.send(Call("POST", path, form=form, idempotent=True))
        return answer if answer.status in allow else require_success(answer)

    async def switch(self, form: Mapping[str, str], action: Callable[[Version], str]) -> None:
        """Do what is called differently from version to version; ask for the version anew when it is not known."""
        answer = await self.post(f"torrents/{action(await self.version())}", form, allow={404})
        if answer.status == 404:  # upgraded since we asked
            self._version = None
            await self.post(f"torrents/{action(await self.version())}", form)

    async def missing(self) -> NotFound:
        """Return the error for a torrent that is not there, once it is sure that qBittorrent itself says so."""
        self._version = None
        await self.version()
        return NotFound(f"{LABEL} does not have this torrent (any more).", reason="torrent_missing")

    async def version(self) -> Version:
        """Return the version, asked anew after every login."""
        if self._version is None or self._version[0] != self._session.generation:
            api = parse_api_version(await self._text("app/webapiVersion"))
            app = (await self._text("app/version"))[:40].strip()
            self._version = (self._session.generation, Version(app, api))
        return self._version[1]

    async def torrents(self, params: Mapping[str, str]) -> tuple[TorrentStatus, ...]:
        """Return the torrents that the parameters choose."""
        rows = await self.json("torrents/info", params, list[TorrentRow])
        return tuple(row.to_status() for row in rows)

    async def categories(self) -> tuple[Category, ...] | None:
        """Return all categories; None where they cannot be listed: before 4.1.4."""
        if (await self.version()).api < _LISTS_CATEGORIES:
            return None
        rows = await self.json("torrents/categories", {}, dict[str, CategoryRow])
        return tuple(Category(name, row.savePath) for name, row in rows.items())

    async def _text(self, path: str) -> str:
        answer = await self._session.send(Call("GET", path))
        if answer.status == 404:
            raise not_qbittorrent(answer)
        return require_success(answer).text
