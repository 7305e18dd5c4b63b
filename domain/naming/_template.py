"""Reads templates and fills them in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from reeld.domain.errors import Refused
from reeld.domain.naming._facts import TOKENS, NamingFacts
from reeld.domain.naming._sanitise import sanitise_value


class InvalidTemplate(Refused):
    """A template holds a token that does not exist, or no token at all.

    Args:
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_template"


@dataclass(frozen=True, slots=True)
class _Token:
    """One token with what surrounds it inside its braces, which goes when the value is empty."""

    name: str
    before: str
    after: str
    separator: str
    is_lower: bool
    is_upper: bool
    longest: int
    languages: str
    formats: str = ""
    """Of `{Custom Format:NAME}` and `{Custom Formats:ONE,OTHER}`; with a `-` before them all others."""

    def render(self, facts: NamingFacts) -> str:
        if self.formats:
            facts = replace(facts, custom_formats=_of_formats(facts.custom_formats, self.formats))
        value = sanitise_value(TOKENS[self.name](facts))
        if self.languages:
            value = _of_languages(value, self.languages)
        if self.separator not in {" ", ""}:
            value = value.replace(" ", self.separator)
        if self.is_lower or self.is_upper:
            value = value.lower() if self.is_lower else value.upper()
        value = _shortened(value, self.longest)
        return f"{self.before}{value}{self.after}" if value else ""


_NAME: Final = r"[A-Za-z0-9]+(?:[ ._\-]+[A-Za-z0-9]+)*"
_COUNT: Final = r"-?\d{1,3}"
_LANGUAGES: Final = r"-?[A-Za-z]{2,3}(?:\+[A-Za-z]{2,3})*"
_FORMATS: Final = r"[^{}\[\]()/\\:]++"
_MODIFIER: Final = rf"(?::(?P<modifier>{_COUNT}|{_LANGUAGES}|{_FORMATS}))?"
_OF_FORMATS: Final = frozenset({"customformat", "customformats"})
_TOKEN: Final = re.compile(
    rf"\{{(?P<label>[A-Za-z]+-)\{{(?P<inner>{_NAME})\}}\}}|"
    rf"\{{(?P<before>(?:[^\w{{}}/\\:]|_)*)(?P<name>{_NAME}){_MODIFIER}(?P<after>(?:[^\w{{}}/\\:]|_)*)\}}"
)
_UPWARDS: Final = re.compile(r"(?:^|[\\/])\s*\.{1,2}\s*(?:[\\/]|$)")
_EMPTY_BRACKETS: Final = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}")
_LOOSE_END: Final = re.compile(r"[\s\-_.]+$")


class Template:
    """A template for one path, its parts separated by `/`.

    Tokens stand in braces. Their letters name them; their case and their separator shape the value:
    `{movie.title}` gives `the.movie`. Brackets, dashes and spaces inside the braces vanish with an
    empty value: `{[Edition Tags]}`. `{Movie Title:20}` cuts after 20 characters, `{Movie Title:-20}`
    keeps the last 20; `{MediaInfo AudioLanguages:EN+DE}` shows those languages alone, and `:-DE` all
    others; so do `{Custom Formats:IMAX,Remux}`, `:-IMAX`, and `{Custom Format:IMAX}` of formats. `{imdb-{ImdbId}}` keeps its braces, as media servers want.

    Raises:
        InvalidTemplate: It names a token that does not exist, has no token, or leads out of the folder it is for.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if re.match(r"\s*[\\/]", text) or _UPWARDS.search(text):
            raise InvalidTemplate(
                "The template leads out of the library; leave out the / at its beginning, and every '.' and '..' "
                "between two of them."
            )
        parts = [part for part in re.split(r"[\\/]+", text) if part.strip(" .")]
        if not parts:
            raise InvalidTemplate("The template is empty; try {Movie Title} ({Release Year}).")
        self._parts = [_parse(part) for part in parts]
        if not any(isinstance(piece, _Token) for part in self._parts for piece in part):
            raise InvalidTemplate(
                "The template has no token, so that all movies would get one name; "
                "try {Movie Title} ({Release Year})."
            )

    def render(self, facts: NamingFacts) -> tuple[str, ...]:
        """Fill in each part. Values are sanitised; the parts themselves are not."""
        return tuple(_rendered(part, facts) for part in self._parts)


def _parse(part: str) -> list[str | _Token]:
    pieces: list[str | _Token] = []
    end = 0
    for found in _TOKEN.finditer(part):
        pieces += [part[end : found.start()], _token(found)]
        end = found.end()
    pieces.append(part[end:])
    stray = next((p for p in pieces if isinstance(p, str) and re.search(r"\{[^{}]+\}", p)), None)
    if stray is not None:
        raise InvalidTemplate(f"{stray.strip()} is no token; check its braces.")
    return pieces


def _token(found: re.Match[str]) -> _Token:
    written = found["inner"] or found["name"]
    name = re.sub(r"[^a-z0-9]", "", written.lower())
    modifier = found["modifier"] or ""
    is_of_formats = name in _OF_FORMATS
    legal = is_of_formats or re.fullmatch(rf"{_COUNT}|{_LANGUAGES}", modifier)
    if name not in TOKENS or (modifier and not legal):
        shown = f"{written}:{modifier}" if modifier else written
        raise InvalidTemplate(f"{{{shown}}} is no token; see the list of tokens.")
    if name == "customformat" and not modifier:
        raise InvalidTemplate("{Custom Format} needs the name of one, as {Custom Format:IMAX}.")
    is_count = bool(re.fullmatch(_COUNT, modifier))
    separator = re.search(r"[ ._\-]", written)
    return _Token(
        name=name,
        before=f"{{{found['label']}" if found["label"] else found["before"],
        after="}" if found["label"] else found["after"],
        separator=separator[0] if separator else "",
        is_lower=written.islower(),
        is_upper=written.isupper(),
        longest=int(modifier) if is_count else 0,
        languages="" if is_count or is_of_formats else modifier.upper(),
        formats=modifier if is_of_formats and not is_count else "",
    )


def _rendered(part: list[str | _Token], facts: NamingFacts) -> str:
    text, was_empty = "", False
    for piece in part:
        if isinstance(piece, _Token):
            value = piece.render(facts)
            was_empty = not value
        else:
            value = sanitise_literal(piece)
            value = value[_overlap(text, value) if was_empty else 0 :]
        text += value
    spaced = re.sub(r" {2,}", " ", _EMPTY_BRACKETS.sub("", text))
    return _LOOSE_END.sub("", spaced)


def _overlap(text: str, literal: str) -> int:
    """Return how much of a literal repeats the separators that stand before an empty value."""
    run = len(literal) - len(literal.lstrip(" ._-"))
    return next((size for size in range(run, 0, -1) if text.endswith(literal[:size])), 0)


def sanitise_literal(text: str) -> str:
    """Return a template's own text without what no name may hold; its spaces stay."""
    return re.sub(r"[\x00-\x1f\x7f<>|\"?*:]", "", text)


def _of_languages(value: str, wanted: str) -> str:
    codes = value.strip("[]").split("+")
    chosen = wanted.lstrip("-").split("+")
    kept = (
        [c for c in codes if c not in chosen]
        if wanted.startswith("-")
        else [c for c in chosen if c in codes]
    )
    return f"[{'+'.join(kept)}]" if any(kept) else ""


def _of_formats(names: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    chosen = {each.strip() for each in wanted.removeprefix("-").split(",")}
    return tuple(each for each in names if (each in chosen) is not wanted.startswith("-"))


def _shortened(value: str, longest: int) -> str:
    """Cut to a number of characters; a negative number keeps the end.

    The mark is one character and no dots, since a name's last dots are lost on some systems.
    """
    most = abs(longest)
    if not most or len(value) <= most:
        return value
    room = max(most - 1, 1)
    if longest < 0:
        return f"…{value[-room:].lstrip()}"
    return f"{value[:room].rstrip()}…"
