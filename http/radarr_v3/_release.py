"""What a release's name says, as Radarr writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reeld.domain.language import Language
from reeld.domain.quality import FIRST_REVISION, Quality, Revision
from reeld.http.radarr_v3._quality import languages, quality_model
from reeld.http.radarr_v3._values import Json


def quality_of(parsed: Mapping[str, Any]) -> Json:
    """Write the quality of a name that was read into a row."""
    try:
        found = Quality.by_label(str(parsed.get("quality", "")))
    except KeyError:
        found = Quality.UNKNOWN
    return quality_model(found, revision_of(parsed))


def revision_of(parsed: Mapping[str, Any]) -> Revision:
    """Return the revision that a row holds of a name."""
    version, real = parsed.get("revision"), parsed.get("real")
    if not isinstance(version, int) or not isinstance(real, int):
        return FIRST_REVISION
    return Revision(real, version, bool(parsed.get("repack")))


def languages_of(parsed: Mapping[str, Any], original: Language | None) -> list[Json]:
    """Write the languages of a name that was read into a row."""
    named = parsed.get("languages")
    return languages([str(each) for each in named] if isinstance(named, list) else (), original)


def formats_of(matches: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Write the formats that a release was found to have: what clients read of them is the name."""
    return [{"id": each["id"], "name": each["name"]} for each in matches]
