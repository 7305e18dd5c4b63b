"""What a custom format is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from reeld.domain.custom_format._conditions import Condition, Edition, ReleaseGroup, ReleaseTitle
from reeld.domain.custom_format._subject import Seen
from reeld.domain.errors import InvalidField

# Most releases fail a quick kind, and the slow ones are never asked.
_PACE: Final[dict[type, int]] = {ReleaseGroup: 1, Edition: 2, ReleaseTitle: 3}
_NAMES_ONLY: Final = re.compile(r"\^\(([A-Za-z0-9 _|-]+)\)\$")


class InvalidFormat(InvalidField):
    """A custom format, or its document, is wrong."""

    default_reason = "invalid_format"


@dataclass(frozen=True, slots=True)
class FormatMatch:
    """A format that a release has."""

    id: int
    name: str

    def to_json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {"id": self.id, "name": self.name}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Read what `to_json` gave."""
        return cls(int(str(document["id"])), str(document["name"]))


@dataclass(frozen=True, slots=True)
class Kind:
    """A format's conditions of one kind.

    Attributes:
        deciding: The required ones; all, when none is required: then one is enough.
        all_needed: Whether every deciding one must be satisfied.
        groups: Names of release groups in lower case: what would have been one expression for each.
        named: The deciding ones that `groups` stands for.
    """

    all_needed: bool
    deciding: tuple[Condition, ...]
    groups: frozenset[str] = frozenset()
    named: tuple[Condition, ...] = ()

    def passes(self, seen: Seen) -> bool:
        """Whether the conditions of this kind let the format match.

        Raises:
            OutOfTime: An expression took too long.
        """
        if self.all_needed:
            return all(condition.is_satisfied(seen) for condition in self.deciding)
        if self.groups and seen.group_key in self.groups:
            return True
        if self.groups and seen.group_key is None and self._spelled_out(seen):
            return True
        return any(condition.is_satisfied(seen) for condition in self.deciding)

    def _spelled_out(self, seen: Seen) -> bool:
        return any(condition.is_satisfied(seen) for condition in self.named)


@dataclass(frozen=True, slots=True)
class CustomFormat:
    """A named set of conditions on releases.

    Attributes:
        id: reeld's own number; 0 when it is not stored yet.
        include_when_renaming: Whether `{Custom Formats}` of a file name shows it.
        rest: What else the imported document said, to be exported unchanged.

    Raises:
        InvalidFormat: It has no name or no condition.
    """

    id: int
    name: str
    include_when_renaming: bool
    conditions: tuple[Condition, ...]
    rest: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    kinds: tuple[Kind, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the conditions by kind, the quick ones first."""
        if not self.name.strip():
            raise InvalidFormat("name", "a format needs a name.")
        if not self.conditions:
            raise InvalidFormat("specifications", "a format needs at least one condition.")
        object.__setattr__(self, "kinds", _kinds(self.conditions))

    @property
    def match(self) -> FormatMatch:
        """What a release gets that has it."""
        return FormatMatch(self.id, self.name)


def _kinds(conditions: Iterable[Condition]) -> tuple[Kind, ...]:
    """Gather conditions by kind.

    Radarr lets a kind pass when no required condition fails and at least one is satisfied. So where there are
    required ones, they alone decide.
    """
    by_kind: dict[type, list[Condition]] = {}
    for condition in conditions:
        by_kind.setdefault(type(condition.test), []).append(condition)
    return tuple(
        _kind(by_kind[kind]) for kind in sorted(by_kind, key=lambda kind: _PACE.get(kind, 0))
    )


def _kind(conditions: list[Condition]) -> Kind:
    required = tuple(condition for condition in conditions if condition.required)
    if required:
        return Kind(True, required)
    names = {condition: _groups_named(condition) for condition in conditions}
    others = tuple(condition for condition in conditions if not names[condition])
    named = tuple(condition for condition in conditions if names[condition])
    return Kind(False, others, frozenset().union(*names.values()), named)


def _groups_named(condition: Condition) -> frozenset[str]:
    """The release groups that a condition like `^(ONE|OTHER)$` asks for; none when it asks for anything else."""
    if condition.negate or not isinstance(condition.test, ReleaseGroup):
        return frozenset()
    found = _NAMES_ONLY.fullmatch(condition.test.expression)
    return frozenset(found[1].lower().split("|")) - {""} if found else frozenset()
