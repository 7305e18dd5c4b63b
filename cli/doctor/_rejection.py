"""Credentials that qBittorrent has rejected: it bans after five wrong logins, so nobody tries them twice."""

from __future__ import annotations

import time
from typing import Final

import trio

from reeld.actors.kernel import BreakerState, StoredBreaker
from reeld.actors.service import mark_of_qbittorrent
from reeld.cli.doctor._findings import Finding, failed
from reeld.cli.doctor._patient import Patient
from reeld.domain.errors import CredentialsRejected, ReeldError
from reeld.domain.settings import QbittorrentSettings
from reeld.storage.repositories import Breakers

_BREAKER: Final = "qbit"
_REASON: Final = CredentialsRejected.default_reason
_SECONDS: Final = 6 * 3600.0
"""For so long a rejection is believed, as the daemon does, which then tries once more."""


async def rejection_of(patient: Patient, settings: QbittorrentSettings) -> Finding | None:
    """Return that these credentials were rejected, as the daemon or an earlier visit saw it."""
    return await _seen_by_daemon(patient, settings) or await _seen_here(patient, settings)


async def note_rejection(patient: Patient, settings: QbittorrentSettings) -> None:
    """Leave for the next visit that these credentials were rejected."""
    kept = await trio.to_thread.run_sync(patient.note, "qbittorrent")
    await kept.write({"rejected": _mark(settings), "at": time.time()})


async def _seen_by_daemon(patient: Patient, settings: QbittorrentSettings) -> Finding | None:
    async with patient.database("breaker") as database:
        if database is None:
            return None
        try:
            stored = await Breakers(database, StoredBreaker).load(_BREAKER)
        except ReeldError:
            return None
    if stored is None or stored.settings_mark != _mark(settings):
        return None
    if stored.state != BreakerState.FORCED_OPEN or stored.reason != _REASON:
        return None
    sentence = (
        "The daemon saw qBittorrent reject these credentials, so this check does not try them too: correct"
        " qbittorrent.username and qbittorrent.password. If they are right now, POST"
        f" /control/actors/{_BREAKER}/breakers/reset."
    )
    return failed("qbittorrent", sentence, configured=True, reason=_REASON)


async def _seen_here(patient: Patient, settings: QbittorrentSettings) -> Finding | None:
    kept = await trio.to_thread.run_sync(patient.note, "qbittorrent")
    seen = await kept.read()
    if seen is None or seen.get("rejected") != _mark(settings):
        return None
    at = seen.get("at")
    if not isinstance(at, int | float) or not 0 <= time.time() - at <= _SECONDS:
        return None
    sentence = (
        "qBittorrent rejected these credentials when this check last tried them, and is not asked again, so that it"
        " does not ban this machine: correct qbittorrent.username and qbittorrent.password, or qbittorrent.api_key. If they are right now,"
        f" remove {kept.path} first."
    )
    return failed("qbittorrent", sentence, configured=True, reason=_REASON)


def _mark(settings: QbittorrentSettings) -> str:
    # As short as the daemon's own: enough to notice a change, too little to give a password away.
    return mark_of_qbittorrent(settings)
