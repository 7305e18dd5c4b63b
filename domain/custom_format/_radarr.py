"""Reads and writes custom formats as Radarr and the TRaSH Guides write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeGuard, TypeVar

from reeld.domain.custom_format import _conditions as kinds
from reeld.domain.custom_format._conditions import Condition, Test
from reeld.domain.custom_format._dialect import Broken
from reeld.domain.custom_format._expression import expression, probe
from reeld.domain.custom_format._format import CustomFormat, InvalidFormat
from reeld.domain.language import ANY_NUMBER, ORIGINAL_NUMBER, Language
from reeld.domain.quality import Modifier, QualitySource
from reeld.domain.release import IndexerFlag

_Choice = TypeVar("_Choice")

_SUFFIX: Final = "Specification"
_RENAMING: Final = "includeCustomFormatWhenRenaming"
_LONGEST_NAME: Final = 200
_MOST_CONDITIONS: Final = 1000
_RESOLUTIONS: Final = (0, 360, 480, 540, 576, 720, 1080, 2160)


class _Fields:
    """The fields of one specification, in either shape."""

    def __init__(self, path: str, values: Mapping[str, object]) -> None:
        self.path = path
        self.values = values

    def wrong(self, name: str, complaint: str) -> InvalidFormat:
        return InvalidFormat(f"{self.path}.{name}", complaint)

    def text(self, name: str = "value") -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "a text is needed here.")
        return value

    def expression(self) -> str:
        source = self.text()
        try:
            expression(source)
        except Broken as broken:
            raise self.wrong("value", str(broken)) from None
        return source

    def number(self, name: str = "value") -> float:
        value = self.values.get(name)
        if isinstance(value, str):
            value = _as_number(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
            raise self.wrong(name, "a number is needed here.")
        return value

    def whole(self, name: str = "value") -> int:
        value = self.number(name)
        if value != int(value):
            raise self.wrong(name, f"a whole number is needed here, not {value:g}.")
        return int(value)

    def one_of(self, choices: Mapping[int, _Choice], what: str) -> _Choice:
        number = self.whole()
        if number not in choices:
            raise self.wrong("value", f"reeld knows no {what} {number}; update reeld or remove it.")
        return choices[number]

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false is needed here.")
        return value


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _language(fields: _Fields) -> Test:
    number = fields.whole()
    others = fields.flag("exceptLanguage") if "exceptLanguage" in fields.values else False
    if number == ANY_NUMBER:
        return kinds.SpokenLanguage(None, others, known=False)
    if number == ORIGINAL_NUMBER:
        return kinds.SpokenLanguage(None, others)
    return kinds.SpokenLanguage(fields.one_of(_LANGUAGES, "language"), others)


def _resolution(fields: _Fields) -> Test:
    return kinds.InResolution(fields.one_of({lines: lines for lines in _RESOLUTIONS}, "resolution"))


def _size(fields: _Fields) -> Test:
    least, most = fields.number("min"), fields.number("max")
    if least < 0:
        raise fields.wrong("min", "must not be negative.")
    if most <= least:
        raise fields.wrong("max", f"must be more than min ({least:g}).")
    return kinds.SizeBetween(least, most)


def _year(fields: _Fields) -> Test:
    first, last = fields.whole("min"), fields.whole("max")
    if first <= 0:
        raise fields.wrong("min", "must be a year.")
    if last < first:
        raise fields.wrong("max", f"must not be before min ({first}).")
    return kinds.YearBetween(first, last)


_LANGUAGES: Final = {language.number: language for language in Language}
_SOURCES: Final = dict(enumerate(QualitySource))
_MODIFIERS: Final = dict(enumerate(Modifier))
_FLAGS: Final = {flag.value: flag for flag in IndexerFlag}

# Radarr's numbers of sources and modifiers are the order of ours.
_READERS: Final[Mapping[str, Callable[[_Fields], Test]]] = {
    "ReleaseTitle": lambda fields: kinds.ReleaseTitle(fields.expression()),
    "Edition": lambda fields: kinds.Edition(fields.expression()),
    "Language": _language,
    "IndexerFlag": lambda fields: kinds.HasFlag(fields.one_of(_FLAGS, "indexer flag")),
    "Source": lambda fields: kinds.FromSource(fields.one_of(_SOURCES, "source")),
    "Resolution": _resolution,
    "QualityModifier": lambda fields: kinds.HasModifier(fields.one_of(_MODIFIERS, "modifier")),
    "Size": _size,
    "ReleaseGroup": lambda fields: kinds.ReleaseGroup(fields.expression()),
    "Year": _year,
}

IMPLEMENTATIONS: Final = tuple(f"{name}{_SUFFIX}" for name in _READERS)
"""Radarr's names of the ten kinds of conditions, in its order."""


def from_radarr(document: object, *, format_id: int = 0) -> CustomFormat:
    """Read a format from the JSON of Radarr's API or of the TRaSH Guides.

    What reeld does not know is kept, at the top and in each specification, for `to_radarr`.

    Args:
        document: The decoded JSON.
        format_id: reeld's number of the format; an `id` of the document is another Radarr's.

    Raises:
        InvalidFormat: A field is missing or wrong; the error names it.
    """
    if not _is_object(document):
        raise InvalidFormat("format", "a JSON object is needed.")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidFormat("name", f"a text of 1 to {_LONGEST_NAME} characters is needed here.")
    renaming = document.get(_RENAMING) or False
    if not isinstance(renaming, bool):
        raise InvalidFormat(_RENAMING, "true or false is needed here.")
    rest = {key: value for key, value in document.items() if key not in {"name", "specifications"}}
    return CustomFormat(format_id, name, renaming, _conditions(document), rest)


def probe_format(custom_format: CustomFormat) -> None:
    """Run the expressions of a format that is to be stored on names that make catastrophic ones show.

    Takes milliseconds; some 20 for each expression that never comes to an end, of which the first one ends it.

    Raises:
        InvalidFormat: One takes too long; the error names it.
    """
    for n, condition in enumerate(custom_format.conditions):
        if not isinstance(condition.test, kinds.BY_EXPRESSION):
            continue
        try:
            probe(condition.test.expression)
        except Broken as broken:
            raise InvalidFormat(f"specifications[{n}].fields.value", str(broken)) from None


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _conditions(document: Mapping[str, object]) -> tuple[Condition, ...]:
    listed = document.get("specifications")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_CONDITIONS:
        complaint = f"a list of 1 to {_MOST_CONDITIONS} conditions is needed here."
        raise InvalidFormat("specifications", complaint)
    return tuple(_condition(f"specifications[{n}]", each) for n, each in enumerate(listed))


def _condition(path: str, document: object) -> Condition:
    if not _is_object(document):
        raise InvalidFormat(path, "a JSON object is needed.")
    members = _Fields(path, document)
    implementation = members.text("implementation")
    read = _READERS.get(implementation.removesuffix(_SUFFIX))
    if read is None or not implementation.endswith(_SUFFIX):
        known = ", ".join(IMPLEMENTATIONS)
        complaint = f"reeld knows no {implementation[:80]!r}; it knows {known}."
        raise members.wrong("implementation", complaint)
    name, negate, required = members.text("name"), members.flag("negate"), members.flag("required")
    test = read(_Fields(f"{path}.fields", _values(members)))
    return Condition(name, test, negate, required, dict(document))


def _values(members: _Fields) -> dict[str, object]:
    """Read `fields`: a list of {name, value} as Radarr's API has it, or an object as TRaSH's files have it."""
    fields = members.values.get("fields")
    if _is_object(fields):
        return dict(fields)
    if not isinstance(fields, list):
        raise members.wrong("fields", "a list of {name, value}, or an object, is needed here.")
    values: dict[str, object] = {}
    for n, each in enumerate(fields):
        if not _is_object(each) or not isinstance(name := each.get("name"), str):
            raise members.wrong(f"fields[{n}].name", "a text is needed here.")
        if name in values:
            raise members.wrong(f"fields[{n}].name", f"{name[:80]!r} stands there twice.")
        values[name] = each.get("value")
    return values


def to_radarr(custom_format: CustomFormat) -> dict[str, object]:
    """Write a format as Radarr does: what came in, unchanged."""
    document = {"name": custom_format.name, **custom_format.rest}
    if custom_format.include_when_renaming or _RENAMING in document:
        document[_RENAMING] = custom_format.include_when_renaming
    document["name"] = custom_format.name
    document["specifications"] = [dict(each.document) for each in custom_format.conditions]
    return document
