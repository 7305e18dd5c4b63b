"""Puts the readings of a release name together."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.parsing._audio import read_audio
from reeld.domain.parsing._bounds import Bounds, find_bounds
from reeld.domain.parsing._edition import read_editions
from reeld.domain.parsing._group import read_group
from reeld.domain.parsing._hardcoded import read_hardcoded
from reeld.domain.parsing._language import read_languages
from reeld.domain.parsing._parsed import ParsedRelease
from reeld.domain.parsing._picture import Picture, read_picture, words
from reeld.domain.parsing._quality import quality_of
from reeld.domain.parsing._revision import read_revision
from reeld.domain.parsing._service import read_service
from reeld.domain.parsing._tidy import LONGEST_NAME, tidy
from reeld.domain.parsing._title import read_title
from reeld.domain.parsing._video import read_video
from reeld.domain.parsing._vocabulary import DATE, EPISODE, FIRM
from reeld.domain.quality import QualitySource

_SD_CODEC: Final = words(r"xvid|divx")
_EPISODE_NUMBER: Final = words(r"s\d{1,2} ?e\d{1,3}")
_IMDB: Final = re.compile(r"(?<![^\W_])(tt\d{7,9})(?!\d)", re.IGNORECASE)
_TMDB: Final = re.compile(r"(?<![^\W_])tmdb(?:id)?[ \-=:]?(\d{1,9})(?!\d)", re.IGNORECASE)


def parse_release_name(name: str) -> ParsedRelease:
    """Read what a release name says. Never raises, whatever the text.

    Takes about a millisecond for most names, and some for the longest: keep feeds of them off the
    event loop.
    """
    tidied = tidy(name)
    bounds = find_bounds(tidied.flat)
    group = read_group(tidied.text, bounds.tail_start)
    tail = _tail(tidied.flat, bounds, group.start)
    title = read_title(
        tidied.text[bounds.title_start : bounds.title_end],
        has_year=bounds.year is not None and bounds.tail_start > bounds.title_end,
        after=tidied.flat[bounds.tail_start :],
    )
    picture = read_picture(tail, tidied.extension)
    video, audio = read_video(tail), read_audio(tail)
    imdb, tmdb = _IMDB.search(tidied.flat), _TMDB.search(tidied.flat)
    return ParsedRelease(
        name=name[:LONGEST_NAME],
        title=title.text,
        alternative_titles=title.alternatives,
        year=bounds.year,
        source=picture.source,
        resolution=picture.resolution,
        modifier=picture.modifier,
        quality=quality_of(
            picture, tidied.extension, is_sd_codec=bool(_SD_CODEC.search(tidied.flat))
        ),
        revision=read_revision(tidied.flat, bounds.title_end),
        editions=read_editions(title.edition, tail),
        languages=read_languages(f"{title.language} {tail}", tidied.flat),
        group=group.name,
        dynamic_range=video.dynamic_range,
        audio=audio.formats,
        channels=audio.channels,
        video_codec=video.codec,
        bit_depth=video.bit_depth,
        service=read_service(tail),
        hardcoded_subs=read_hardcoded(tail),
        is_episode=_is_episode(tidied.flat, bounds),
        is_unparseable=_is_unparseable(bounds.is_marked, picture),
        imdb_id=imdb[1].lower() if imdb else None,
        tmdb_id=int(tmdb[1]) if tmdb else None,
    )


def _tail(flat: str, bounds: Bounds, group_start: int) -> str:
    """Return what follows the title, and brackets before it that speak of the release."""
    front = flat[: bounds.title_start]
    tail = flat[bounds.title_end : max(group_start, bounds.title_end)]
    return f"{front} {tail}" if FIRM.search(front) else tail


def _is_episode(flat: str, bounds: Bounds) -> bool:
    """Whether a season, an episode or a date follows the title; further on only "S01E02" says so."""
    dates = DATE.finditer(flat, max(bounds.title_end - 20, bounds.title_start))
    if any(date.start() < bounds.tail_start and date.end() > bounds.title_end for date in dates):
        return True
    follows = any(
        EPISODE.match(flat, _past_signs(flat, at)) for at in {bounds.title_end, bounds.tail_start}
    )
    return follows or bool(_EPISODE_NUMBER.search(flat, bounds.title_end))


def _past_signs(flat: str, at: int) -> int:
    return len(flat) - len(flat[at:].lstrip(" -(["))


def _is_unparseable(is_marked: bool, picture: Picture) -> bool:
    says_nothing = picture.source is QualitySource.UNKNOWN and not picture.resolution
    return says_nothing and not is_marked
