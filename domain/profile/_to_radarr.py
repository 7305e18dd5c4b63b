"""Writes quality profiles as Radarr does."""

from __future__ import annotations

from collections.abc import Iterable

from reeld.domain.custom_format import CustomFormat
from reeld.domain.language import ANY, ANY_NUMBER, ORIGINAL, ORIGINAL_NUMBER, Language
from reeld.domain.profile._profile import ProfileItem, QualityProfile
from reeld.domain.quality import Quality


def profile_to_radarr(
    profile: QualityProfile, formats: Iterable[CustomFormat]
) -> dict[str, object]:
    """Write a profile as Radarr's API does, with every format, those without points too."""
    cutoff = profile.cutoff
    return {
        "id": profile.id,
        "name": profile.name,
        "upgradeAllowed": profile.upgrades_allowed,
        "cutoff": cutoff.number,
        "items": [_item_to_radarr(item) for item in profile.items],
        "minFormatScore": profile.min_format_score,
        "cutoffFormatScore": profile.cutoff_format_score,
        "minUpgradeFormatScore": profile.min_upgrade_format_score,
        "formatItems": [
            {"format": each.id, "name": each.name, "score": profile.format_scores.get(each.id, 0)}
            for each in formats
        ],
        "language": _language_to_radarr(profile.language),
    }


def _item_to_radarr(item: ProfileItem) -> dict[str, object]:
    if not item.name:
        quality = _quality_to_radarr(item.qualities[0])
        return {"quality": quality, "items": [], "allowed": item.allowed}
    members = [
        {"quality": _quality_to_radarr(each), "items": [], "allowed": item.allowed}
        for each in item.qualities
    ]
    return {"id": item.number, "name": item.name, "items": members, "allowed": item.allowed}


def _quality_to_radarr(quality: Quality) -> dict[str, object]:
    return {
        "id": quality.number,
        "name": quality.label,
        "source": quality.source.value,
        "resolution": quality.resolution,
        "modifier": quality.modifier.value,
    }


def _language_to_radarr(wish: str) -> dict[str, object]:
    if wish == ANY:
        return {"id": ANY_NUMBER, "name": "Any"}
    if wish == ORIGINAL:
        return {"id": ORIGINAL_NUMBER, "name": "Original"}
    language = Language.by_label(wish)
    return {"id": language.number, "name": language.label}
