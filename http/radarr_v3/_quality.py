"""Qualities, languages and formats as Radarr writes them."""

from __future__ import annotations

from collections.abc import Iterable

from reeld.domain.language import (
    ANY,
    ANY_NUMBER,
    ORIGINAL,
    ORIGINAL_NUMBER,
    Language,
    spoken_languages,
)
from reeld.domain.quality import Quality, Revision
from reeld.http.radarr_v3._values import Json


def quality(value: Quality) -> Json:
    """Write a quality."""
    return {
        "id": value.number,
        "name": value.label,
        "source": value.source.value,
        "resolution": value.resolution,
        "modifier": value.modifier.value,
    }


def quality_model(value: Quality, revision: Revision) -> Json:
    """Write a quality with its revision."""
    return {
        "quality": quality(value),
        "revision": {
            "version": revision.version,
            "real": revision.real,
            "isRepack": revision.is_repack,
        },
    }


def language(value: Language) -> Json:
    """Write a language."""
    return {"id": value.number, "name": value.label}


def languages(names: Iterable[str], original: Language | None) -> list[Json]:
    """Write the languages that a name states; the movie's own where it states none, as Radarr concludes."""
    spoken = spoken_languages(names, original)
    return [language(each) for each in sorted(spoken, key=lambda each: each.number)]


def wished_language(wish: str) -> Json:
    """Write the language that a profile wishes for."""
    if wish == ANY:
        return {"id": ANY_NUMBER, "name": "Any"}
    if wish == ORIGINAL:
        return {"id": ORIGINAL_NUMBER, "name": "Original"}
    return language(Language.by_label(wish))
