"""The client of HDBits."""

from __future__ import annotations

from typing import Final

import httpx
import msgspec
import structlog

from reeld.domain.errors import NotFound, ProtocolViolation, RateLimited, Refused
from reeld.domain.settings import HdbitsSettings, InvalidSetting
from reeld.services.hdbits._statuses import LABEL, SERVICE, error_for_403, error_for_status
from reeld.services.hdbits._torrents import HdbitsPage, read_page
from reeld.services.limiter import Limiter
from reeld.services.torrents import TORRENT_CAP, DeliveredTorrent, read_torrent
from reeld.services.transport import (
    Answer,
    Call,
    Observer,
    Profile,
    Wire,
    decode_json,
    read_json,
    refuse_common,
)

log = structlog.get_logger("reeld.services.hdbits")

PAGE_SIZE: Final = 100
"""The most that one page holds."""

_PROFILE: Final = Profile(SERVICE, LABEL, deadline=45.0, connections=1)


class _Reply(msgspec.Struct):
    status: int | str
    data: msgspec.Raw = msgspec.Raw(b"null")


class HdbitsClient:
    """Asks HDBits, one call at a time and never faster than its limiter allows.

    Every method raises, beside what it names: `ServiceDown`, `RateLimited` (with the seconds to stay away; the
    limiter already knows them), `CredentialsRejected`, `ProtocolViolation`, `LimiterWait`, and `Refused` when the
    question itself is wrong. Each ends within 45 seconds.

    Making one raises `InvalidSetting` when the address would send the passkey unencrypted.

    Args:
        settings: Address and credentials.
        limiter: Its pace must keep two seconds between calls; give it a store, so that a crash forgets nothing.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self,
        settings: HdbitsSettings,
        limiter: Limiter,
        *,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        _require_encryption(settings.url)
        self._settings = settings
        self._base = settings.url.rstrip("/")
        self._limiter = limiter
        self._wire = Wire(_PROFILE, observer=observer, transport=transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def check(self) -> None:
        """Ask for one torrent, which shows that address and credentials are right."""
        with self._wire.operation("check"):
            await self._ask({}, limit=1, page=0)

    async def search(self, imdb_id: str, *, page: int = 0) -> HdbitsPage:
        """Return what HDBits has of a movie.

        Args:
            imdb_id: `tt` and digits.
            page: Counted from 0; ask for the next one while a page is full.

        Raises:
            NotFound: HDBits cannot make anything of the IMDb number.
            Refused: It is no IMDb number, or that of a series.
        """
        with self._wire.operation("search"):
            number = _imdb_number(imdb_id)
            return await self._ask({"imdb": {"id": number}}, limit=PAGE_SIZE, page=page)

    async def recent(self, *, page: int = 0) -> HdbitsPage:
        """Return the latest uploads, newest first. Pages are counted from 0."""
        with self._wire.operation("recent"):
            return await self._ask({}, limit=PAGE_SIZE, page=page)

    async def download(self, torrent_id: int, *, announced: str) -> DeliveredTorrent:
        """Fetch a .torrent and hold it against the announced infohash. May count as a snatch: never fetch twice.

        Args:
            torrent_id: The number on HDBits.
            announced: The infohash from the search, 40 hex digits.

        Raises:
            NotFound: HDBits does not have it any more, and answers as HDBits does otherwise.
            InfohashMismatch: It delivered another torrent.
            InvalidTorrent: The torrent breaks a rule or is hostile.
        """
        with self._wire.operation("download"):
            passkey = self._settings.passkey.reveal()
            call = Call(
                "GET",
                f"{self._base}/download.php",
                params={"id": torrent_id, "passkey": passkey},
                # A second request may be a second snatch: reeld asks again only when it knows why.
                idempotent=False,
                body_cap=TORRENT_CAP,
                template="/download.php",
            )
            answer = await self._send(call)
            if answer.status in {404, 410}:
                # Below a wrong address nothing is there, which says nothing about this torrent.
                await self._ask({}, limit=1, page=0)
                what = f"{LABEL} does not have torrent {torrent_id} any more. Another one is tried."
                raise NotFound(what, reason="torrent_unavailable")
            _require_success(answer)
            return await read_torrent(answer, service=SERVICE, label=LABEL, announced=announced)

    async def _ask(self, question: dict[str, object], *, limit: int, page: int) -> HdbitsPage:
        body = {
            "username": self._settings.username,
            "passkey": self._settings.passkey.reveal(),
            **question,
            "limit": limit,
            "page": page,
        }
        headers = {"Accept": "application/json"}
        call = Call(
            "POST",
            f"{self._base}/api/torrents",
            headers=headers,
            json=body,
            idempotent=True,
            template="/api/torrents",
        )
        answer = await self._send(call)
        _require_success(answer)
        reply = await read_json(answer, _Reply, service=SERVICE, label=LABEL)
        found = read_page(_entries(reply), limit)
        if found.skipped:
            log.warning("entries_skipped", skipped=found.skipped, read=len(found.torrents))
        return found

    async def _send(self, call: Call) -> Answer:
        await self._limiter.turn()
        answer = await self._wire.send(call)
        try:
            if answer.status == 403:
                raise error_for_403(answer)
            refuse_common(answer, service=SERVICE, label=LABEL)
        except RateLimited as error:
            await self._limiter.hold_off(error.retry_after or 3600.0)
            raise
        return answer


def _require_encryption(url: str) -> None:
    address = httpx.URL(url)
    if address.scheme == "http" and f".{address.host}".endswith(".hdbits.org"):
        raise InvalidSetting(
            "hdbits.url", "must begin with https://, since the passkey travels with every call."
        )


def _require_success(answer: Answer) -> None:
    if not answer.is_success:
        raise ProtocolViolation(
            f"{LABEL}: {answer.origin} answered with HTTP {answer.status}. Check hdbits.url.",
            service=SERVICE,
            reason="unexpected_status",
        )


def _entries(reply: _Reply) -> list[msgspec.Raw]:
    """Return the list in `data`, or raise what the reply says went wrong."""
    try:
        status = int(reply.status)
    except ValueError:
        status = -1
    if status != 0:
        raise error_for_status(status)
    try:
        return decode_json(bytes(reply.data), list[msgspec.Raw])
    except msgspec.MsgspecError:
        raise ProtocolViolation(
            f"{LABEL} reported success without a list of torrents. reeld tries again by itself.",
            service=SERVICE,
            reason="unexpected_shape",
        ) from None


def _imdb_number(imdb_id: str) -> int:
    digits = imdb_id.removeprefix("tt")
    if not (digits.isascii() and digits.isdigit()) or int(digits[:20]) == 0:
        raise Refused(
            "The movie's IMDb number is none (tt and digits). Refresh it from TMDB.",
            reason="imdb_id",
        )
    return int(digits)
