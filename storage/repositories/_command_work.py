"""How far the work of a command is. Work that is not there any more was done, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reeld.domain.command import ASKING, PutOff
from reeld.domain.work import Queue, WorkKind

# What all other indexers are asked for is work of each of them, which IndexersActor asks for: while it is open it
# belongs to the command too. What was tried in vain before stays put off while it is tried again, so that a command
# that has ended does not begin anew.
WORK: Final = (
    """
LATERAL (
    SELECT count(*) FILTER (WHERE is_open) AS open,
           count(*) FILTER (WHERE is_open AND is_of_another) AS others,
           count(*) FILTER (WHERE state = 'running' AND NOT is_put_off) AS running,
           count(*) FILTER (WHERE state = 'dead') AS dead,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           min(claimed_at) AS started_at, max(finished_at) AS finished_at,
           max(sentence) FILTER (WHERE state <> 'done' AND NOT is_put_off) AS sentence,
           coalesce(jsonb_agg(progress) FILTER (WHERE state = 'running' AND progress <> '{}'), '[]') AS progress,
           count(*) FILTER (WHERE is_put_off) AS put_off,
           coalesce(jsonb_agg(DISTINCT jsonb_build_array(
               coalesce(args->>'feed', (SELECT name FROM indexer WHERE '<torznab>:' || indexer.id = queue), queue),
               kind, coalesce(sentence, errors->0->>'sentence', ''))) FILTER (WHERE is_put_off), '[]') AS reasons
    FROM (
        SELECT piece.*, is_open AND (snoozes > 0 OR kind IN (<asking>) AND errors <> '[]') AS is_put_off
        FROM (
            SELECT *, state IN ('available', 'running') AS is_open, false AS is_of_another
            FROM work WHERE work.id = ANY(c.work_ids)
            UNION ALL
            SELECT asked.*, true, true
            FROM work JOIN work asked ON asked.movie_id = (work.args->>'movie_id')::bigint
                AND asked.kind = work.kind AND asked.unique_key = work.unique_key
                AND asked.state IN ('available', 'running') AND starts_with(asked.queue, '<torznab>:')
            WHERE work.id = ANY(c.work_ids) AND work.queue = '<indexers>' AND work.kind = '<search>'
        ) piece
    ) piece
) w
""".replace("<asking>", ", ".join(f"'{each}'" for each in sorted(ASKING)))
    .replace("<search>", WorkKind.SEARCH_MOVIE)
    .replace("<indexers>", Queue.INDEXERS)
    .replace("<torznab>", Queue.TORZNAB)
)
"""To be joined with a table `c` of commands, whose work is `c.work_ids`."""


def read_reasons(rows: Sequence[Sequence[str]]) -> tuple[PutOff, ...]:
    """Read the column `reasons`: the same thing that holds up many pieces of work is there once."""
    return tuple(PutOff(name, kind, sentence) for name, kind, sentence in rows)
