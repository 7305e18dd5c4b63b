"""The items of a profile as reeld's own JSON, which its rows hold too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeGuard

from reeld.domain.profile._profile import InvalidProfile, ProfileItem
from reeld.domain.quality import Quality

FIRST_GROUP: Final = 1000
"""Radarr numbers groups from here on, qualities below."""

_MOST: Final = 100
_LONGEST_NAME: Final = 100


def items_to_json(items: Iterable[ProfileItem]) -> list[dict[str, object]]:
    """Write items as [{"qualities": [names], "allowed", and "id" and "name" of a group}], ascending."""
    return [_item_to_json(item) for item in items]


def _item_to_json(item: ProfileItem) -> dict[str, object]:
    qualities = [quality.label for quality in item.qualities]
    group: dict[str, object] = {"id": item.number, "name": item.name} if item.name else {}
    return {**group, "qualities": qualities, "allowed": item.allowed}


def items_from_json(document: object) -> tuple[ProfileItem, ...]:
    """Read what `items_to_json` wrote; a group without a number gets a free one.

    Raises:
        InvalidProfile: It is malformed; the error names the field, such as `items[3].qualities`.
    """
    if not isinstance(document, list) or len(document) > _MOST:
        raise InvalidProfile("items", f"a list of at most {_MOST} is needed here.")
    return numbered(_item(f"items[{n}]", each) for n, each in enumerate(document))


def numbered(items: Iterable[ProfileItem]) -> tuple[ProfileItem, ...]:
    """Give each group without a number a free one.

    Raises:
        InvalidProfile: Two groups have one number.
    """
    listed = tuple(items)
    taken = [item.number for item in listed if item.number]
    if len(set(taken)) < len(taken):
        raise InvalidProfile("items", "two groups have the same id; change one.")
    free = iter(each for each in range(FIRST_GROUP, FIRST_GROUP + _MOST * 2) if each not in taken)
    return tuple(
        ProfileItem(item.qualities, item.allowed, item.name, next(free))
        if item.name and not item.number
        else item
        for item in listed
    )


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether it is a JSON object."""
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _item(path: str, document: object) -> ProfileItem:
    if not is_object(document):
        raise InvalidProfile(path, "an object with qualities and allowed is needed.")
    names = document.get("qualities")
    if not isinstance(names, list) or not names:
        raise InvalidProfile(f"{path}.qualities", "a list of qualities is needed here.")
    qualities = tuple(quality_named(f"{path}.qualities[{n}]", each) for n, each in enumerate(names))
    allowed = boolean(f"{path}.allowed", document.get("allowed", True))
    if len(qualities) > 1 or document.get("name"):
        name = group_name(f"{path}.name", document.get("name"))
        return ProfileItem(
            qualities, allowed, name, _group_number(f"{path}.id", document.get("id"))
        )
    return ProfileItem(qualities, allowed)


def quality_named(path: str, name: object) -> Quality:
    """Return the quality of a name.

    Raises:
        InvalidProfile: There is none.
    """
    try:
        return Quality.by_label(name if isinstance(name, str) else "")
    except KeyError:
        raise InvalidProfile(path, f"{str(name)[:80]!r} is no quality.") from None


def boolean(path: str, value: object) -> bool:
    """Return a value that is true or false.

    Raises:
        InvalidProfile: It is neither.
    """
    if not isinstance(value, bool):
        raise InvalidProfile(path, "true or false is needed here.")
    return value


def group_name(path: str, value: object) -> str:
    """Return the name of a group.

    Raises:
        InvalidProfile: It is none.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        raise InvalidProfile(path, f"a group needs a name of 1 to {_LONGEST_NAME} characters.")
    return value


def _group_number(path: str, value: object) -> int:
    if value in {None, 0}:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not FIRST_GROUP <= value < 2**31:
        raise InvalidProfile(path, f"the id of a group is {FIRST_GROUP} or more.")
    return value


def cutoff_named(label: object, items: Iterable[ProfileItem]) -> Quality | ProfileItem:
    """Return the group or quality that a cutoff names.

    Raises:
        InvalidProfile: There is none of that name among the items.
    """
    for item in items:
        if item.label == label:
            return item if item.name else item.qualities[0]
        for quality in item.qualities:
            if quality.label == label:
                return quality
    raise InvalidProfile(
        "cutoff", f"{str(label)[:80]!r} is none of the profile's qualities and groups."
    )
