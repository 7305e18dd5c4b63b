"""A .torrent from an address that a person gave."""

from __future__ import annotations

from typing import Final

import httpx

from reeld.domain.errors import NotFound, ProtocolViolation, Refused
from reeld.domain.secret import Secret
from reeld.domain.torrent import LONGEST_MAGNET, is_magnet
from reeld.services.torrents._reading import TORRENT_CAP, read_torrent
from reeld.services.transport import (
    AddressPolicy,
    Answer,
    Call,
    Observer,
    Profile,
    Wire,
    next_hop,
    refuse_common,
)

SERVICE: Final = "torrents"
_LABEL: Final = "This address"
_MOST_HOPS: Final = 4
_PROFILE: Final = Profile(
    SERVICE,
    _LABEL,
    deadline=20.0,
    body_cap=TORRENT_CAP,
    connections=2,
    policy=AddressPolicy.GLOBAL_ONLY,
    secret_address=True,
)


class LinkClient:
    """Fetches .torrent files from addresses that people give; nothing is sent along that is not in the address.

    Whoever gives an address need not be the owner of this machine: only addresses of the open internet are reached,
    redirects included.

    Args:
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self, *, observer: Observer | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._wire = Wire(_PROFILE, observer=observer, transport=transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def download(self, link: Secret) -> bytes:
        """Return the bytes of a .torrent that passed every check, or the magnet link that stands in its place.

        It may count as a download there: never fetch twice. Ends within 20 seconds. No error holds any part of an
        address but its host.

        Raises:
            Refused: The address may not be reached.
            NotFound: It is not there.
            ServiceDown, RateLimited, ProtocolViolation: Something else came, or nothing.
            InvalidTorrent: The torrent breaks a rule or is hostile.
        """
        with self._wire.operation("download"):
            answer = await self._follow(_required_address(link.reveal()))
            if isinstance(answer, bytes):
                return answer
            if answer.status in {404, 410}:
                what = f"{_LABEL} has no .torrent any more (HTTP {answer.status})."
                raise NotFound(what, reason="torrent_unavailable")
            refuse_common(answer, service=SERVICE, label=_LABEL)
            if not answer.is_success:
                raise _violation("unexpected_status", f"answers with HTTP {answer.status}")
            torrent = await read_torrent(answer, service=SERVICE, label=_LABEL, announced=None)
            return torrent.data

    async def _follow(self, url: str) -> Answer | bytes:
        for _ in range(_MOST_HOPS):
            answer = await self._wire.send(Call("GET", url, idempotent=False))
            if not answer.is_redirect:
                return answer
            location: str = answer.headers.get("location", "")
            if is_magnet(location):
                return location[: LONGEST_MAGNET + 1].encode()
            url = next_hop(answer, service=SERVICE, label=_LABEL, across_hosts=True)
        raise _violation("redirect_refused", "redirects in circles")


def _required_address(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Refused(
            "This is no web address: it begins with http:// or https:// and names a host.",
            reason="bad_address",
        )
    return url


def _violation(reason: str, what: str) -> ProtocolViolation:
    return ProtocolViolation(
        f"{_LABEL} {what}. Open it in a browser: a .torrent file must come.",
        service=SERVICE,
        reason=reason,
    )
