"""TMDB, HDBits and the feeds: does each answer, and does it accept us?"""

from __future__ import annotations

import time
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from typing import Final

import trio

from reeld.actors.limiting import StoredLimits
from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.doctor._notes import NotedLimits
from reeld.cli.doctor._patient import Patient
from reeld.domain.errors import RateLimited, ReeldError, ServiceError
from reeld.domain.settings import FeedSettings, HdbitsSettings, TmdbSettings
from reeld.services.feeds import FeedClient, FeedNotModified
from reeld.services.hdbits import HdbitsClient
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.services.tmdb import TmdbClient
from reeld.services.transport import Call, Profile, Wire

PATIENCE_SECONDS: Final = 5.0
"""How long a check waits for its turn at a limiter."""
SKEW_SECONDS: Final = 60.0
_ONE_CALL: Final = "one call was made, and counts like any other"


async def check_tmdb(patient: Patient) -> list[Finding]:
    """Ask TMDB whether the token is right, and what time it is."""
    settings = patient.settings.tmdb
    if settings is None:
        sentence = (
            "TMDB is not configured, so that no movie can be found: make a token at themoviedb.org/settings/api and set"
            " REELD_TMDB_TOKEN."
        )
        return [warned("tmdb", sentence, configured=False)]
    try:
        async with aclosing(TmdbClient(settings, Limiter("tmdb", Pace(1.0)))) as client:
            await client.check()
    except ReeldError as error:
        return [_trouble("tmdb", error)]
    return [
        passed("tmdb", "TMDB accepts the token.", configured=True),
        *await _check_clock(settings),
    ]


async def _check_clock(settings: TmdbSettings) -> list[Finding]:
    """Compare the clock with the `Date` of an answer. Asked without the token: any answer has a date."""
    profile = Profile("tmdb", "TMDB", deadline=10.0, connections=1)
    async with aclosing(Wire(profile)) as wire:
        try:
            with wire.operation("clock"):
                answer = await wire.send(Call("GET", f"{settings.url.rstrip('/')}/"))
        except ReeldError:
            return []
    found = judge_clock(answer.headers.get("date"), answer.headers.get("age"), time.time())
    return [] if found is None else [found]


def judge_clock(date: str | None, age: str | None, now: float) -> Finding | None:
    """Return what an answer's `Date` says about this machine's clock; None when it says nothing.

    Args:
        date: The header, when the answer was made.
        age: The header `Age`: how long a cache kept it since, in seconds.
        now: This machine's time, in seconds since the epoch.
    """
    try:
        then = parsedate_to_datetime(date or "").timestamp()
        then += int(age) if age and age.isdigit() else 0
    except (ValueError, OverflowError):
        return None
    skew = round(now - then)
    if abs(skew) <= SKEW_SECONDS:
        return passed("clock", "This machine's clock is right.", skew_seconds=skew)
    sentence = (
        f"This machine's clock is {abs(skew)} s {'ahead' if skew > 0 else 'behind'}: switch on time synchronisation"
        " (timedatectl set-ntp true)."
    )
    return warned("clock", sentence, skew_seconds=skew)


async def check_hdbits(patient: Patient) -> list[Finding]:
    """Make one call to HDBits, unless it or our own limiter wants to be left alone."""
    settings = patient.settings.hdbits
    if settings is None:
        sentence = (
            "HDBits is not configured: set REELD_HDBITS_USERNAME and REELD_HDBITS_PASSKEY; your profile there shows the"
            " passkey."
        )
        return [warned("hdbits", sentence, configured=False)]
    pace = Pace.per_hour(settings.calls_per_hour, gap=settings.spacing_seconds)
    noted = NotedLimits(await trio.to_thread.run_sync(patient.note, "hdbits"))
    async with patient.database("limiter") as database:
        # Where the daemon looks, if that can be reached: this call is one of those that it keeps apart.
        store = noted if database is None else StoredLimits(database)
        limiter = Limiter("hdbits", pace, store=store, max_wait=PATIENCE_SECONDS)
        return [await _ask_hdbits(settings, limiter)]


async def _ask_hdbits(settings: HdbitsSettings, limiter: Limiter) -> Finding:
    try:
        async with aclosing(HdbitsClient(settings, limiter)) as client:
            await client.check()
    except LimiterWait as error:
        wait = round(error.retry_after or 0.0)
        sentence = f"HDBits was not asked: reeld keeps its calls apart, and the next one is allowed in {wait} s."
        return warned("hdbits", sentence, configured=True, retry_after=wait)
    except ReeldError as error:
        return _trouble("hdbits", error)
    return passed("hdbits", f"HDBits accepts user name and passkey ({_ONE_CALL}).", configured=True)


async def check_feeds(patient: Patient) -> list[Finding]:
    """Read every feed once."""
    feeds = patient.settings.feeds
    if not feeds:
        return [_no_feeds(patient)]
    found: dict[str, Finding] = {}

    async def read(feed: FeedSettings) -> None:
        found[feed.name] = await _read_feed(feed)

    async with trio.open_nursery() as nursery:
        for feed in feeds:
            nursery.start_soon(read, feed)
    return [found[feed.name] for feed in feeds]


def _no_feeds(patient: Patient) -> Finding:
    example = """REELD_FEEDS='[{"name": "...", "url": "https://..."}]'"""
    if patient.settings.hdbits is not None:
        return passed("feeds", f"No feed is configured; {example} adds one.", configured=False)
    return warned("feeds", f"No feed is configured: set {example}.", configured=False)


async def _read_feed(feed: FeedSettings) -> Finding:
    try:
        async with aclosing(FeedClient(feed)) as client:
            page = await client.fetch()
    except ReeldError as error:
        return _trouble("feeds", error, feed=feed.name)
    items = () if isinstance(page, FeedNotModified) else page.items
    usable = sum(1 for item in items if item.torrent is not None)
    observed = {"feed": feed.name, "items": len(items), "torrents": usable}
    if usable:
        return passed("feeds", f"Feed {feed.name} offers {usable} torrents.", **observed)
    what = "is empty" if not items else "has items, but no .torrent in any of them"
    sentence = f"Feed {feed.name} {what}: check that its address is that of a feed of torrents."
    return warned("feeds", sentence, **observed)


def _trouble(check: str, error: ReeldError, **observed: object) -> Finding:
    observed = {"reason": error.reason, **observed}
    if isinstance(error, ServiceError) and error.retry_after is not None:
        observed["retry_after"] = error.retry_after
    if isinstance(error, RateLimited):
        return warned(check, error.sentence, **observed)
    return failed(check, error.sentence, **observed)
