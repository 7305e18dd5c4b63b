"""Reads quality profiles as Radarr and the TRaSH Guides write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reeld.domain.custom_format import CustomFormat
from reeld.domain.language import ANY, ANY_NUMBER, ORIGINAL, ORIGINAL_NUMBER, Language
from reeld.domain.profile._items import (
    boolean,
    cutoff_named,
    group_name,
    is_object,
    numbered,
    quality_named,
)
from reeld.domain.profile._profile import InvalidProfile, ProfileItem, QualityProfile
from reeld.domain.quality import Quality

_LONGEST_NAME: Final = 100
_LARGEST_SCORE: Final = 2**31 - 1


def profile_from_radarr(document: object, formats: Iterable[CustomFormat]) -> QualityProfile:
    """Read a profile from the JSON of Radarr's API or of the TRaSH Guides.

    A TRaSH profile names qualities, lists the best one first, and names formats by `trash_id`: the scores are those
    of its score set, which the formats brought along.

    Args:
        document: The decoded JSON.
        formats: The formats that reeld has.

    Raises:
        InvalidProfile: A field is missing or wrong, or a format that is scored is not there; the error names it.
    """
    if not is_object(document):
        raise InvalidProfile("profile", "a JSON object is needed.")
    is_trash = "trash_id" in document or isinstance(document.get("formatItems"), Mapping)
    listed = _list(document, "items")
    read = tuple(_item(f"items[{n}]", each) for n, each in enumerate(listed))
    items = numbered(_complete(tuple(reversed(read)) if is_trash else read))
    score = _scores_of_trash if is_trash else _scores_of_radarr
    return QualityProfile(
        name=_name(document),
        items=items,
        cutoff=_cutoff(document.get("cutoff"), items),
        upgrades_allowed=boolean("upgradeAllowed", document.get("upgradeAllowed", False)),
        min_format_score=_whole(document, "minFormatScore", 0),
        cutoff_format_score=_whole(document, "cutoffFormatScore", 0),
        # A profile older than the field has none, or a 0, and means 1.
        min_upgrade_format_score=max(_whole(document, "minUpgradeFormatScore", 1), 1),
        language=_language(document.get("language")),
        format_scores=score(document, tuple(formats)),
    )


def _name(document: Mapping[str, object]) -> str:
    name = document.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidProfile("name", f"a text of 1 to {_LONGEST_NAME} characters is needed here.")
    return name


def _list(document: Mapping[str, object], key: str) -> Sequence[object]:
    value = document.get(key)
    if not isinstance(value, list):
        raise InvalidProfile(key, "a list is needed here.")
    return value


def _whole(document: Mapping[str, object], key: str, default: int) -> int:
    return _integer(key, document.get(key, default))


def _integer(path: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_SCORE:
        raise InvalidProfile(path, "a whole number is needed here.")
    return value


def _item(path: str, document: object) -> ProfileItem:
    if not is_object(document):
        raise InvalidProfile(path, "a JSON object is needed.")
    allowed = boolean(f"{path}.allowed", document.get("allowed", False))
    members = document.get("items")
    if not isinstance(members, list) or not members:
        return ProfileItem((_quality(path, document),), allowed)
    qualities = tuple(_quality(f"{path}.items[{n}]", each) for n, each in enumerate(members))
    number = document.get("id") or 0
    name = group_name(f"{path}.name", document.get("name"))
    return ProfileItem(qualities, allowed, name, _integer(f"{path}.id", number))


def _quality(path: str, document: object) -> Quality:
    """Read {"quality": {"id", "name"}} of Radarr, or {"name"} or a bare name of the TRaSH Guides."""
    if not is_object(document):
        return quality_named(path, document)
    quality = document.get("quality")
    if not is_object(quality):
        return quality_named(f"{path}.name", document.get("name"))
    try:
        return Quality.by_number(_integer(f"{path}.quality.id", quality.get("id")))
    except KeyError:
        complaint = f"reeld knows no quality {quality.get('id')}; update reeld or remove it."
        raise InvalidProfile(f"{path}.quality.id", complaint) from None


def _complete(items: tuple[ProfileItem, ...]) -> tuple[ProfileItem, ...]:
    """Put qualities that are not listed below all others, not allowed: Radarr lists all thirty."""
    listed = {quality for item in items for quality in item.qualities}
    missing = tuple(ProfileItem((each,), False) for each in Quality if each not in listed)
    return missing + items


def _cutoff(value: object, items: Sequence[ProfileItem]) -> Quality | ProfileItem:
    if isinstance(value, str):
        return cutoff_named(value, items)
    number = _integer("cutoff", value)
    for item in items:
        if item.name and item.number == number:
            return item
        for quality in item.qualities:
            if quality.number == number:
                return quality
    raise InvalidProfile(
        "cutoff", f"{number} is the id of none of the profile's qualities and groups."
    )


def _language(value: object) -> str:
    """Read {"id", "name"} of Radarr, or the name that the TRaSH Guides write; nothing is `Original`."""
    if value is None:
        return ORIGINAL
    if is_object(value):
        return _language_numbered(_integer("language.id", value.get("id")))
    if isinstance(value, str) and value.lower() in {ANY, ORIGINAL}:
        return value.lower()
    try:
        return Language.by_label(str(value)).label
    except KeyError:
        raise InvalidProfile("language", f"{str(value)[:80]!r} is no language.") from None


def _language_numbered(number: int) -> str:
    wishes = {ANY_NUMBER: ANY, ORIGINAL_NUMBER: ORIGINAL}
    try:
        return wishes.get(number) or Language.by_number(number).label
    except KeyError:
        complaint = f"reeld knows no language {number}; update reeld or choose another."
        raise InvalidProfile("language.id", complaint) from None


def _scores_of_radarr(
    document: Mapping[str, object], formats: Sequence[CustomFormat]
) -> dict[int, int]:
    """Read [{"format", "name", "score"}]; the number is another Radarr's, so that the name counts."""
    by_name = {each.name: each.id for each in formats}
    scores: dict[int, int] = {}
    for n, each in enumerate(_list(document, "formatItems") if "formatItems" in document else ()):
        path = f"formatItems[{n}]"
        if not is_object(each):
            raise InvalidProfile(path, "a JSON object is needed.")
        score = _integer(f"{path}.score", each.get("score", 0))
        if score == 0:
            continue
        if (name := each.get("name")) not in by_name:
            raise _unknown(f"{path}.name", name)
        scores[by_name[str(name)]] = score
    return scores


def _scores_of_trash(
    document: Mapping[str, object], formats: Sequence[CustomFormat]
) -> dict[int, int]:
    """Read {name: trash_id}; a format without a score in the profile's set has that of the default set."""
    items = document.get("formatItems", {})
    if not is_object(items):
        raise InvalidProfile("formatItems", "an object of names and trash_ids is needed here.")
    by_trash_id = {each.rest.get("trash_id"): each for each in formats if "trash_id" in each.rest}
    by_name = {each.name: each for each in formats}
    score_set = document.get("trash_score_set") or "default"
    scores: dict[int, int] = {}
    for name, trash_id in items.items():
        found = by_trash_id.get(str(trash_id)) or by_name.get(name)
        if found is None:
            raise _unknown(f"formatItems.{name}", name)
        if score := _score_in(found, str(score_set)):
            scores[found.id] = score
    return scores


def _score_in(custom_format: CustomFormat, score_set: str) -> int:
    scores = custom_format.rest.get("trash_scores")
    if not is_object(scores):
        return 0
    score = scores.get(score_set, scores.get("default", 0))
    return score if isinstance(score, int) else 0


def _unknown(path: str, name: object) -> InvalidProfile:
    return InvalidProfile(path, f"there is no custom format {str(name)[:80]!r}; import it first.")
