"""What a release name says."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.domain.quality import Modifier, Quality, QualitySource, Revision


@dataclass(frozen=True, slots=True)
class ParsedRelease:
    """A release name, understood.

    Attributes:
        name: The name as it was given, cut to the longest length that is parsed.
        title: The movie's title; None when the name holds none.
        alternative_titles: Other readings of the title: both halves of `A AKA B`, or a reading that
            counts a doubtful last word in or out.
        year: The year that the name states.
        source, resolution, modifier: What the name states; resolution in lines, 0 when unknown.
        quality: The quality they come to.
        editions: As written: `Director's Cut`, `Extended`.
        languages: Radarr's names of the spoken languages; empty when none is named.
        group: Who made the release.
        dynamic_range: Such as `DV` and `HDR10`; empty when none is named.
        audio: Formats of the sound, such as `TrueHD` and `Atmos`.
        channels: Of the sound, such as `5.1`.
        video_codec: The encoder that is named (`x265`), else the standard (`H.265`).
        bit_depth: Bits of a sample of the picture.
        service: The streaming service that it was taken from, by its name: `Netflix`.
        hardcoded_subs: What the name says of subtitles burnt into the picture, such as `KORSUB`.
        is_episode: Whether the name is one of a series' episodes or seasons.
        is_unparseable: Whether nothing in the name identifies a release.
    """

    name: str
    title: str | None
    alternative_titles: tuple[str, ...]
    year: int | None
    source: QualitySource
    resolution: int
    modifier: Modifier
    quality: Quality
    revision: Revision
    editions: tuple[str, ...]
    languages: tuple[str, ...]
    group: str | None
    dynamic_range: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    channels: str | None = None
    video_codec: str | None = None
    bit_depth: int | None = None
    service: str | None = None
    hardcoded_subs: str | None = None
    is_episode: bool = False
    is_unparseable: bool = False
    imdb_id: str | None = None
    tmdb_id: int | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The title and its other readings."""
        return (self.title, *self.alternative_titles) if self.title else ()

    @property
    def is_hardcoded(self) -> bool:
        """Whether subtitles are burnt into the picture."""
        return self.hardcoded_subs is not None

    def to_json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "name": self.name,
            "title": self.title,
            "titles": list(self.titles),
            "year": self.year,
            "quality": self.quality.label,
            "source": self.source.value,
            "resolution": self.resolution or None,
            "modifier": self.modifier.value,
            "revision": self.revision.version,
            "real": self.revision.real,
            "repack": self.revision.is_repack,
            "editions": list(self.editions),
            "languages": list(self.languages),
            "group": self.group,
            "dynamic_range": list(self.dynamic_range),
            "audio": list(self.audio),
            "channels": self.channels,
            "video_codec": self.video_codec,
            "bit_depth": self.bit_depth,
            "service": self.service,
            "hardcoded_subs": self.hardcoded_subs,
            "episode": self.is_episode,
            "imdb_id": self.imdb_id,
            "tmdb_id": self.tmdb_id,
            "unparseable": self.is_unparseable,
        }
