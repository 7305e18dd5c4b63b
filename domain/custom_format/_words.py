"""Finds the words without which an expression cannot match, so that most searches need not be made.

Looking for a word in a name takes a twentieth of the time of a search with a time limit.
"""

from __future__ import annotations

from typing import Final

Words = frozenset[str]
"""In lower case; one of them is in every text that matches. Empty: nobody knows."""

_NOTHING: Final[Words] = frozenset()
_MOST: Final = 24
"""More words than this cost more than the search."""

_QUANTIFIERS: Final = "?*+{"
_REFUSING: Final = ("?!", "?<!")
_GROUPS: Final = (*_REFUSING, "?=", "?<=", "?:", "?>")
_PLAIN: Final = "-_@&' "
"""What stands for itself beside letters and digits."""


class _Unclear(Exception):
    """The expression has something that this reader does not know."""


def needed_words(source: str) -> Words:
    """Return words of ASCII, one of which every text that matches has in it, in whatever case.

    It knows just enough of the syntax to be right: where it does not know, it says nothing.
    """
    try:
        reader = _Reader(source)
        words = reader.alternatives()
    except (_Unclear, IndexError):
        return _NOTHING
    return words if reader.is_at_end and len(words) <= _MOST else _NOTHING


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._source)

    def alternatives(self) -> Words:
        """Read up to the end of the group: any branch may match, so that each must need something."""
        branches = [self._sequence()]
        while not self.is_at_end and self._source[self._at] == "|":
            self._at += 1
            branches.append(self._sequence())
        return frozenset().union(*branches) if all(branches) else _NOTHING

    def _sequence(self) -> Words:
        """Read one branch: everything in it must be there, and what is rarest is looked for."""
        needs: list[Words] = []
        run = ""
        while not self.is_at_end and self._source[self._at] not in "|)":
            char = self._source[self._at]
            if _is_plain(char) and not self._quantified(self._at + 1):
                run += char.lower()
                self._at += 1
                continue
            needs.append(frozenset({run} - {""}))
            run = ""
            needs.append(self._other(char))
        needs.append(frozenset({run} - {""}))
        return max(needs, key=_rarity)

    def _other(self, char: str) -> Words:
        """Read one atom that is no plain character, with its quantifier."""
        if char == "(":
            words = self._group()
        else:
            words = _NOTHING
            self._at = self._after_atom(char)
        return _NOTHING if self._may_be_left_out() else words

    def _after_atom(self, char: str) -> int:
        match char:
            case "\\":
                if self._source[self._at + 1] in "QEGKpPxuUNgkLR0123456789":
                    raise _Unclear
                return self._at + 2
            case "[":
                return self._after_set()
            case "?" | "*" | "+" | "{" | "#":
                raise _Unclear
            case _:
                return self._at + 1

    def _after_set(self) -> int:
        at = self._at + 1
        at += self._source[at] == "^"
        at += self._source[at] == "]"
        while self._source[at] != "]":
            if self._source[at] == "[":
                raise _Unclear
            at += 2 if self._source[at] == "\\" else 1
        return at + 1

    def _group(self) -> Words:
        rest = self._source[self._at + 1 :]
        prefix = next((each for each in _GROUPS if rest.startswith(each)), "")
        if rest.startswith("?") and not prefix:
            raise _Unclear
        self._at += 1 + len(prefix)
        words = self.alternatives()
        if self._source[self._at] != ")":
            raise _Unclear
        self._at += 1
        # What must not be there is only read to find its end.
        return _NOTHING if prefix in _REFUSING else words

    def _quantified(self, at: int) -> bool:
        return at < len(self._source) and self._source[at] in _QUANTIFIERS

    def _may_be_left_out(self) -> bool:
        """Read the quantifier of an atom, if it has one; whether the atom may then be missing."""
        if not self._quantified(self._at):
            return False
        start = self._at
        if self._source[start] == "{":
            self._at = self._source.index("}", start) if "}" in self._source[start:] else 2**31
        self._at += 1
        if not self.is_at_end and self._source[self._at] in "?+":
            self._at += 1
        return not self._source.startswith("+", start)


def _is_plain(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _PLAIN


def _rarity(words: Words) -> tuple[int, int]:
    """How seldom a name has one of the words: by the shortest one, then by how few they are."""
    return (min(map(len, words)), -len(words)) if words else (0, 0)
