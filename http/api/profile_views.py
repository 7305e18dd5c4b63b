"""Quality profiles as the API takes and gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from reeld.domain.custom_format import CustomFormat
from reeld.domain.profile import (
    InvalidProfile,
    QualityProfile,
    cutoff_named,
    items_from_json,
    items_to_json,
)

_Score = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class ItemBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quality, or a group of qualities that are equally good.

    Attributes:
        qualities: Radarr's names, such as `Bluray-1080p`.
        allowed: Whether a release of this quality may be grabbed.
        name: The group's.
        id: The group's, 1000 or more.
    """

    qualities: Annotated[list[str], msgspec.Meta(min_length=1, max_length=30)]
    allowed: bool = True
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    id: int | None = None


class ProfileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quality profile to be stored.

    Attributes:
        items: Ascending: later is better.
        cutoff: The name of a quality or of a group of `items`: once a file is as good, better ones are not looked for.
        upgrades_allowed: Whether a file is ever replaced by a better one; null follows `decision.upgrades_allowed`.
        min_format_score: What a release scores at least.
        cutoff_format_score: Once a file scores so much, higher scores are not looked for.
        min_upgrade_format_score: By so much an upgrade of the same quality scores more.
        language: `any`, `original` or Radarr's name of a language.
        reputation_weight: How many points the best possible reputation of a release group is worth.
        format_scores: Points by the name of a custom format; others have none.
    """

    name: _Name
    items: Annotated[list[ItemBody], msgspec.Meta(min_length=1, max_length=100)]
    cutoff: Annotated[str, msgspec.Meta(max_length=100)]
    upgrades_allowed: bool | None = None
    min_format_score: _Score = 0
    cutoff_format_score: _Score = 0
    min_upgrade_format_score: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] = 1
    language: Annotated[str, msgspec.Meta(max_length=100)] = "original"
    reputation_weight: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    format_scores: dict[str, _Score] = {}

    def to_profile(self, formats: Iterable[CustomFormat], profile_id: int = 0) -> QualityProfile:
        """Read it.

        Raises:
            InvalidProfile: A field is wrong; the error names it.
        """
        items = items_from_json(msgspec.to_builtins(self.items))
        return QualityProfile(
            name=self.name,
            items=items,
            cutoff=cutoff_named(self.cutoff, items),
            upgrades_allowed=bool(self.upgrades_allowed),
            upgrades_by_setting=self.upgrades_allowed is None,
            id=profile_id,
            min_format_score=self.min_format_score,
            cutoff_format_score=self.cutoff_format_score,
            min_upgrade_format_score=self.min_upgrade_format_score,
            language=self.language,
            reputation_weight=self.reputation_weight,
            format_scores=_by_number(self.format_scores, formats),
        )


def _by_number(scores: Mapping[str, int], formats: Iterable[CustomFormat]) -> dict[int, int]:
    numbers = {each.name: each.id for each in formats}
    for name in scores:
        if name not in numbers:
            raise InvalidProfile(f"format_scores.{name}", "there is no custom format of that name.")
    return {numbers[name]: score for name, score in scores.items() if score}


class ProfileView(ProfileBody, frozen=True, kw_only=True):
    """A stored quality profile.

    Attributes:
        id: reeld's own number.
    """

    id: int

    @classmethod
    def of(cls, profile: QualityProfile, formats: Iterable[CustomFormat]) -> ProfileView:
        """Show a profile."""
        names = {each.id: each.name for each in formats}
        scores = {names[n]: score for n, score in profile.format_scores.items() if n in names}
        return cls(
            id=profile.id,
            name=profile.name,
            items=msgspec.convert(items_to_json(profile.items), list[ItemBody]),
            cutoff=profile.cutoff.label,
            upgrades_allowed=None if profile.upgrades_by_setting else profile.upgrades_allowed,
            min_format_score=profile.min_format_score,
            cutoff_format_score=profile.cutoff_format_score,
            min_upgrade_format_score=profile.min_upgrade_format_score,
            language=profile.language,
            reputation_weight=profile.reputation_weight,
            format_scores=dict(sorted(scores.items())),
        )
