"""What the import of profiles changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reeld.domain.custom_format import Change, CustomFormat
from reeld.domain.profile._from_radarr import profile_from_radarr
from reeld.domain.profile._profile import InvalidProfile, QualityProfile


@dataclass(frozen=True, slots=True)
class PlannedProfile:
    """A profile that came in; its number is that of the one it replaces, or 0."""

    change: Change
    profile: QualityProfile


def plan_profiles(
    documents: Sequence[object],
    present: Iterable[QualityProfile],
    formats: Iterable[CustomFormat],
) -> tuple[PlannedProfile, ...]:
    """Read profiles, and find out which of those that are there each one replaces: that of its name.

    The weight of reputations, which only reeld has, stays as it is.

    Raises:
        InvalidProfile: A document is wrong, or two have one name; the error names the field, such as `[1].cutoff`.
    """
    by_name = {each.name: each for each in present}
    known = tuple(formats)
    planned: dict[str, PlannedProfile] = {}
    for n, document in enumerate(documents):
        read = _read(n, document, known)
        if read.name in planned:
            raise InvalidProfile(f"[{n}].name", f"{read.name!r} comes twice; leave one out.")
        planned[read.name] = _planned(read, by_name.get(read.name))
    return tuple(planned.values())


def _read(n: int, document: object, formats: Sequence[CustomFormat]) -> QualityProfile:
    try:
        return profile_from_radarr(document, formats)
    except InvalidProfile as error:
        raise InvalidProfile(f"[{n}].{error.field}", error.complaint) from None


def _planned(read: QualityProfile, former: QualityProfile | None) -> PlannedProfile:
    if former is None:
        return PlannedProfile(Change.NEW, read)
    merged = replace(read, id=former.id, reputation_weight=former.reputation_weight)
    same = merged == replace(former, upgrades_by_setting=False)
    return PlannedProfile(Change.UNCHANGED if same else Change.CHANGED, merged)
