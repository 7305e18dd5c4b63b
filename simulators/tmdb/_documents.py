"""Movies in TMDB's own shapes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reeld.simulators.catalogue import Collection, Film
from reeld.simulators.tmdb._knobs import TmdbKnobs

_SIZES = ["w92", "w154", "w185", "w342", "w500", "w780", "original"]


def configuration(base_url: str) -> dict[str, Any]:
    """What `/3/configuration` answers; images come from the simulator itself."""
    images = {
        "base_url": f"{base_url}/t/p/",
        "secure_base_url": f"{base_url}/t/p/",
        "backdrop_sizes": ["w300", "w780", "w1280", "original"],
        "logo_sizes": ["w45", "w92", "w154", "w185", "w300", "w500", "original"],
        "poster_sizes": _SIZES,
        "profile_sizes": ["w45", "w185", "h632", "original"],
        "still_sizes": ["w92", "w185", "w300", "original"],
    }
    return {"images": images, "change_keys": ["images", "overview", "release_dates", "title"]}


def result(film: Film, knobs: TmdbKnobs) -> dict[str, Any]:
    """A movie in a list: search, find, discover, collection."""
    document: dict[str, Any] = {
        "adult": False,
        "backdrop_path": f"/backdrop{film.tmdb_id}.png",
        "genre_ids": [genre.id for genre in film.genres],
        "id": film.tmdb_id,
        "original_language": film.language,
        "original_title": film.original_title or film.title,
        "overview": film.overview + "x" * knobs.overview_padding,
        "popularity": 10.0 + film.tmdb_id % 90 / 10,
        "poster_path": f"/poster{film.tmdb_id}.png",
        "release_date": film.released.isoformat(),
        "title": film.title,
        "video": False,
        "vote_average": 7.0 + film.tmdb_id % 20 / 10,
        "vote_count": 100 + film.tmdb_id % 5000,
    }
    if knobs.bare:
        document |= {"backdrop_path": None, "poster_path": None, "overview": "", "genre_ids": []}
        del document["release_date"]
    return document


def _collection_head(collection: Collection) -> dict[str, Any]:
    names = {"id": collection.id, "name": collection.name}
    return {**names, "poster_path": None, "backdrop_path": None}


def collection(found: Collection, films: Sequence[Film], knobs: TmdbKnobs) -> dict[str, Any]:
    """What `/3/collection/{id}` answers."""
    parts = [{**result(film, knobs), "media_type": "movie"} for film in films]
    return {**_collection_head(found), "overview": "", "parts": parts}


def details(film: Film, knobs: TmdbKnobs) -> dict[str, Any]:
    """The movie itself, without what may be appended."""
    document = result(film, knobs)
    del document["genre_ids"]
    document |= {
        "belongs_to_collection": _collection_head(film.collection) if film.collection else None,
        "budget": 0,
        "genres": [{"id": genre.id, "name": genre.name} for genre in film.genres],
        "homepage": "",
        "imdb_id": film.imdb_id,
        "origin_country": [film.country],
        "production_companies": [
            {"id": 1, "logo_path": None, "name": film.studio, "origin_country": film.country}
        ],
        "production_countries": [{"iso_3166_1": film.country, "name": film.country}],
        "release_date": film.released.isoformat(),
        "revenue": 0,
        "runtime": film.runtime,
        "spoken_languages": [
            {"english_name": film.language, "iso_639_1": film.language, "name": film.language}
        ],
        "status": "Released",
        "tagline": "",
    }
    if knobs.bare:
        document |= {"imdb_id": None, "homepage": None, "runtime": 0, "release_date": ""}
        document |= {"genres": [], "production_companies": [], "production_countries": []}
    return document


def part(film: Film, name: str, knobs: TmdbKnobs) -> dict[str, Any] | None:
    """One of the objects that may be appended to the details; None for a name that TMDB does not know."""
    match name:
        case "release_dates":
            return {"results": [] if knobs.bare else _release_dates(film)}
        case "external_ids":
            return _external_ids(film, knobs)
        case "alternative_titles":
            titles = [] if knobs.bare else film.alternative_titles
            return {"titles": [{"iso_3166_1": c, "title": t, "type": ""} for c, t in titles]}
        case "images":
            return _images(film, knobs)
        case "credits":
            return {"cast": [], "crew": []}
        case "keywords":
            return {"keywords": []}
        case "videos" | "recommendations" | "similar" | "reviews" | "lists":
            return {"results": []}
        case "translations":
            return {"translations": []}
        case "watch/providers":
            return {"results": {}}
        case "changes":
            return {"changes": []}
        case _:
            return None


def _release_dates(film: Film) -> list[dict[str, Any]]:
    cinema = _release(film.released, 3, film.certification)
    disc = _release(_years_later(film.released, 35), 5, film.certification)
    # TMDB leaves the note out of some entries.
    del disc["note"]
    premiere = _release(film.released, 1, "")
    return [
        {"iso_3166_1": "US", "release_dates": [cinema, disc]},
        {"iso_3166_1": film.country if film.country != "US" else "GB", "release_dates": [premiere]},
    ]


def _release(day: date, kind: int, certification: str) -> dict[str, Any]:
    return {
        "certification": certification,
        "descriptors": [],
        "iso_639_1": "",
        "note": "",
        "release_date": f"{day.isoformat()}T00:00:00.000Z",
        "type": kind,
    }


def _years_later(day: date, years: int) -> date:
    # The shorts came out on disc in the year they were shown; the old movies decades later.
    return day.replace(year=day.year + (0 if day.year > 2000 else years), day=1)


def _external_ids(film: Film, knobs: TmdbKnobs) -> dict[str, Any]:
    return {
        "imdb_id": None if knobs.bare else film.imdb_id,
        "wikidata_id": film.wikidata_id or None,
        "facebook_id": None,
        "instagram_id": None,
        "twitter_id": None,
    }


def _images(film: Film, knobs: TmdbKnobs) -> dict[str, Any]:
    if knobs.bare:
        return {"backdrops": [], "logos": [], "posters": []}
    return {
        "backdrops": [_image(f"/backdrop{film.tmdb_id}.png", 1280, 720, None)],
        "logos": [_image(f"/logo{film.tmdb_id}.svg", 500, 200, "en")],
        "posters": [_image(f"/poster{film.tmdb_id}.png", 1000, 1500, "en")],
    }


def _image(path: str, width: int, height: int, language: str | None) -> dict[str, Any]:
    return {
        "aspect_ratio": round(width / height, 3),
        "height": height,
        "iso_639_1": language,
        "file_path": path,
        "vote_average": 5.0,
        "vote_count": 1,
        "width": width,
    }
