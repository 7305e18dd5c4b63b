"""Movies that are wanted: what a schedule of searches needs to know, and what it has asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec

from reeld.domain.searching import SearchFacts
from reeld.domain.work import Queue, WorkKind
from reeld.storage._rows import Connection, Reader, execute, fetch_one

# As one text, so that thousands of rows can be read in a worker thread instead of on the loop.
_PAGE: Final = """
SELECT coalesce(json_agg(facts), '[]')::text FROM (
    SELECT m.id, m.title, m.year, m.profile, m.added_at, m.searched_at, m.scheduled_at, m.searches_in_vain,
           m.imdb_id IS NOT NULL AS is_searchable, m.status, m.minimum_availability, m.release_dates,
           m.refreshed_at IS NOT NULL AS is_known, (
               SELECT id FROM work
               WHERE queue = %(queue)s AND kind = %(kind)s AND unique_key = 'movie:' || m.id
                 AND unique_key IS NOT NULL AND state IN ('available', 'running')
               LIMIT 1) IS NOT NULL AS is_being_searched,
           (SELECT json_build_object('quality', quality, 'formats', formats, 'format_score', format_score)
            FROM library_file WHERE movie_id = m.id ORDER BY library_file.id LIMIT 1) AS owned
    FROM movie m
    WHERE m.id > %(after)s AND m.monitored AND m.stage IN ('wanted', 'searched', 'failed', 'in_library')
      AND (%(has_file)s::boolean IS NULL OR EXISTS (SELECT FROM library_file WHERE movie_id = m.id) = %(has_file)s)
    ORDER BY m.id LIMIT %(limit)s) AS facts
"""

_SCHEDULED: Final = "UPDATE movie SET scheduled_at = now() WHERE id = ANY(%s)"

# A search on schedule says for what cause; one that somebody or something else asked for does not.
_ASKED: Final = """
SELECT now(), (SELECT count(*) FROM movie WHERE scheduled_at > now() - interval '1 hour'),
       (SELECT count(*) FROM work WHERE queue = %(queue)s AND kind = %(kind)s
            AND unique_key IS NOT NULL AND state IN ('available', 'running') AND args ? 'cause')
"""

_SEARCHES: Final = {"queue": Queue.HDBITS, "kind": WorkKind.SEARCH_MOVIE}
_decoder: Final = msgspec.json.Decoder(list[SearchFacts])


async def page(
    source: Reader, *, after: int = 0, limit: int = 500, has_file: bool | None = None
) -> str:
    """Return the facts of monitored movies for which nothing is under way, by number, for `decode`.

    Args:
        source: Where to read.
        after: The number that ended the page before.
        limit: How many at most.
        has_file: Only those that have a file, or only those that have none.
    """
    params = {"after": after, "limit": limit, "has_file": has_file, **_SEARCHES}
    row = await fetch_one(source, _PAGE, params)
    assert row is not None, "an aggregate has a row"
    return str(row[0])


def decode(text: str) -> Sequence[SearchFacts]:
    """Return what `page` read. A thousand rows take some milliseconds: do it off the loop."""
    return _decoder.decode(text)


async def note_scheduled(conn: Connection, movie_ids: Collection[int]) -> None:
    """Note that the schedule asks for searches of movies just now."""
    await execute(conn, _SCHEDULED, (sorted(movie_ids),))


async def asked_lately(source: Reader) -> tuple[datetime, int, int]:
    """Return the database's time, the searches that the schedule asked for in the last hour, and those that still wait."""
    row = await fetch_one(source, _ASKED, _SEARCHES)
    assert row is not None, "it has no condition"
    return row[0], int(row[1]), int(row[2])
