"""A movie and its file as Radarr writes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from reeld.domain.availability import MinimumAvailability, available_from
from reeld.domain.language import Language
from reeld.domain.library import MovieFile
from reeld.domain.matching import title_key
from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.movie import MovieDetails, MovieStatus
from reeld.domain.naming import NamingFacts, Template, folder_path
from reeld.domain.profile import QualityProfile
from reeld.domain.settings import Settings
from reeld.http.radarr_v3._quality import language, languages, quality_model
from reeld.http.radarr_v3._values import Json, day, moment, present
from reeld.storage.repositories.shelf import ShelvedMovie

_STATUSES: Final = {
    MovieStatus.ANNOUNCED: "announced",
    MovieStatus.IN_CINEMAS: "inCinemas",
    MovieStatus.RELEASED: "released",
    MovieStatus.DELETED: "deleted",
}
AVAILABILITIES: Final = {
    MinimumAvailability.ANNOUNCED: "announced",
    MinimumAvailability.IN_CINEMAS: "inCinemas",
    MinimumAvailability.RELEASED: "released",
}
_PICTURES: Final = "https://image.tmdb.org/t/p/original"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a movie's document needs beside the movie.

    Attributes:
        root_folder: Of movies that name none.
        folder_template: How a movie's folder is named.
        availability_delay_days: Of the settings.
        profiles: By number.
        now: The present (UTC).
    """

    root_folder: str
    folder_template: str
    profiles: dict[int, QualityProfile]
    now: datetime
    availability_delay_days: int = 0

    @classmethod
    def of(cls, settings: Settings, profiles: dict[int, QualityProfile], now: datetime) -> Shelf:
        """Take what the settings say."""
        return cls(
            root_folder=str(settings.library.root_folder),
            folder_template=settings.library.folder_template,
            profiles=profiles,
            now=now,
        )

    def root_of(self, movie: ShelvedMovie) -> str:
        """Return the root folder of a movie."""
        return movie.movie.root_folder or self.root_folder

    def folder_of(self, movie: ShelvedMovie) -> str:
        """Return the name of a movie's folder: where its file lies, else where it would."""
        if movie.file is not None and "/" in movie.file.relative_path:
            return movie.file.relative_path.partition("/")[0]
        facts = NamingFacts(
            movie=movie.movie,
            collection=movie.details.collection.name if movie.details.collection else "",
            certification=movie.details.certification or "",
        )
        return str(folder_path(_template(self.folder_template), facts))

    def path_of(self, movie: ShelvedMovie) -> str:
        """Return the path of a movie's folder."""
        root = movie.file.root_folder if movie.file is not None else self.root_of(movie)
        return str(PurePosixPath(root) / self.folder_of(movie))


@lru_cache(maxsize=4)
def _template(text: str) -> Template:
    return Template(text)


def movie_resource(shelved: ShelvedMovie, shelf: Shelf) -> Json:
    """Write a movie with its file."""
    movie, details, file = shelved.movie, shelved.details, shelved.file
    original = Language.by_code(details.original_language)
    folder = shelf.folder_of(shelved)
    document = present(
        id=movie.id,
        title=movie.title,
        originalTitle=movie.original_title or movie.title,
        originalLanguage=language(original or Language.UNKNOWN),
        alternateTitles=_alternate_titles(movie.id, movie.alternative_titles),
        secondaryYear=movie.secondary_year,
        secondaryYearSourceId=0,
        sortTitle=title_sort_key(movie.title),
        sizeOnDisk=file.size if file else 0,
        status=_STATUSES[details.status],
        overview=details.overview,
        inCinemas=day(details.release_dates.in_cinemas),
        physicalRelease=day(details.release_dates.physical),
        digitalRelease=day(details.release_dates.digital),
        releaseDate=day(_release_date(details)),
        images=images(movie.id, details),
        website="",
        remotePoster=_remote(details.poster_path),
        year=movie.year or 0,
        youTubeTrailerId="",
        studio="",
        path=shelf.path_of(shelved),
        qualityProfileId=shelved.profile_id,
        hasFile=file is not None,
        movieFileId=file.id if file else 0,
        monitored=movie.monitored,
        minimumAvailability=AVAILABILITIES[shelved.minimum_availability],
        isAvailable=_is_available(shelved, shelf),
        folderName=shelf.path_of(shelved),
        runtime=details.runtime_minutes or 0,
        cleanTitle=title_key(movie.title),
        imdbId=movie.imdb_id,
        tmdbId=movie.tmdb_id,
        titleSlug=str(movie.tmdb_id),
        rootFolderPath=shelf.root_of(shelved),
        folder=folder,
        certification=details.certification,
        genres=list(details.genres),
        keywords=[],
        tags=list(shelved.tags),
        added=moment(movie.added_at),
        ratings={},
        collection=_collection(details),
        popularity=0,
        lastSearchTime=moment(shelved.searched_at),
        statistics={
            "movieFileCount": 1 if file else 0,
            "sizeOnDisk": file.size if file else 0,
            "releaseGroups": [file.release_group] if file and file.release_group else [],
        },
    )
    if file is not None:
        document["movieFile"] = file_resource(
            file, original, shelf.profiles.get(shelved.profile_id)
        )
    return document


def file_resource(
    file: MovieFile, original: Language | None, profile: QualityProfile | None
) -> Json:
    """Write a file of the library."""
    path = PurePosixPath(file.root_folder) / file.relative_path
    parts = PurePosixPath(file.relative_path).parts
    return present(
        id=file.id,
        movieId=file.movie_id,
        relativePath=str(PurePosixPath(*parts[1:])) if len(parts) > 1 else file.relative_path,
        path=str(path),
        size=file.size,
        dateAdded=moment(file.added_at),
        sceneName=file.release_title,
        releaseGroup=file.release_group,
        edition=file.edition or "",
        languages=[language(each) for each in _spoken(file)] or languages((), original),
        quality=quality_model(file.quality, file.revision),
        customFormats=[each.to_json() for each in file.formats or ()],
        customFormatScore=file.format_score or 0,
        indexerFlags=int(file.flags),
        mediaInfo=None if file.media is None else media_info(file.media),
        originalFilePath=file.release_title,
        qualityCutoffNotMet=profile is not None and not profile.meets_cutoff(file.quality),
    )


def _spoken(file: MovieFile) -> Iterable[Language]:
    """Return what a file is spoken in: as a person said, else as its sound tracks say."""
    if file.languages is not None:
        return file.languages
    stated = [] if file.media is None else [each.language for each in file.media.audio]
    return dict.fromkeys(found for code in stated if (found := Language.by_code(code)))


def media_info(media: MediaFacts) -> Json:
    """Write what the probe saw. Rates are not measured: 0."""
    main = media.audio[0] if media.audio else AudioTrack("")
    return {
        "audioBitrate": 0,
        "audioChannels": _channels(main.channels),
        "audioCodec": main.codec,
        "audioLanguages": "/".join(
            dict.fromkeys(each.language for each in media.audio if each.language)
        ),
        "audioStreamCount": len(media.audio),
        "videoBitDepth": media.bit_depth,
        "videoBitrate": 0,
        "videoCodec": media.video_codec,
        "videoFps": 0.0,
        "videoDynamicRange": "" if media.dynamic_range is DynamicRange.SDR else "HDR",
        "videoDynamicRangeType": media.dynamic_range.value,
        "resolution": f"{media.width}x{media.height}",
        "runTime": _run_time(media.runtime_seconds),
        "scanType": "Progressive",
        "subtitles": "/".join(media.subtitles),
    }


def images(movie_id: int, details: MovieDetails) -> list[Json]:
    """Write a movie's pictures: the poster first, then the fanart, since Bazarr reads them by their place."""
    found = (("poster", details.poster_path), ("fanart", details.backdrop_path))
    return [
        present(coverType=kind, url=f"/MediaCover/{movie_id}/{kind}.jpg", remoteUrl=_remote(path))
        for kind, path in found
        if path
    ]


def title_sort_key(title: str) -> str:
    """Return what a title is sorted by: in lower case, without an article in front."""
    lowered = title.lower()
    for article in ("the ", "a ", "an "):
        if lowered.startswith(article) and len(lowered) > len(article):
            return lowered.removeprefix(article)
    return lowered


def _alternate_titles(movie_id: int, titles: tuple[str, ...]) -> list[Json]:
    return [
        {
            "sourceType": "tmdb",
            "movieMetadataId": movie_id,
            "title": title,
            "cleanTitle": title_key(title),
            "id": place,
        }
        for place, title in enumerate(titles, 1)
    ]


def _release_date(details: MovieDetails) -> date | None:
    dates = details.release_dates
    at_home = [each for each in (dates.digital, dates.physical) if each is not None]
    return min(at_home) if at_home else dates.in_cinemas


def available_since(shelved: ShelvedMovie, shelf: Shelf) -> datetime | None:
    """Return the moment from which a movie is available; None when nobody knows it yet."""
    return available_from(
        shelved.minimum_availability,
        shelved.details.status,
        shelved.details.release_dates,
        delay_days=shelf.availability_delay_days,
    )


def _is_available(shelved: ShelvedMovie, shelf: Shelf) -> bool:
    since = available_since(shelved, shelf)
    return since is not None and since <= shelf.now


def _collection(details: MovieDetails) -> Json | None:
    found = details.collection
    return None if found is None else {"title": found.name, "tmdbId": found.tmdb_id}


def _remote(path: str | None) -> str | None:
    return f"{_PICTURES}{path}" if path else None


def _channels(count: int) -> float:
    """Write channels as people say them: six are 5.1."""
    return float(count) if count < 6 else count - 1 + 0.1


def _run_time(seconds: float | None) -> str:
    whole = int(seconds or 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
