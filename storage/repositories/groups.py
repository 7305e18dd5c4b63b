"""Release groups: what became of their releases, and what a person says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.reputation import (
    HALF_LIFE_DAYS,
    KEPT_DAYS,
    VERDICTS,
    WEIGHTLESS_DAYS,
    EvidenceKind,
    GroupRule,
    NewEvidence,
    Reputation,
    Tally,
    group_key,
    judge_group,
    require_key,
)
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

# A movie that is deleted meanwhile takes its acquisitions along: they are held fast, and in the order in which that
# deletion takes them.
_HOLD_MOVIES: Final = """
SELECT count(*) FROM (
    SELECT FROM movie WHERE id IN (SELECT movie_id FROM acquisition WHERE id = ANY(%s)) ORDER BY id FOR KEY SHARE
) AS held
"""

_SUBJECTS: Final = """
SELECT a.id, a.movie_id, a.title, coalesce(a.release_group, r.parsed ->> 'group')
FROM acquisition a JOIN release r ON r.id = a.release_id
WHERE a.id = ANY(%s) ORDER BY a.id FOR KEY SHARE OF a
"""

# `kept` is what an import is until more is known, so it gives way to any other verdict, and never the reverse.
_ADD: Final = """
WITH gone AS (
    DELETE FROM group_evidence
    WHERE acquisition_id = %(acquisition_id)s AND kind = 'kept' AND %(is_verdict)s AND %(kind)s::text <> 'kept'
)
INSERT INTO group_evidence (group_key, group_name, kind, acquisition_id, movie_id, release_title, detail, at)
SELECT %(key)s, %(name)s, %(kind)s::text, %(acquisition_id)s, %(movie_id)s, %(title)s, %(detail)s, %(at)s
WHERE NOT (%(is_verdict)s AND EXISTS (
    SELECT FROM group_evidence
    WHERE acquisition_id = %(acquisition_id)s AND kind = ANY(%(others)s)))
ON CONFLICT (acquisition_id, kind) DO NOTHING
"""

# `domain.reputation.age_factor`, summed up. (`date_part` and not `extract`, whose numeric costs three times the rest.)
_WEIGHED: Final = """
SELECT group_key, kind, count(*),
       sum(exp(age * {decay}) * CASE WHEN kind = 'kept' THEN least(age / {kept}::float8, 1) ELSE 1 END)
FROM (
    SELECT group_key, kind, greatest(date_part('epoch', now() - at) / 86400, 0) AS age
    FROM group_evidence {filter}
) AS aged
GROUP BY group_key, kind
""".replace("{decay}", f"{-log(2) / HALF_LIFE_DAYS!r}::float8").replace("{kept}", str(KEPT_DAYS))
_OF_SOME: Final = _WEIGHED.replace("{filter}", "WHERE group_key = ANY(%s)")
_OF_ALL: Final = _WEIGHED.replace("{filter}", "")

_NAMES: Final = """
SELECT key, newest.group_name, newest.at FROM unnest(%s::text[]) AS key, LATERAL (
    SELECT group_name, at FROM group_evidence WHERE group_key = key ORDER BY id DESC LIMIT 1
) AS newest
"""

_RULES: Final = "SELECT group_key, rule FROM group_rule"
_RULES_OF: Final = "SELECT group_key, rule FROM group_rule WHERE group_key = ANY(%s)"
_RULED: Final = "SELECT group_key, group_name, rule, note, at FROM group_rule"
_RULED_ONE: Final = f"{_RULED} WHERE group_key = %s"

_SET_RULE: Final = """
INSERT INTO group_rule (group_key, group_name, rule, note) VALUES (%s, %s, %s, %s)
ON CONFLICT (group_key) DO UPDATE SET
    group_name = excluded.group_name, rule = excluded.rule, note = excluded.note, at = now()
RETURNING group_key, group_name, rule, note, at
"""

_PAGE: Final = """
SELECT id, kind, acquisition_id, movie_id, release_title, detail, at, group_name FROM group_evidence
WHERE group_key = %s AND id < %s ORDER BY id DESC LIMIT %s
"""

_PRUNE: Final = """
DELETE FROM group_evidence WHERE id IN (
    SELECT id FROM group_evidence WHERE at < now() - make_interval(days => %s) ORDER BY at LIMIT %s
)
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of what became of a group's releases.

    Attributes:
        acquisition_id: None when its movie was deleted since.
        group: The group's name as that release wrote it.
    """

    id: int
    kind: EvidenceKind
    acquisition_id: int | None
    movie_id: int | None
    release_title: str
    detail: Mapping[str, object]
    at: datetime
    group: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a person says of a group.

    Attributes:
        group: Its name as that person wrote it.
        note: Why, in their words.
    """

    key: str
    group: str
    rule: GroupRule
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Weighed:
    """A group with its evidence counted and weighed, to be judged.

    Attributes:
        ruled: What a person says of it.
        last_at: When something was learned of it last; None when only a person has spoken of it.
    """

    key: str
    group: str
    tallies: tuple[Tally, ...]
    ruled: Ruled | None = None
    last_at: datetime | None = None

    def judged(self) -> Reputation:
        """Return its reputation; takes some 50 microseconds."""
        return judge_group(self.group, self.tallies, self.ruled.rule if self.ruled else None)


async def add(conn: Connection, learned: Sequence[NewEvidence]) -> list[EvidenceKind]:
    """Write what was learned, each fact once; return the kinds of those that were new.

    Nothing is written about a release without a group, or about one whose movie was deleted.
    """
    about = sorted({each.acquisition_id for each in learned})
    if not about:
        return []
    await fetch_one(conn, _HOLD_MOVIES, (about,))
    subjects = {row[0]: row for row in await fetch_all(conn, _SUBJECTS, (about,))}
    return [
        each.kind
        for each in learned
        if (subject := subjects.get(each.acquisition_id)) and await _add(conn, each, subject)
    ]


async def _add(conn: Connection, new: NewEvidence, subject: Row) -> bool:
    number, movie_id, title, name = subject
    key = group_key(name)
    if key is None:
        return False
    params: dict[str, Any] = {
        "key": key,
        "name": name.strip(),
        "kind": new.kind,
        "is_verdict": new.kind.is_verdict,
        "others": [str(kind) for kind in VERDICTS if kind is not EvidenceKind.KEPT],
        "acquisition_id": number,
        "movie_id": movie_id,
        "title": title,
        "detail": Jsonb(dict(new.detail)),
        "at": new.at,
    }
    return await execute(conn, _ADD, params) == 1


async def reputations(source: Reader, names: Iterable[str | None]) -> Mapping[str, Reputation]:
    """Return the reputation of every named group, by its name as it was asked for.

    One of which nothing is known has that of the prior; what is no name (None, too) is left out. Two queries along
    indexes, and 50 microseconds of arithmetic a group, with a pause for others after each: ask for those of one
    decision at once.
    """
    keys = {name: key for name in names if (key := group_key(name)) is not None and name}
    wanted = list(set(keys.values()))
    tallies = await _tallies(source, _OF_SOME, (wanted,))
    said = {key: GroupRule(rule) for key, rule in await fetch_all(source, _RULES_OF, (wanted,))}
    return {
        name: judge_group(name, tallies.get(key, ()), said.get(key)) for name, key in keys.items()
    }


async def every(source: Reader) -> list[Weighed]:
    """Return all groups that there is evidence or a rule about, by key, not judged yet.

    It reads all evidence, in some tens of milliseconds of PostgreSQL's time for 100,000 rows. Judging many groups
    belongs into a worker thread.
    """
    tallies = await _tallies(source, _OF_ALL, ())
    return await _with_names(
        source, tallies, [_ruled(row) for row in await fetch_all(source, _RULED)]
    )


async def one(source: Reader, name: str) -> Weighed | None:
    """Return one group, not judged yet; None when there is neither evidence nor a rule about it.

    Raises:
        InvalidGroup: It is no name of a group.
    """
    key = require_key(name)
    tallies = await _tallies(source, _OF_SOME, ([key],))
    said = [_ruled(row) for row in await fetch_all(source, _RULED_ONE, (key,))]
    found = await _with_names(source, tallies, said)
    return found[0] if found else None


async def _with_names(
    source: Reader, tallies: Mapping[str, Sequence[Tally]], said: Iterable[Ruled]
) -> list[Weighed]:
    names = {row[0]: row[1:] for row in await fetch_all(source, _NAMES, (list(tallies),))}
    ruled = {each.key: each for each in said}
    known = {
        key: Weighed(key, name, tuple(tallies[key]), ruled.get(key), at)
        for key, (name, at) in names.items()
    }
    only_ruled = {key: Weighed(key, each.group, (), each) for key, each in ruled.items()}
    return [each for _, each in sorted((only_ruled | known).items())]


async def evidence(
    source: Reader, name: str, *, before: int | None = None, limit: int = 100
) -> list[Evidence]:
    """Return what became of a group's releases, newest first; for more pass the last id as `before`."""
    rows = await fetch_all(source, _PAGE, (group_key(name), before or 2**63 - 1, limit))
    return [Evidence(row[0], EvidenceKind(row[1]), *row[2:]) for row in rows]


async def rules(source: Reader) -> dict[str, GroupRule]:
    """Return what people say of groups, by key (see `group_key`)."""
    return {key: GroupRule(rule) for key, rule in await fetch_all(source, _RULES)}


async def set_rule(conn: Connection, name: str, rule: GroupRule, note: str = "") -> Ruled:
    """Write what a person says of a group, in place of what was said before.

    Raises:
        InvalidGroup: It is no name of a group.
    """
    row = await fetch_one(conn, _SET_RULE, (require_key(name), name.strip(), rule, note))
    assert row is not None, "INSERT ... DO UPDATE ... RETURNING answers with the row"
    return _ruled(row)


async def clear_rule(conn: Connection, name: str) -> bool:
    """Take back what a person said of a group; False when nobody had."""
    statement = "DELETE FROM group_rule WHERE group_key = %s"
    return await execute(conn, statement, (group_key(name),)) == 1


async def prune(conn: Connection, *, days: float = WEIGHTLESS_DAYS, limit: int = 1000) -> int:
    """Delete up to `limit` rows that are too old to weigh."""
    return await execute(conn, _PRUNE, (int(days), limit))


async def _tallies(
    source: Reader, statement: str, params: tuple[Collection[str], ...] | tuple[()]
) -> dict[str, list[Tally]]:
    found: dict[str, list[Tally]] = {}
    for key, kind, count, weight in await fetch_all(source, statement, params):
        found.setdefault(key, []).append(Tally(EvidenceKind(kind), count, weight))
    return found


def _ruled(row: Row) -> Ruled:
    return Ruled(row[0], row[1], GroupRule(row[2]), row[3], row[4])
