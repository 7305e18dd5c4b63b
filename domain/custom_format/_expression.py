"""Regular expressions from outside: compiled once, and never trusted to come to an end."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import regex

from reeld.domain.custom_format._dialect import Broken, translate
from reeld.domain.custom_format._words import needed_words

LONGEST: Final = 20_000
"""Characters of an expression. The longest one in use has some 3,000."""

MATCH_SECONDS: Final = 0.02
"""Processor seconds that one search may take. An honest one takes some millionths on a release name."""

RELEASE_SECONDS: Final = 0.05
"""Processor seconds that all searches in one release may lose to the limit above."""

_STRIKES: Final = 3
"""So often an expression may run out of time before it is not run any more."""

_COMPILED: Final = 8192

# Names that make the usual catastrophes show: nested repetitions of letters, digits, words and anything.
_PROBES: Final = (
    "a" * 60 + "!",
    "1" * 60 + "!",
    "A.a1-" * 30 + "!",
    "The.Movie.Name.2020.2160p.WEB-DL.DDP5.1.Atmos.DV.HDR.H.265-GROUP" * 4 + "\x00",
)


class OutOfTime(Exception):
    """A search was cut short: nobody knows whether the expression matches."""


class Budget:
    """What the searches in one release may still lose."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float = RELEASE_SECONDS) -> None:
        self.seconds = seconds

    @property
    def for_one(self) -> float:
        """Seconds that the next search may take.

        Raises:
            OutOfTime: Nothing is left.
        """
        if self.seconds <= 0:
            raise OutOfTime
        return min(MATCH_SECONDS, self.seconds)


class Expression:
    """An expression in .NET's dialect, as far as `regex` knows it; case plays no part, as in Radarr.

    Raises:
        Broken: It holds what reeld does not know.
    """

    __slots__ = ("_pattern", "_strikes", "source", "words")

    def __init__(self, source: str) -> None:
        self.source = source
        self._pattern = regex.compile(translate(source), regex.IGNORECASE)
        self._strikes = 0
        self.words = tuple(needed_words(source))

    @property
    def is_set_aside(self) -> bool:
        """Whether it ran out of time so often that it is not run any more."""
        return self._strikes >= _STRIKES

    def may_be_in(self, lowered: str) -> bool:
        """Whether a text of ASCII, given in lower case, has what the expression needs at least."""
        return not self.words or any(word in lowered for word in self.words)

    def found_in(self, text: str, budget: Budget) -> bool:
        """Whether it matches anywhere in the text.

        Raises:
            OutOfTime: It took too long, or did so too often before.
        """
        if self._strikes >= _STRIKES:
            raise OutOfTime
        limit = budget.for_one
        try:
            return self._pattern.search(text, timeout=limit) is not None
        except (TimeoutError, MemoryError, RecursionError):
            self._strikes += 1
            budget.seconds -= limit
            raise OutOfTime from None


@lru_cache(maxsize=_COMPILED)
def expression(source: str) -> Expression:
    """Return the compiled expression, the same object for the same text.

    Raises:
        Broken: It does not compile.
    """
    if len(source) > LONGEST:
        raise Broken(f"has {len(source)} characters; at most {LONGEST} are read.")
    try:
        return Expression(source)
    except Broken:
        raise
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise Broken(f"is no regular expression: {error}. Correct it.") from None


def probe(source: str) -> None:
    """Run an expression on names that make catastrophic ones show.

    Raises:
        Broken: It does not compile, or runs out of time.
    """
    tried = expression(source)
    for text in _PROBES:
        try:
            tried.found_in(text, Budget())
        except OutOfTime:
            milliseconds = MATCH_SECONDS * 1000
            raise Broken(
                f"takes more than {milliseconds:g} ms on a release name. "
                "Repetitions within repetitions do that: simplify it."
            ) from None
