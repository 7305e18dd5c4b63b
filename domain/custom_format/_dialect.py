"""Rewrites an expression of .NET for `regex`, and refuses what would mean something else there.

`regex` has constructs of its own: recursion, fuzzy matching, verbs, classes of POSIX. From outside they would be
holes: a recursion takes all memory before any time limit is looked at.
"""

from __future__ import annotations

import re
from typing import Final

MOST_REPEATED: Final = 1000
"""So often a part may be repeated by number, repetitions within repetitions multiplied: `(a{20}){30}` is 600."""

_GROUP: Final = re.compile(
    r"\(\?(?:[:=!>]|<[=!]|<[A-Za-z_]\w*>|[ims]*(?:-[ims]+)?[:)]|\((?!DEFINE)\w+\))"
)
_COMMENT: Final = re.compile(r"\(\?#[^)]*\)")
_COUNT: Final = re.compile(r"\{(\d{1,9})(?:(,)(\d{1,9})?)?\}")
_NAMED: Final = re.compile(r"\\k(?:<(\w+)>|'(\w+)')")
_PROPERTY: Final = re.compile(r"\\[pP]\{\w+\}")
_LETTERS: Final = frozenset("aAbBdDsSwWtnrfvzZGuxpPc")
"""The letters that mean the same in both behind a backslash."""


class Broken(ValueError):
    """An expression that cannot be used; the sentence says why."""


def translate(source: str) -> str:
    """Return the expression for `regex`.

    Raises:
        Broken: It holds what `regex` does not have, or means otherwise.
    """
    return _Translation(source).run()


class _Translation:
    """One walk through an expression."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out: list[str] = []
        # For each open group, how often its most repeated part is repeated; and the same for the last atom.
        self._counts = [1]
        self._last = 1

    def run(self) -> str:
        while self._at < len(self._source):
            match self._source[self._at]:
                case "\\":
                    self._escape()
                case "[":
                    self._class()
                case "(":
                    self._open()
                case ")":
                    self._close()
                case "{":
                    self._brace()
                case char:
                    self._last = self._last if char in "?+*" else 1
                    self._take(char)
        return "".join(self._out)

    def _take(self, text: str, instead: str | None = None) -> None:
        self._at += len(text)
        self._out.append(text if instead is None else instead)

    def _escape(self) -> None:
        self._last = 1
        if named := _NAMED.match(self._source, self._at):
            self._take(named[0], f"(?P={named[1] or named[2]})")
            return
        if property_named := _PROPERTY.match(self._source, self._at):
            self._take(property_named[0])
            return
        pair = self._source[self._at : self._at + 2]
        if pair == "\\e":
            self._take(pair, "\\x1b")
            return
        if pair[1:].isalpha() and pair[1:] not in _LETTERS:
            raise Broken(f"has {pair}, which reeld does not know. Write it in another way.")
        self._take(pair)

    def _class(self) -> None:
        """Copy a character class; a bracket in it is a character, as in .NET."""
        self._last = 1
        start = self._at
        self._take("[^" if self._source.startswith("[^", start) else "[")
        if self._source.startswith("]", self._at):
            self._take("]")
        while self._at < len(self._source):
            char = self._source[self._at]
            if char == "]":
                self._take(char)
                return
            if self._source.startswith("-[", self._at):
                raise Broken(
                    "subtracts a character class, which reeld does not know. Spell it out."
                )
            if char == "\\":
                self._escape()
            else:
                self._take(char, "\\[" if char == "[" else None)
        raise Broken(f"has a character class that is not closed, at character {start + 1}.")

    def _open(self) -> None:
        if comment := _COMMENT.match(self._source, self._at):
            self._take(comment[0], "")
            return
        found = _GROUP.match(self._source, self._at)
        if found is None and self._source[self._at + 1 : self._at + 2] in {"?", "*"}:
            shown = self._source[self._at : self._at + 4]
            raise Broken(f"has {shown!r}, which reeld does not know. Write it in another way.")
        text = found[0] if found else "("
        self._take(text)
        # `(?i)` and the condition of `(?(1)a|b)` are closed already.
        if not (text.endswith(")") and not text.startswith("(?(")):
            self._counts.append(1)

    def _close(self) -> None:
        self._take(")")
        if len(self._counts) == 1:
            raise Broken("closes a group that was not opened.")
        self._last = self._counts.pop()
        self._note(self._last)

    def _brace(self) -> None:
        count = _COUNT.match(self._source, self._at)
        if count is None:
            # In .NET a brace that counts nothing is a character; in `regex` it may allow errors.
            self._last = 1
            self._take("{", "\\{")
            return
        self._last *= max(int(count[1]), int(count[3] or 0), 1)
        self._note(self._last)
        self._take(count[0])

    def _note(self, count: int) -> None:
        if count > MOST_REPEATED:
            raise Broken(f"repeats a part {count} times; at most {MOST_REPEATED} are read.")
        self._counts[-1] = max(self._counts[-1], count)
