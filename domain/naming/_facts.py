"""What the tokens of a template stand for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.movie import Movie
from reeld.domain.quality import FIRST_REVISION, Quality, Revision

if TYPE_CHECKING:
    # Settings hold templates, and every command reads settings: the parser of names is not loaded for that.
    from reeld.domain.custom_format import FormatMatch


@dataclass(frozen=True, slots=True)
class NamingFacts:
    """Everything that a name may tell of a movie and its file.

    Attributes:
        quality: None for folders, which outlive their files.
        release_title: The name that the file was grabbed under.
        original_filename: The downloaded file's name without its extension.
        custom_formats: The names of those that it has and that names show, in alphabetical order.
    """

    movie: Movie
    quality: Quality | None = None
    revision: Revision = FIRST_REVISION
    edition: str = ""
    release_group: str = ""
    release_title: str = ""
    original_filename: str = ""
    media: MediaFacts | None = None
    collection: str = ""
    certification: str = ""
    custom_formats: tuple[str, ...] = ()


def formats_shown(found: Iterable[FormatMatch] | None, shown: Collection[int]) -> tuple[str, ...]:
    """Return the names of the custom formats of a file that its name shows, as Radarr orders them.

    Args:
        found: The formats of the file; None when nobody knows.
        shown: The numbers of the formats that have `include_when_renaming`.
    """
    return tuple(sorted(each.name for each in found or () if each.id in shown))


_ARTICLE: Final = re.compile(r"^(The|An|A)\s+(.+?)((?:\s*\([^()]*\))*)$", re.IGNORECASE)
_EDITION_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|['’])*")
_ACRONYMS: Final = frozenset({"imax", "3d", "hdr", "sdr", "dv", "dc"})
_DROPPED: Final = re.compile(r"['’‘`´,;.…]+(?=\s|$)|['’‘`´]")
_SPACED: Final = re.compile(r"[\[\](){}/\\|:_]|(?<=\s)[-–—`´]+(?=\s)|[?]")


def _article_last(title: str) -> str:
    found = _ARTICLE.match(title)
    return f"{found[2]}, {found[1]}{found[3]}" if found else title


def _clean(title: str) -> str:
    """Return a title without accents and most punctuation, as Radarr cleans it."""
    words = _SPACED.sub(" ", _DROPPED.sub("", title.replace("&", "and")))
    folded = unicodedata.normalize("NFKD", words)
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _clean_article_last(title: str) -> str:
    found = _ARTICLE.match(title)
    if found is None:
        return _clean(title)
    return " ".join(f"{_clean(found[2])}, {found[1]} {_clean(found[3])}".split())


def _edition(text: str) -> str:
    """Write an edition's words large: `director's CUT` is `Director's Cut`, `imax` is `IMAX`."""
    return _EDITION_WORD.sub(
        lambda found: found[0].upper() if found[0].lower() in _ACRONYMS else found[0].capitalize(),
        text,
    )


def _first_character(title: str) -> str:
    bare = _article_last(title)
    folded = unicodedata.normalize("NFKD", bare.replace("Æ", "A").replace("Œ", "O"))
    first = next((char for char in folded if char.isalnum()), "_")
    return unicodedata.normalize("NFC", first).upper()[:1] if first.isascii() else _syllable(bare)


def _syllable(title: str) -> str:
    return next(char for char in title if char.isalnum()).upper()[:1]


def _proper(facts: NamingFacts) -> str:
    if facts.revision.version <= 1:
        return ""
    return "Repack" if facts.revision.is_repack else "Proper"


def _real(facts: NamingFacts) -> str:
    return "REAL" if facts.revision.real else ""


def _quality(facts: NamingFacts) -> str:
    return facts.quality.label if facts.quality else ""


def _quality_full(facts: NamingFacts) -> str:
    return " ".join(filter(None, (_quality(facts), _proper(facts), _real(facts))))


_Media = Callable[[MediaFacts], str]
_LAYOUTS: Final = {1: "1.0", 2: "2.0", 3: "2.1", 6: "5.1", 7: "6.1", 8: "7.1", 12: "7.1.4"}


def _first_track(media: MediaFacts) -> AudioTrack | None:
    return media.audio[0] if media.audio else None


def _audio_codec(media: MediaFacts) -> str:
    track = _first_track(media)
    return track.codec if track else ""


def _channels(media: MediaFacts) -> str:
    track = _first_track(media)
    return _LAYOUTS.get(track.channels, f"{track.channels}.0") if track and track.channels else ""


def _languages(codes: tuple[str | None, ...]) -> str:
    return "+".join(dict.fromkeys(code.upper() for code in codes if code))


def _audio_languages(media: MediaFacts) -> str:
    return _languages(tuple(track.language for track in media.audio))


def _unless_english(codes: str) -> str:
    return "" if codes == "EN" else _bracketed(codes)


def _bracketed(codes: str) -> str:
    return f"[{codes}]" if codes else ""


def _simple(media: MediaFacts) -> str:
    return f"{media.video_codec} {_audio_codec(media)}".strip()


def _full(media: MediaFacts) -> str:
    audio = _unless_english(_audio_languages(media))
    return f"{_simple(media)}{audio} {_bracketed(_languages(media.subtitles))}".strip()


_MEDIA_TOKENS: Final[Mapping[str, _Media]] = {
    "video": lambda media: media.video_codec,
    "videocodec": lambda media: media.video_codec,
    "videobitdepth": lambda media: str(media.bit_depth or ""),
    "videodynamicrange": lambda media: "" if media.dynamic_range is DynamicRange.SDR else "HDR",
    "videodynamicrangetype": lambda media: media.dynamic_range.value,
    "audio": _audio_codec,
    "audiocodec": _audio_codec,
    "audiochannels": _channels,
    "audiolanguages": lambda media: _unless_english(_audio_languages(media)),
    "audiolanguagesall": lambda media: _bracketed(_audio_languages(media)),
    "subtitlelanguages": lambda media: _bracketed(_languages(media.subtitles)),
    "subtitlelanguagesall": lambda media: _bracketed(_languages(media.subtitles)),
    "3d": lambda media: "3D" if media.is_3d else "",
    "simple": _simple,
    "full": _full,
}


def _of_media(token: _Media) -> Callable[[NamingFacts], str]:
    return lambda facts: token(facts.media) if facts.media else ""


TOKENS: Final[Mapping[str, Callable[[NamingFacts], str]]] = {
    "movietitle": lambda facts: facts.movie.title,
    "moviecleantitle": lambda facts: _clean(facts.movie.title),
    "movietitlethe": lambda facts: _article_last(facts.movie.title),
    "moviecleantitlethe": lambda facts: _clean_article_last(facts.movie.title),
    "movietitlefirstcharacter": lambda facts: _first_character(facts.movie.title),
    "movieoriginaltitle": lambda facts: facts.movie.original_title or "",
    "moviecleanoriginaltitle": lambda facts: _clean(facts.movie.original_title or ""),
    "moviecertification": lambda facts: facts.certification,
    "moviecollection": lambda facts: facts.collection,
    "moviecollectionthe": lambda facts: _article_last(facts.collection),
    "releaseyear": lambda facts: str(facts.movie.year or ""),
    "editiontags": lambda facts: _edition(facts.edition),
    "imdbid": lambda facts: facts.movie.imdb_id or "",
    "tmdbid": lambda facts: str(facts.movie.tmdb_id),
    "qualityfull": _quality_full,
    "qualitytitle": _quality,
    "qualityproper": _proper,
    "qualityreal": _real,
    "releasegroup": lambda facts: facts.release_group,
    "originaltitle": lambda facts: facts.release_title or facts.original_filename,
    "customformat": lambda facts: " ".join(facts.custom_formats),
    "customformats": lambda facts: " ".join(facts.custom_formats),
    "originalfilename": lambda facts: facts.original_filename,
    **{f"mediainfo{name}": _of_media(token) for name, token in _MEDIA_TOKENS.items()},
}
"""Every token by its letters alone: `{Movie Title}`, `{movie.title}` and `{Movie_Title}` are one."""
