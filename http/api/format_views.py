"""Custom formats as the API takes and gives them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from reeld.domain.custom_format import (
    Condition,
    CustomFormat,
    FormatVerdict,
    InvalidFormat,
    from_radarr,
    probe_format,
)

KindName = Literal[
    "ReleaseTitle",
    "Edition",
    "Language",
    "IndexerFlag",
    "Source",
    "Resolution",
    "QualityModifier",
    "Size",
    "ReleaseGroup",
    "Year",
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ConditionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition.

    Attributes:
        kind: What it looks at.
        fields: What it wants, under Radarr's names: `value` (a regular expression, or Radarr's number of a language, flag,
            source, resolution or modifier) and for a language `exceptLanguage`; `min` and `max` for a size in GB or a year.
        negate: It is satisfied when the release is not so.
        required: The format needs it, whatever other conditions of its kind say.
    """

    name: Name
    kind: KindName
    fields: dict[str, Any]
    negate: bool = False
    required: bool = False

    def to_radarr(self) -> dict[str, object]:
        """Write it as Radarr does."""
        return {
            "name": self.name,
            "implementation": f"{self.kind}Specification",
            "negate": self.negate,
            "required": self.required,
            "fields": self.fields,
        }


class FormatBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A custom format to be stored.

    Attributes:
        include_when_renaming: Whether `{Custom Formats}` of a file name shows it.
    """

    name: Name
    conditions: Annotated[list[ConditionBody], msgspec.Meta(min_length=1, max_length=1000)]
    include_when_renaming: bool = False

    def to_format(self, former: CustomFormat | None = None) -> CustomFormat:
        """Read and probe it. Blocks for some milliseconds.

        Args:
            former: The stored one that it replaces: what only an import brings along stays.

        Raises:
            InvalidFormat: A field is wrong; the error names it, such as `conditions[0].fields.value`.
        """
        document = {
            **(former.rest if former else {}),
            "name": self.name,
            "includeCustomFormatWhenRenaming": self.include_when_renaming,
            "specifications": [each.to_radarr() for each in self.conditions],
        }
        try:
            read = from_radarr(document, format_id=former.id if former else 0)
            probe_format(read)
        except InvalidFormat as error:
            field = error.field.replace("specifications", "conditions", 1)
            raise InvalidFormat(field, error.complaint) from None
        return read


class ConditionView(msgspec.Struct, frozen=True):
    """A condition of a stored format."""

    name: str
    kind: str
    fields: dict[str, Any]
    negate: bool
    required: bool

    @classmethod
    def of(cls, condition: Condition) -> ConditionView:
        """Show a condition."""
        return cls(
            condition.name,
            condition.kind,
            condition.values,
            condition.negate,
            condition.required,
        )


class FormatView(msgspec.Struct, frozen=True):
    """A stored custom format.

    Attributes:
        trash_id: Its identity in the TRaSH Guides; None when it is not from there.
    """

    id: int
    name: str
    include_when_renaming: bool
    trash_id: str | None
    conditions: list[ConditionView]

    @classmethod
    def of(cls, custom_format: CustomFormat) -> FormatView:
        """Show a format."""
        trash_id = custom_format.rest.get("trash_id")
        return cls(
            custom_format.id,
            custom_format.name,
            custom_format.include_when_renaming,
            trash_id if isinstance(trash_id, str) else None,
            [ConditionView.of(each) for each in custom_format.conditions],
        )


class TestedCondition(msgspec.Struct, frozen=True):
    """What a condition says of a release; `satisfied` is null when its expression ran out of time."""

    name: str
    kind: str
    negate: bool
    required: bool
    satisfied: bool | None


class TestedFormat(msgspec.Struct, frozen=True):
    """What a format says of a release."""

    id: int
    name: str
    matches: bool
    conditions: list[TestedCondition]

    @classmethod
    def of(cls, verdict: FormatVerdict) -> TestedFormat:
        """Show a verdict."""
        conditions = []
        for each in verdict.conditions:
            asked = each.condition
            told = (asked.name, asked.kind, asked.negate, asked.required, each.satisfied)
            conditions.append(TestedCondition(*told))
        return cls(verdict.format.id, verdict.format.name, verdict.matches, conditions)
