"""The client of qBittorrent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import httpx

from reeld.domain.errors import NotFound, Refused, ServiceDown
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import Magnet
from reeld.services.qbittorrent._adding import AddAnswer, AddOptions, ShareLimits, call_to_add
from reeld.services.qbittorrent._caller import Caller
from reeld.services.qbittorrent._ids import checked_ids, many, one
from reeld.services.qbittorrent._judging import judge_add, may_have_acted
from reeld.services.qbittorrent._preferences import Preferences
from reeld.services.qbittorrent._reading import (
    Category,
    FileRow,
    PropertiesRow,
    QbittorrentFile,
    TorrentProperties,
    TrackerRow,
    TrackerStatus,
    Transfer,
    is_category_name,
    to_files,
    to_properties,
    to_trackers,
)
from reeld.services.qbittorrent._session import Session
from reeld.services.qbittorrent._status import TorrentStatus
from reeld.services.qbittorrent._versions import LABEL, SERVICE, Version
from reeld.services.transport import Observer, Profile, Wire

_PROFILE: Final = Profile(
    SERVICE, LABEL, deadline=30.0, body_cap=64 * 1024 * 1024, connections=2, cookies=True
)


class QbittorrentClient:
    """Speaks to one qBittorrent; safe to be used by several tasks at once.

    Every method raises, beside what it names: `ServiceDown`, `CredentialsRejected` (after one rejected login nothing
    more is tried until `forgive`, or until a client is made with other settings), `RateLimited` (reason `banned`),
    `ProtocolViolation`. Each ends within 30 seconds. Ids are 40 hex digits; unknown ones are ignored where qBittorrent
    ignores them.

    Args:
        settings: Address and credentials.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self,
        settings: QbittorrentSettings,
        *,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._wire = Wire(_PROFILE, observer=observer, transport=transport)
        self._session = Session(self._wire, settings)
        self._caller = Caller(self._session)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    def forgive(self) -> None:
        """Allow one more login after a rejected one: a person says that the credentials are right now."""
        self._session.forgive()

    # What it is

    @property
    def logins(self) -> int:
        """How often it has logged in."""
        return self._session.generation

    async def version(self) -> Version:
        """Return which qBittorrent it is; asked again after every login, since it may have been upgraded."""
        with self._wire.operation("version"):
            return await self._caller.version()

    async def preferences(self) -> Preferences:
        """Return the settings that matter; `problems_of` judges them."""
        with self._wire.operation("preferences"):
            return await self._caller.json("app/preferences", {}, Preferences)

    async def transfer(self) -> Transfer:
        """Return how fast it transfers now, and whether it reaches anybody."""
        # Counted with the settings, beside which it is read: each kind of call is two kilobytes of every scrape.
        with self._wire.operation("preferences"):
            return await self._caller.json("transfer/info", {}, Transfer)

    # Looking

    async def torrents(
        self, *, category: str | None = None, ids: Iterable[str] | None = None
    ) -> tuple[TorrentStatus, ...]:
        """Return torrents.

        Args:
            category: Only those of this category; empty for those of none.
            ids: Only these, by any of their ids; the ones that do not exist are left out.
        """
        with self._wire.operation("torrents"):
            params = {} if category is None else {"category": category}
            if ids is None:
                return await self._caller.torrents(params)
            wanted = checked_ids(ids)
            if not wanted:
                return ()  # an empty filter would mean all
            found = await self._caller.torrents({**params, "hashes": "|".join(sorted(wanted))})
            # Version 4.1.0 does not know the filter and returns all.
            return tuple(torrent for torrent in found if torrent.is_called(wanted))

    async def files(self, torrent_id: str) -> tuple[QbittorrentFile, ...]:
        """Return a torrent's files; none while its metadata is not there.

        Raises:
            NotFound: There is no such torrent.
        """
        with self._wire.operation("files"):
            return to_files(await self._caller.about("torrents/files", torrent_id, list[FileRow]))

    async def properties(self, torrent_id: str) -> TorrentProperties:
        """Return a torrent's properties.

        Raises:
            NotFound: There is no such torrent.
        """
        with self._wire.operation("properties"):
            row = await self._caller.about("torrents/properties", torrent_id, PropertiesRow)
            return to_properties(row)

    async def trackers(self, torrent_id: str) -> tuple[TrackerStatus, ...]:
        """Return a torrent's trackers and what they say.

        Raises:
            NotFound: There is no such torrent.
        """
        with self._wire.operation("trackers"):
            rows = await self._caller.about("torrents/trackers", torrent_id, list[TrackerRow])
            return to_trackers(rows)

    async def categories(self) -> tuple[Category, ...]:
        """Return all categories; none before 4.1.4, which cannot list them."""
        with self._wire.operation("categories"):
            return await self._caller.categories() or ()

    # Acting. Each is repeatable: it sets a value, and setting it twice changes nothing.

    async def add(self, torrent: bytes | Magnet, options: AddOptions) -> AddAnswer:
        """Hand over a .torrent file or a magnet link. Whether it is there, only `torrents(ids=...)` tells, up to 10 seconds later.

        Adding one that is there already changes nothing of it, not even its category. A lost answer is no error
        here: it returns `AddAnswer.LOST`.

        Raises:
            Refused: qBittorrent takes the file for no torrent (reason `torrent_refused`).
        """
        call = call_to_add(torrent, options)
        try:
            with self._wire.operation("add"):
                return judge_add(await self._caller.raw(call))
        except ServiceDown as error:
            if may_have_acted(error):
                return AddAnswer.LOST
            raise

    async def ensure_category(self, name: str, save_path: str = "") -> Category:
        """Return the category, made with `save_path` when it is missing. One that exists is left as it is.

        Where qBittorrent cannot list its categories (before 4.1.4), one that exists comes back without its path.

        Raises:
            Refused: qBittorrent does not allow the name.
        """
        with self._wire.operation("ensure_category"):
            known = await self._caller.categories()
            existing = next((one for one in known or () if one.name == name), None)
            if existing is not None:
                return existing
            form = {"category": name, "savePath": save_path}
            answer = await self._caller.post("torrents/createCategory", form, allow={400, 409})
            if answer.is_success:
                return Category(name, save_path)
            # With a name that is allowed, 409 means that it exists: somebody made it, or an old version hides it.
            if answer.status == 409 and is_category_name(name):
                return Category(name, "")
            raise Refused(
                f"{LABEL} does not allow the category '{name}' (HTTP {answer.status}). Choose"
                " another name in qbittorrent.category.",
                reason="category_refused",
            )

    async def set_category(self, ids: Iterable[str], category: str) -> None:
        """Put torrents into a category that exists.

        Raises:
            NotFound: There is no such category.
        """
        with self._wire.operation("set_category"):
            form = {**many(ids), "category": category}
            answer = await self._caller.post("torrents/setCategory", form, allow={409})
            if answer.status == 409:
                raise NotFound(
                    f"{LABEL} has no category '{category}'. reeld makes it anew by itself.",
                    reason="category_missing",
                )

    async def add_tags(self, ids: Iterable[str], tags: Collection[str]) -> None:
        """Add tags to torrents."""
        with self._wire.operation("add_tags"):
            await self._caller.post("torrents/addTags", {**many(ids), "tags": ",".join(tags)})

    async def set_share_limits(self, ids: Iterable[str], limits: ShareLimits) -> None:
        """Set when torrents have been shared enough."""
        with self._wire.operation("set_share_limits"):
            await self._caller.post("torrents/setShareLimits", {**many(ids), **limits.to_form()})

    async def set_file_priority(
        self, torrent_id: str, indexes: Collection[int], priority: int
    ) -> None:
        """Set the priority of files: 0 does not download them, 1 is normal, 6 high, 7 highest.

        Raises:
            NotFound: There is no such torrent.
        """
        with self._wire.operation("set_file_priority"):
            chosen = "|".join(str(index) for index in sorted(indexes))
            form = {**one(torrent_id), "id": chosen, "priority": str(priority)}
            answer = await self._caller.post("torrents/filePrio", form, allow={404})
            if answer.status == 404:
                raise await self._caller.missing()

    async def move_to_top(self, ids: Iterable[str]) -> bool:
        """Put torrents at the head of the queue. Returns False where qBittorrent does not queue."""
        with self._wire.operation("move"):
            return (await self._caller.post("torrents/topPrio", many(ids), allow={409})).is_success

    async def move_to_bottom(self, ids: Iterable[str]) -> bool:
        """Put torrents at the end of the queue. Returns False where qBittorrent does not queue."""
        with self._wire.operation("move"):
            return (
                await self._caller.post("torrents/bottomPrio", many(ids), allow={409})
            ).is_success

    async def stop(self, ids: Iterable[str]) -> None:
        """Stop torrents (until 4.6: pause)."""
        with self._wire.operation("stop"):
            await self._caller.switch(many(ids), lambda version: version.stop_action)

    async def start(self, ids: Iterable[str]) -> None:
        """Start torrents (until 4.6: resume)."""
        with self._wire.operation("start"):
            await self._caller.switch(many(ids), lambda version: version.start_action)

    async def recheck(self, ids: Iterable[str]) -> None:
        """Have torrents hashed again."""
        with self._wire.operation("recheck"):
            await self._caller.post("torrents/recheck", many(ids))

    async def delete(
        self, torrent_id: str, *, with_files: bool, required_tag: str | None = None
    ) -> bool:
        """Remove one torrent. There is no way to remove several, or all.

        Args:
            torrent_id: Which.
            with_files: Whether its files go too.
            required_tag: Only if it bears this tag.

        Returns:
            Whether it was there.

        Raises:
            Refused: It does not bear the tag (reason `not_ours`).
        """
        with self._wire.operation("delete"):
            found = await self._caller.torrents({"hashes": one(torrent_id)["hash"]})
            target = next((one for one in found if one.id == torrent_id.lower()), None)
            if target is None:
                return False
            if required_tag is not None and required_tag not in target.tags:
                raise Refused(
                    f"The torrent does not bear the tag '{required_tag}' in {LABEL}, so reeld does not"
                    " remove it. Remove it there by hand.",
                    reason="not_ours",
                )
            form = {"hashes": target.id, "deleteFiles": "true" if with_files else "false"}
            await self._caller.post("torrents/delete", form)
            return True
