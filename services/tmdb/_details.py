"""From TMDB's details of a movie to reeld's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from reeld.domain.movie import Collection, MovieDetails, MovieStatus, ReleaseDates
from reeld.services.tmdb._lists import year_of
from reeld.services.transport import decode_json

_IMDB_ID: Final = re.compile(r"tt\d{7,10}")
_MOST_TITLES: Final = 100
_NAMING_LANGUAGES: Final = frozenset(
    [
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "no",
        "nb",
        "fi",
        "is",
        "pl",
        "cs",
        "sk",
        "hu",
        "ro",
        "el",
        "tr",
        "ru",
        "uk",
        "bg",
        "hr",
        "sr",
        "hi",
        "ta",
        "te",
        "ja",
        "ko",
        "zh",
        "th",
        "vi",
        "ar",
        "he",
        "fa",
    ]
)
"""In which releases are named. TMDB has translations into some sixty more languages, which only make an index large."""
_PREMIERE, _LIMITED, _THEATRICAL, _DIGITAL, _PHYSICAL = 1, 2, 3, 4, 5


class _Named(msgspec.Struct):
    name: str | None = None


class _Collection(msgspec.Struct):
    id: int
    name: str | None = None


class _Release(msgspec.Struct):
    release_date: str
    type: int
    certification: str | None = None


class _Country(msgspec.Struct):
    iso_3166_1: str
    release_dates: list[_Release] = []


class _Countries(msgspec.Struct):
    results: list[_Country] = []


class _ExternalIds(msgspec.Struct):
    imdb_id: str | None = None
    wikidata_id: str | None = None


class _AlternativeTitle(msgspec.Struct):
    title: str | None = None


class _AlternativeTitles(msgspec.Struct):
    titles: list[_AlternativeTitle] = []


class _TranslatedData(msgspec.Struct):
    title: str | None = None


class _Translation(msgspec.Struct):
    iso_639_1: str | None = None
    data: _TranslatedData | None = None


class _Translations(msgspec.Struct):
    translations: list[_Translation] = []


class MovieReply(msgspec.Struct):
    """`/3/movie/{id}` with what `APPENDED` asks for. Whatever TMDB cannot append is simply absent."""

    id: int
    title: str
    imdb_id: str | None = None
    original_title: str | None = None
    original_language: str | None = None
    release_date: str | None = None
    runtime: int | None = None
    overview: str | None = None
    status: str | None = None
    poster_path: str | None = None
    backdrop_path: str | None = None
    genres: list[_Named] = []
    belongs_to_collection: _Collection | None = None
    release_dates: _Countries | None = None
    external_ids: _ExternalIds | None = None
    alternative_titles: _AlternativeTitles | None = None
    translations: _Translations | None = None


APPENDED: Final = "release_dates,external_ids,alternative_titles,translations"


@dataclass(frozen=True, slots=True)
class _Dated:
    """A release with a date that could be read."""

    country: str
    type: int
    day: date
    certification: str


def parse_movie(raw: bytes, *, country: str, today: date) -> MovieDetails:
    """Read a stored answer again.

    Args:
        raw: The body as `TmdbClient.movie` returned it.
        country: Whose release dates and certification count first, such as `US`.
        today: Decides between announced, in cinemas and released.

    Raises:
        msgspec.MsgspecError: These are not such bytes.
    """
    return to_details(decode_json(raw, MovieReply), country=country, today=today)


def to_details(reply: MovieReply, *, country: str, today: date) -> MovieDetails:
    """Return what reeld keeps of a reply; empty texts and zeros become None."""
    releases = tuple(_releases(reply.release_dates))
    dates = _release_dates(releases, country)
    year = year_of(reply.release_date)
    external = reply.external_ids or _ExternalIds()
    return MovieDetails(
        tmdb_id=reply.id,
        title=reply.title,
        year=year,
        imdb_id=_imdb_id(reply.imdb_id, external.imdb_id),
        original_title=reply.original_title or None,
        original_language=reply.original_language or None,
        secondary_year=_secondary_year(releases, year),
        runtime_minutes=reply.runtime or None,
        alternative_titles=_other_titles(reply),
        overview=reply.overview or "",
        genres=tuple(genre.name for genre in reply.genres if genre.name),
        status=_status(reply, dates, today),
        release_dates=dates,
        certification=_certification(releases, country),
        collection=_collection(reply.belongs_to_collection),
        wikidata_id=external.wikidata_id or None,
        poster_path=reply.poster_path or None,
        backdrop_path=reply.backdrop_path or None,
    )


def _releases(countries: _Countries | None) -> Iterable[_Dated]:
    for country in countries.results if countries else ():
        for release in country.release_dates:
            try:
                # Midnight UTC stands for a calendar date; the time of day means nothing.
                day = date.fromisoformat(release.release_date[:10])
            except ValueError:
                continue
            yield _Dated(country.iso_3166_1, release.type, day, release.certification or "")


def _release_dates(releases: tuple[_Dated, ...], country: str) -> ReleaseDates:
    return ReleaseDates(
        in_cinemas=_first(releases, country, {_LIMITED, _THEATRICAL}),
        digital=_first(releases, country, {_DIGITAL}),
        physical=_first(releases, country, {_PHYSICAL}),
    )


def _first(releases: tuple[_Dated, ...], country: str, types: set[int]) -> date | None:
    """Return the first date in the country, else the first anywhere."""
    fitting = [release for release in releases if release.type in types]
    at_home = [release.day for release in fitting if release.country == country]
    return min(at_home or [release.day for release in fitting], default=None)


def _secondary_year(releases: tuple[_Dated, ...], year: int | None) -> int | None:
    """Return the year of the first showing when that is another one: a festival before the cinemas."""
    shown = [r.day.year for r in releases if r.type in {_PREMIERE, _LIMITED, _THEATRICAL}]
    first = min(shown, default=None)
    return first if first != year else None


def _certification(releases: tuple[_Dated, ...], country: str) -> str | None:
    known = (r.certification for r in releases if r.country == country and r.certification)
    return next(known, None)


def _status(reply: MovieReply, dates: ReleaseDates, today: date) -> MovieStatus:
    at_home = [day for day in (dates.digital, dates.physical) if day is not None]
    if any(day <= today for day in at_home):
        return MovieStatus.RELEASED
    if dates.in_cinemas is not None and dates.in_cinemas <= today:
        # Long after the cinemas it is out, whether or not anybody entered the date. 90 days, as Radarr does.
        long_ago = not at_home and (today - dates.in_cinemas).days > 90
        return MovieStatus.RELEASED if long_ago else MovieStatus.IN_CINEMAS
    known = dates.in_cinemas is not None or bool(at_home)
    return (
        MovieStatus.RELEASED if reply.status == "Released" and not known else MovieStatus.ANNOUNCED
    )


def _imdb_id(*candidates: str | None) -> str | None:
    return next((one for one in candidates if one and _IMDB_ID.fullmatch(one)), None)


def _collection(collection: _Collection | None) -> Collection | None:
    return Collection(collection.id, collection.name or "") if collection else None


def _other_titles(reply: MovieReply) -> tuple[str, ...]:
    """Return every further title that a release may bear, once, in TMDB's order: alternative titles, then translations."""
    listed = (
        [one.title for one in reply.alternative_titles.titles] if reply.alternative_titles else []
    )
    translations = reply.translations.translations if reply.translations else []
    spoken = _NAMING_LANGUAGES | {reply.original_language, None}
    listed += [one.data.title for one in translations if one.data and one.iso_639_1 in spoken]
    names = dict.fromkeys(title.strip() for title in listed if title and title.strip())
    return tuple(name for name in names if name != reply.title)[:_MOST_TITLES]
