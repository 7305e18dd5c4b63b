"""What the endpoints work on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from reeld.simulators.qbittorrent._disk import Contents
from reeld.simulators.qbittorrent._door import Session
from reeld.simulators.qbittorrent._engine import Engine
from reeld.simulators.qbittorrent._fields import info_fields
from reeld.simulators.qbittorrent._form import Form
from reeld.simulators.qbittorrent._knobs import QbittorrentKnobs
from reeld.simulators.qbittorrent._preferences import fresh_preferences, share_limits
from reeld.simulators.qbittorrent._profile import Profile
from reeld.simulators.qbittorrent._store import Store
from reeld.simulators.qbittorrent._torrent import Torrent


class ApiError(Exception):
    """An endpoint's refusal.

    Args:
        status: 400 bad parameters, 404 not found, 409 conflict, 415 bad data.
        message: The body; the status's own text when left out.
    """

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message or _STATUS_TEXTS.get(status, "Error")


_STATUS_TEXTS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an endpoint: its parameters and the session that it belongs to."""

    form: Form
    session: Session

    def get(self, name: str, default: str = "") -> str:
        """A parameter, or the default."""
        return self.form.fields.get(name, default)

    def flag(self, name: str) -> bool | None:
        """A boolean parameter; None when it is not given."""
        text = self.form.fields.get(name)
        return None if text is None else text.lower() in {"true", "1"}


@dataclass(slots=True)
class Core:
    """The session's state beyond its torrents."""

    profile: Profile
    knobs: QbittorrentKnobs
    preferences: dict[str, Any]
    engine: Engine
    store: Store | None
    categories: dict[str, str] = field(default_factory=dict)
    """Names to save paths."""
    tags: list[str] = field(default_factory=list)
    launched_at: float = -math.inf
    """On trio's clock."""

    def find(self, infohash: str) -> Torrent:
        """The listed torrent with this id.

        Raises:
            ApiError: 404.
        """
        found = next((one for one in self.listed() if one.hash == infohash.lower()), None)
        if found is None:
            raise ApiError(404)
        return found

    def select(self, hashes: str) -> list[Torrent]:
        """The listed torrents among `a|b|c` or `all`; unknown ones are passed over."""
        wanted = {infohash.lower() for infohash in hashes.split("|")}
        return [one for one in self.listed() if hashes == "all" or one.hash in wanted]

    def listed(self) -> list[Torrent]:
        """The torrents that the API lists now."""
        torrents = self.engine.visible()
        partial_until = self.launched_at + self.knobs.partial_list_seconds
        return torrents[::2] if trio.current_time() < partial_until else torrents

    def row(self, torrent: Torrent) -> dict[str, Any]:
        """A torrent's row in `torrents/info`."""
        return info_fields(torrent, self.profile, share_limits(self.preferences))

    def category_path(self, category: str) -> str:
        """Where a category's torrents go under automatic management."""
        base: str = self.preferences["save_path"]
        own = self.categories.get(category, "")
        if own:
            return own if own.startswith("/") else f"{base}/{own}"
        return f"{base}/{category}" if category else base

    def save(self) -> None:
        """Keep the session, when there is a folder for it."""
        if self.store is not None:
            rest = {
                "categories": self.categories,
                "tags": self.tags,
                "preferences": self.preferences,
            }
            self.store.save(self.engine.torrents.values(), rest)


def open_core(
    profile: Profile,
    knobs: QbittorrentKnobs,
    contents: Contents,
    metadata: Mapping[str, bytes],
    save_path: Path,
    folder: Path | None,
) -> Core:
    """A session: a fresh one, or the one that the folder keeps."""
    store = Store(folder) if folder is not None else None
    torrents, rest = store.load() if store is not None else ([], {})
    preferences = {**fresh_preferences(profile, save_path), **rest.get("preferences", {})}
    engine = Engine(contents, metadata, preferences, knobs)
    core = Core(profile, knobs, preferences, engine, store)
    core.categories.update(rest.get("categories", {}))
    core.tags.extend(rest.get("tags", []))
    engine.changed = core.save
    for torrent in torrents:
        engine.resume(torrent)
    return core
