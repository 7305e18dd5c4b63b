"""Releases of the catalogue's movies: good ones, and the kinds of bad ones that every indexer has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from reeld.simulators import catalogue as films
from reeld.simulators.catalogue import Film
from reeld.simulators.matroska import AudioCodec, Matroska, VideoCodec
from reeld.simulators.torrents import PayloadFile, Text, Torrent, folder, single_file

_MEGABYTE = 1_000_000
_SIZES = {"2160p": (3840, 2160), "1080p": (1920, 1080), "720p": (1280, 720)}
_STANDARD_DEFINITION = (720, 480)
_SAMPLE_SECONDS = 45.0
# Every dot but those of 5.1 and H.264; the one behind a year is no part of a number.
_SPACED_DOT = re.compile(r"(?<![0-9H])[.]|[.](?![0-9])|(?<=[0-9]{4})[.]")


class Source(StrEnum):
    """Where a release shows up."""

    HDBITS = "hdbits"
    RSS = "rss"


class Layout(StrEnum):
    """What is in a release's torrent."""

    FILE = "file"
    """The movie alone."""
    FOLDER = "folder"
    """A folder with the movie, a sample and an nfo."""
    SAMPLE = "sample"
    """Only a short piece of the movie, whatever the name says."""


class Flaw(StrEnum):
    """Why nobody should want a release."""

    WRONG_YEAR = "wrong_year"
    SAMPLE = "sample"
    NO_SEEDERS = "no_seeders"
    CAM = "cam"


@dataclass(frozen=True, slots=True)
class Offer:
    """A release that an indexer offers."""

    film: Film
    name: str
    megabytes: int
    seeders: int
    layout: Layout = Layout.FILE
    source: Source = Source.HDBITS
    flaw: Flaw | None = None

    @property
    def resolution(self) -> tuple[int, int]:
        """Width and height in pixels, as the name says."""
        named = re.search(r"\b(2160p|1080p|720p)\b", self.name)
        return _SIZES[named[1]] if named else _STANDARD_DEFINITION

    @property
    def video(self) -> VideoCodec:
        """The video codec, as the name says."""
        if re.search(r"\b(x265|HEVC|H\.265)\b", self.name):
            return VideoCodec.HEVC
        return VideoCodec.AV1 if ".AV1" in self.name else VideoCodec.AVC

    @property
    def audio(self) -> AudioCodec:
        """The audio codec, as the name says."""
        named = {"DTS": AudioCodec.DTS, "DDP": AudioCodec.EAC3, "AAC": AudioCodec.AAC}
        return next((codec for mark, codec in named.items() if mark in self.name), AudioCodec.AC3)

    @property
    def display_name(self) -> str:
        """The name with spaces, as HDBits shows it."""
        base, _, group = self.name.rpartition("-")
        return f"{_SPACED_DOT.sub(' ', base)}-{group}"

    def torrent(self, *, announce: str, seed: str) -> Torrent:
        """Make the release's torrent. Hashes all of it: call it in a thread.

        Args:
            announce: The tracker's URL.
            seed: Another seed gives other bytes, so other infohashes.
        """
        seconds = _SAMPLE_SECONDS if self.layout is Layout.SAMPLE else self.film.runtime * 60.0
        movie = self._movie(seconds, self.megabytes * _MEGABYTE, seed)
        if self.layout is not Layout.FOLDER:
            return single_file(f"{self.name}.mkv", movie, announce=announce)
        sample = self._movie(_SAMPLE_SECONDS, _MEGABYTE // 4, seed)
        nfo = Text(
            f"{self.name}\n\n{self.film.title} ({self.film.year})\n{self.film.imdb_id}\n".encode()
        )
        files = (
            PayloadFile((f"{self.name}.mkv",), movie),
            PayloadFile((f"{self.name}.nfo",), nfo),
            PayloadFile(("Sample", f"{self.name}-sample.mkv"), sample),
        )
        return folder(self.name, files, announce=announce)

    def _movie(self, seconds: float, size: int, seed: str) -> Matroska:
        width, height = self.resolution
        return Matroska(
            title=self.film.title,
            seconds=seconds,
            width=width,
            height=height,
            size=size,
            video=self.video,
            audio=self.audio,
            channels=6 if "5.1" in self.name else 2,
            language="deu" if self.film.language == "de" else "eng",
            seed=f"{seed}/{self.name}/{seconds}",
        )


_FOLDER, _SAMPLE, _RSS = Layout.FOLDER, Layout.SAMPLE, Source.RSS

OFFERS = (
    Offer(films.NIGHT_OF_THE_LIVING_DEAD, "Night.of.the.Living.Dead.1968.1080p.BluRay.x264.DTS-PUBDOM", 8, 41, _FOLDER),
    Offer(films.NIGHT_OF_THE_LIVING_DEAD, "Night.of.the.Living.Dead.1968.720p.WEB-DL.AAC2.0.H.264-OPEN", 4, 18),
    Offer(films.NIGHT_OF_THE_LIVING_DEAD, "Night.of.the.Living.Dead.1990.1080p.BluRay.x264-REMAKE", 4, 77, flaw=Flaw.WRONG_YEAR),
    Offer(films.NIGHT_OF_THE_LIVING_DEAD, "Night.of.the.Living.Dead.1968.2160p.UHD.BluRay.REMUX.HEVC.DTS-HD.MA-DEAD", 4, 0, flaw=Flaw.NO_SEEDERS),
    Offer(films.CHARADE, "Charade.1963.1080p.BluRay.x264.DD2.0-PUBDOM", 7, 33, _FOLDER),
    Offer(films.CHARADE, "Charade.1963.720p.BluRay.x264-OPEN", 4, 12),
    Offer(films.CHARADE, "Charade.1953.1080p.WEB-DL.AAC2.0.H.264-OTHER", 4, 9, flaw=Flaw.WRONG_YEAR),
    Offer(films.HIS_GIRL_FRIDAY, "His.Girl.Friday.1940.1080p.BluRay.REMUX.AVC.DTS-PUBDOM", 9, 21),
    Offer(films.HIS_GIRL_FRIDAY, "His.Girl.Friday.1940.720p.WEB-DL.AAC2.0.H.264-OPEN", 4, 15),
    Offer(films.HIS_GIRL_FRIDAY, "His.Girl.Friday.1940.HDCAM.x264-SHAKY", 3, 120, flaw=Flaw.CAM),
    Offer(films.NOSFERATU, "Nosferatu.1922.1080p.BluRay.x264.DTS-PUBDOM", 6, 52, _FOLDER),
    Offer(films.NOSFERATU, "Nosferatu.1922.DVDRip.x264-OPEN", 3, 8),
    Offer(films.NOSFERATU, "Nosferatu.2024.2160p.WEB-DL.DDP5.1.H.265-NEWER", 4, 310, flaw=Flaw.WRONG_YEAR),
    Offer(films.NOSFERATU, "Nosferatu.1922.480p.SAMPLE.x264-TEASER", 2, 5, _SAMPLE, flaw=Flaw.SAMPLE),
    Offer(films.METROPOLIS, "Metropolis.1927.1080p.BluRay.x265.DTS.5.1-PUBDOM", 8, 27),
    Offer(films.METROPOLIS, "Metropolis.1927.720p.BluRay.x264-OPEN", 4, 19),
    Offer(films.METROPOLIS, "Metropolis.2001.1080p.BluRay.x264-ANIME", 4, 64, flaw=Flaw.WRONG_YEAR),
    Offer(films.THE_GENERAL, "The.General.1926.1080p.BluRay.x264.DD2.0-PUBDOM", 6, 22, _FOLDER),
    Offer(films.THE_GENERAL, "The.General.1926.2160p.WEB-DL.HEVC-DEAD", 4, 0, flaw=Flaw.NO_SEEDERS),
    Offer(films.THE_GENERAL, "The.General.1998.1080p.BluRay.x264-IRISH", 4, 30, flaw=Flaw.WRONG_YEAR),
    Offer(films.BIG_BUCK_BUNNY, "Big.Buck.Bunny.2008.1080p.BluRay.x264.DTS.5.1-BLENDER", 6, 88, _FOLDER),
    Offer(films.BIG_BUCK_BUNNY, "Big.Buck.Bunny.2008.720p.WEB-DL.AAC2.0.H.264-BLENDER", 3, 40),
    Offer(films.BIG_BUCK_BUNNY, "Big.Buck.Bunny.2008.CAM.x264-SHAKY", 2, 3, flaw=Flaw.CAM),
    Offer(films.SINTEL, "Sintel.2010.1080p.BluRay.x264.DTS.5.1-BLENDER", 6, 73),
    Offer(films.SINTEL, "Sintel.2010.720p.WEB-DL.AAC2.0.H.264-BLENDER", 3, 31),
    Offer(films.SINTEL, "Sintel.2010.2160p.WEB-DL.AV1-DEAD", 4, 0, flaw=Flaw.NO_SEEDERS),
    Offer(films.ELEPHANTS_DREAM, "Elephants.Dream.2006.1080p.BluRay.x264-BLENDER", 5, 35),
    Offer(films.ELEPHANTS_DREAM, "Elephants.Dream.2006.720p.WEB-DL.AAC2.0.H.264-BLENDER", 3, 16),
    Offer(films.ELEPHANTS_DREAM, "Elephants.Dream.2006.480p.SAMPLE.x264-TEASER", 2, 4, _SAMPLE, flaw=Flaw.SAMPLE),
    Offer(films.TEARS_OF_STEEL, "Tears.of.Steel.2012.1080p.WEB-DL.DDP5.1.H.264-BLENDER", 6, 44, source=_RSS),
    Offer(films.TEARS_OF_STEEL, "Tears.of.Steel.2012.720p.WEB-DL.AAC2.0.H.264-BLENDER", 3, 20, source=_RSS),
    Offer(films.TEARS_OF_STEEL, "Tears.of.Steel.2012.CAM.x264-SHAKY", 2, 90, source=_RSS, flaw=Flaw.CAM),
    Offer(films.COSMOS_LAUNDROMAT, "Cosmos.Laundromat.2015.1080p.WEB-DL.AAC2.0.H.264-BLENDER", 5, 26, source=_RSS),
    Offer(films.COSMOS_LAUNDROMAT, "Cosmos.Laundromat.2015.720p.WEB-DL.AAC2.0.H.264-BLENDER", 3, 11, source=_RSS),
    Offer(films.COSMOS_LAUNDROMAT, "Cosmos.Laundromat.2018.1080p.WEB-DL.H.264-LATER", 3, 50, source=_RSS, flaw=Flaw.WRONG_YEAR),
)  # fmt: skip
"""Every movie has two good releases or one, and a bad one that looks tempting."""
