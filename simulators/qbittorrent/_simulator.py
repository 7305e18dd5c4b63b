"""qBittorrent's WebUI API v2 as an ASGI app."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import trio

from reeld.simulators.faults import Knobs, UnknownKnob
from reeld.simulators.qbittorrent._core import ApiError, Call, open_core
from reeld.simulators.qbittorrent._disk import Contents
from reeld.simulators.qbittorrent._door import Doorkeeper, Session
from reeld.simulators.qbittorrent._form import read_form
from reeld.simulators.qbittorrent._knobs import QbittorrentKnobs
from reeld.simulators.qbittorrent._profile import PROFILES, Profile
from reeld.simulators.qbittorrent._routes import ROUTES, Route, missing_parameters
from reeld.simulators.qbittorrent._torrent import Phase, Torrent
from reeld.simulators.serving import Door
from reeld.simulators.simulator import Answer, Request, Simulator

_TEXT = "text/plain; charset=UTF-8"
_PREFIX = "/api/v2/"


class QbittorrentSimulator(Simulator):
    """A qBittorrent that downloads from nowhere: real files, at the speed the knobs say.

    Args:
        save_path: The default save path.
        contents: By infohash, the contents of the torrent's files in order; kept by reference, so that torrents may
            be added while it runs.
        metadata: By infohash, the .torrent that peers send to whoever has a magnet link; kept by reference too.
        version: One of `PROFILES`.
        username: The one user's name.
        password: The one user's password.
        folder: Where the session is kept over restarts; None keeps it in memory.

    Beside the knobs there are actions, all of them also at `POST /_knobs`: `restart` (seconds of being refused; drops
    sessions and deltas), `expire_sessions`, `ban` (seconds, for loopback), and with a torrent's hash or `*`: `lose`
    (gone, files stay), `delete` (gone with its files), `stall`, `unstall`, `error`, `missing_files`, `recategorise`
    (to `moved-by-a-person`), `hybrid` (listed by its hash of version 2 from now on).
    """

    name: ClassVar[str] = "qbittorrent"
    knobs_type: ClassVar[type[Knobs]] = QbittorrentKnobs
    body_limit: ClassVar[int] = 64 * 1024 * 1024
    knobs: QbittorrentKnobs

    def __init__(
        self,
        save_path: Path,
        contents: Contents,
        *,
        version: str = "4.5.2",
        username: str = "admin",
        password: str = "adminadmin",  # noqa: S107 - the default that qBittorrent had until 4.6
        folder: Path | None = None,
        metadata: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__()
        self.profile: Profile = PROFILES[version]
        self.credentials = username, password
        self.core = open_core(
            self.profile,
            self.knobs,
            contents,
            {} if metadata is None else metadata,
            save_path,
            folder,
        )
        """The session: torrents, categories, tags, preferences."""
        self.doorkeeper = Doorkeeper(self.profile, username, password, self.core.preferences)
        """Logins, sessions and bans."""

    def opened(self, door: Door) -> None:
        """Called by `serve_app` before the first request: qBittorrent was launched."""
        super().opened(door)
        self.core.launched_at = trio.current_time()

    @property
    def torrents(self) -> dict[str, Torrent]:
        """The torrents by hash."""
        return self.core.engine.torrents

    async def work(self) -> None:
        """Let torrents go on over time."""
        await self.core.engine.run()

    def state(self) -> dict[str, Any]:
        """The torrents as `GET /_knobs` shows them."""
        rows = [self.core.row(torrent) for torrent in self.torrents.values()]
        wanted = ("hash", "name", "state", "progress", "category", "save_path")
        return {
            "version": self.profile.version,
            "logins": self.doorkeeper.logins,
            "sessions": len(self.doorkeeper.sessions),
            "torrents": [{key: row[key] for key in wanted} for row in rows],
        }

    # Faults -----------------------------------------------------------------------------------------------------------

    def actions(self) -> dict[str, Callable[[Any], None]]:
        """The knobs that do something once."""
        return {
            "restart": self.restart,
            "expire_sessions": lambda _: self.doorkeeper.sessions.clear(),
            "ban": lambda seconds: self.doorkeeper.ban("127.0.0.1", float(seconds)),
            "lose": self._each(lambda one: self.torrents.pop(one.hash)),
            "delete": self._each(self._delete),
            "stall": self._each(lambda one: setattr(one, "held", True)),
            "unstall": self._each(lambda one: setattr(one, "held", False)),
            "error": self._each(lambda one: setattr(one, "phase", Phase.ERROR)),
            "missing_files": self._each(lambda one: setattr(one, "phase", Phase.MISSING)),
            "recategorise": self._each(self._recategorise),
            "hybrid": self._each(self._turn_out_hybrid),
        }

    def restart(self, seconds: float = 0.0) -> None:
        """Forget sessions and bans, and refuse connections for so many seconds."""
        self.doorkeeper.forget_all()
        self.core.launched_at = trio.current_time() + seconds
        if self.door is not None:
            self.door.refuse_for(seconds)

    def _each(self, change: Callable[[Torrent], object]) -> Callable[[Any], None]:
        def on(infohash: object) -> None:
            chosen = [one for one in self.torrents.values() if infohash in {"*", one.hash}]
            if not chosen:
                raise UnknownKnob(f"There is no torrent {infohash!r}.")
            for torrent in chosen:
                change(torrent)
            self.core.save()

        return on

    def _turn_out_hybrid(self, torrent: Torrent) -> None:
        del self.torrents[torrent.hash]
        torrent.id = hashlib.sha256(torrent.hash.encode()).hexdigest()[:40]
        self.torrents[torrent.hash] = torrent

    def _delete(self, torrent: Torrent) -> None:
        for entry in torrent.entries:
            (torrent.root / entry.path).unlink(missing_ok=True)
        del self.torrents[torrent.hash]

    def _recategorise(self, torrent: Torrent) -> None:
        torrent.category = "moved-by-a-person"
        self.core.categories.setdefault(torrent.category, "")

    # Requests ---------------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Answer:
        """Answer one request as this version of qBittorrent does."""
        if request.method == "HEAD":
            return _plain(405, "")
        if request.method not in {"GET", "POST"}:
            return Answer(501 if self.profile.answers_json_to_add else 400)
        if self.doorkeeper.turned_away(request):
            return _plain(401, "Unauthorized")
        try:
            result = await self._dispatch(request, request.path.removeprefix(_PREFIX))
        except ApiError as error:
            return _plain(error.status, error.message)
        return _told(result)

    async def _dispatch(self, request: Request, path: str) -> object:
        if not request.path.startswith(_PREFIX):
            raise ApiError(404)
        if path == "auth/login":
            return self._login(request)
        route = ROUTES.get(path)
        session = self.doorkeeper.session_of(request)
        if session is None:
            raise ApiError(403)
        if path == "auth/logout":
            return self.doorkeeper.logout(request)
        if route is None or not route.known_to(self.profile):
            modern = self.profile.answers_json_to_add
            raise ApiError(404, "Endpoint does not exist" if modern else "")
        return await self._call(request, path, route, session)

    async def _call(self, request: Request, path: str, route: Route, session: Session) -> object:
        if route.post and request.method != "POST":
            raise ApiError(405)
        call = Call(read_form(request), session)
        missing = missing_parameters(path, route, call, self.profile)
        if missing:
            modern = self.profile.answers_json_to_add
            raise ApiError(
                400, f"Missing required parameters: {', '.join(missing)}" if modern else ""
            )
        result = route.handler(self.core, call)
        if inspect.isawaitable(result):
            result = await result
        if route.no_content and self.profile.answers_json_to_add:
            return Answer(204)
        return result

    def _login(self, request: Request) -> Answer:
        if request.method != "POST":
            raise ApiError(405)
        fields = read_form(request).fields
        name, password = fields.get("username", ""), fields.get("password", "")
        return self.doorkeeper.login(request, name, password)


def _told(result: object) -> Answer:
    match result:
        case Answer():
            return result
        case None:
            return _plain(200, "")
        case str():
            return _plain(200, result)
        case _:
            # Qt writes the keys of every object in order.
            body = json.dumps(result, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            return Answer(200, body.encode(), "application/json")


def _plain(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), _TEXT)
