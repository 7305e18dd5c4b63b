"""Movies of the library by what people call them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reeld.storage._rows import Reader, fetch_all

_WITH_YEAR: Final = re.compile(r"(?P<title>.+?)\s*\((?P<year>\d{4})\)\s*")
MOST: Final = 6

# The very title first; then titles that begin so, and those that have it somewhere.
_FIND: Final = """
SELECT id, title, year FROM (
    SELECT id, title, year, CASE
        WHEN lower(title) = lower(%(title)s) OR lower(%(title)s) = ANY(SELECT lower(t) FROM unnest(alternative_titles) t)
            OR lower(original_title) = lower(%(title)s) THEN 0
        WHEN starts_with(lower(title), lower(%(title)s)) THEN 1
        WHEN strpos(lower(title), lower(%(title)s)) > 0 THEN 2 END AS nearness
    FROM movie WHERE %(year)s::integer IS NULL OR %(year)s IN (year, secondary_year)
) AS movie
WHERE nearness IS NOT NULL ORDER BY nearness, id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Titled:
    """A movie by its title."""

    id: int
    title: str
    year: int | None


async def find(source: Reader, text: str) -> list[Titled]:
    """Return the movies that a person may mean, the likeliest first: by title, with its year in parentheses or not.

    When one has the very title, those that merely contain it are left out.
    """
    found = _WITH_YEAR.fullmatch(text.strip())
    title, year = (found["title"], int(found["year"])) if found else (text.strip(), None)
    params = {"title": title, "year": year, "most": MOST}
    rows = [Titled(*row) for row in await fetch_all(source, _FIND, params)]
    exact = [each for each in rows if each.title.casefold() == title.casefold()]
    return exact or rows
