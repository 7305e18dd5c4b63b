"""A whole outside for reeld: TMDB, HDBits, a feed and qBittorrent on loopback, with movies that can be had there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trio

from reeld.domain.secret import Secret
from reeld.domain.settings import (
    FeedSettings,
    HdbitsSettings,
    QbittorrentSettings,
    TmdbSettings,
)
from reeld.simulators.catalogue import FILMS, Film
from reeld.simulators.hdbits import Codec, HdbitsSimulator, Medium, Upload
from reeld.simulators.matroska import VideoCodec
from reeld.simulators.offers import OFFERS, Offer, Source
from reeld.simulators.qbittorrent import QbittorrentSimulator
from reeld.simulators.rss import FeedItem, RssSimulator
from reeld.simulators.serving import serve_app
from reeld.simulators.simulator import Simulator
from reeld.simulators.tmdb import TmdbSimulator
from reeld.simulators.torrents import Content, Torrent

_ANNOUNCE = "http://127.0.0.1:9/announce"  # the discard port: nobody tracks these torrents
_FIRST_ID = 700_001
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Release:
    """An offer with its torrent, as the world publishes it."""

    offer: Offer
    torrent: Torrent
    id: int
    """Its number on HDBits or in the feed."""


class World:
    """The simulators and what they offer, all consistent with each other.

    Every torrent that HDBits or the feed hands out has the announced infohash, holds true piece hashes, and is known
    to qBittorrent, which writes its files when asked to download it. Open one with `World.open`.

    Attributes:
        directory: Everything is below it: `downloads/` and qBittorrent's session.
        films: The movies that TMDB knows.
        releases: All releases by infohash.
    """

    def __init__(
        self,
        directory: Path,
        releases: Sequence[Release],
        films: Sequence[Film] = FILMS,
        version: str = "5.1.4",
    ) -> None:
        self.directory = directory
        self.films = tuple(films)
        self.releases: dict[str, Release] = {}
        self.downloads = directory / "downloads"
        self._contents: dict[str, Sequence[Content]] = {}
        self._metadata: dict[str, bytes] = {}
        self._unpublished: list[FeedItem] = []
        self.tmdb = TmdbSimulator(films)
        self.hdbits = HdbitsSimulator()
        self.rss = RssSimulator()
        self.qbittorrent = QbittorrentSimulator(
            self.downloads,
            self._contents,
            version=version,
            folder=directory / "qbittorrent",
            metadata=self._metadata,
        )
        for release in releases:
            self._add(release)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        directory: Path,
        *,
        seed: int = 0,
        download_seconds: float = 8.0,
        rss_after: float = 0.0,
        version: str = "5.1.4",
        offers: Sequence[Offer] = OFFERS,
        films: Sequence[Film] = FILMS,
        announce: str = _ANNOUNCE,
    ) -> AsyncIterator[Self]:
        """Build a world and serve it inside the block, each simulator on a port of its own.

        Args:
            directory: Made when it is missing; a world opened on it again still has its downloads.
            seed: Another seed gives other bytes and infohashes; the same one gives the same.
            download_seconds: How long each download takes.
            rss_after: Seconds until the feed's items arrive; with 0 they are there from the start.
            version: Which qBittorrent it is.
            offers: The releases there are.
            films: The movies that TMDB knows.
            announce: The tracker that all torrents name.
        """
        releases = await trio.to_thread.run_sync(_make, offers, str(seed), announce)
        world = cls(directory, releases, films, version)
        world.qbittorrent.turn(download_seconds=download_seconds)
        async with trio.open_nursery() as nursery:
            for simulator in world.simulators:
                await nursery.start(serve_app, simulator)
            nursery.start_soon(world._publish_after, rss_after)
            yield world
            nursery.cancel_scope.cancel()

    @property
    def simulators(self) -> tuple[Simulator, ...]:
        """All four."""
        return self.tmdb, self.hdbits, self.rss, self.qbittorrent

    def films_from(self, source: Source) -> list[Film]:
        """The movies that have a good release there, in the catalogue's order."""
        good = {
            release.offer.film.tmdb_id
            for release in self.releases.values()
            if release.offer.source is source and release.offer.flaw is None
        }
        return [film for film in self.films if film.tmdb_id in good]

    def releases_of(self, film: Film) -> list[Release]:
        """All releases of a movie, bad ones too."""
        return [one for one in self.releases.values() if one.offer.film.tmdb_id == film.tmdb_id]

    def publish_feed(self) -> None:
        """Let the items that wait appear in the feed now."""
        for item in self._unpublished:
            self.rss.publish(item)
        self._unpublished.clear()

    # What reeld has to be told ------------------------------------------------------------------------------------------

    def tmdb_settings(self) -> TmdbSettings:
        """How to reach TMDB."""
        return TmdbSettings(token=Secret(self.tmdb.token), url=self.tmdb.url)

    def hdbits_settings(
        self, *, poll_seconds: float = 5.0, spacing_seconds: float = 2.0
    ) -> HdbitsSettings:
        """How to reach HDBits."""
        return HdbitsSettings(
            username=self.hdbits.username,
            passkey=Secret(self.hdbits.passkey),
            url=self.hdbits.url,
            poll_seconds=poll_seconds,
            spacing_seconds=spacing_seconds,
            calls_per_hour=10_000,
        )

    def qbittorrent_settings(self, *, poll_seconds: float = 0.5) -> QbittorrentSettings:
        """How to reach qBittorrent."""
        username, password = self.qbittorrent.credentials
        return QbittorrentSettings(
            url=self.qbittorrent.url,
            username=username,
            password=Secret(password),
            poll_seconds=poll_seconds,
        )

    def feed_settings(
        self, *, interval_seconds: float = 2.0, spacing_seconds: float = 0.0
    ) -> FeedSettings:
        """How to reach the feed."""
        url = Secret(self.rss.feed_url)
        return FeedSettings("open-movies", url, interval_seconds, spacing_seconds)

    # Building ---------------------------------------------------------------------------------------------------------

    def _add(self, release: Release) -> None:
        torrent, offer = release.torrent, release.offer
        self.releases[torrent.infohash] = release
        self._metadata[torrent.infohash] = torrent.data
        self._contents[torrent.infohash] = [file.content for file in torrent.files]
        if offer.source is Source.HDBITS:
            self.hdbits.upload(_upload(release))
        else:
            self._unpublished.append(_item(release))

    async def _publish_after(self, seconds: float) -> None:
        await trio.sleep(seconds)
        self.publish_feed()


def _make(offers: Sequence[Offer], seed: str, announce: str) -> list[Release]:
    return [
        Release(offer, offer.torrent(announce=announce, seed=seed), number)
        for number, offer in enumerate(offers, start=_FIRST_ID)
    ]


def _upload(release: Release) -> Upload:
    offer = release.offer
    return Upload(
        id=release.id,
        torrent=release.torrent,
        filename=f"{offer.name}.torrent",
        name=offer.display_name,
        film=offer.film,
        added=_added(release),
        seeders=offer.seeders,
        codec=Codec.HEVC if offer.video is VideoCodec.HEVC else Codec.H264,
        medium=_medium(offer.name),
    )


def _medium(name: str) -> Medium:
    if "REMUX" in name:
        return Medium.REMUX
    return Medium.WEB_DL if "WEB-DL" in name else Medium.ENCODE


def _item(release: Release) -> FeedItem:
    offer = release.offer
    return FeedItem(
        id=release.id,
        title=offer.name,
        torrent=release.torrent,
        published=_added(release),
        seeders=offer.seeders,
        imdb_id=offer.film.imdb_id,
    )


def _added(release: Release) -> float:
    # One an hour, the last one an hour ago.
    return time.time() - _HOUR * (1 + _FIRST_ID + len(OFFERS) - release.id)
