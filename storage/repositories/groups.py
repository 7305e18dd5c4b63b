"""Release groups: what their evidence comes to, and what a person says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Final

import trio

from reeld.domain.reputation import (
    HALF_LIFE_DAYS,
    KEPT_DAYS,
    EvidenceKind,
    GroupRule,
    Reputation,
    Tally,
    group_key,
    judge_group,
    require_key,
)
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

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

_NEWEST: Final = """
SELECT (SELECT max(id) FROM group_evidence), (SELECT max(at) FROM group_rule), (SELECT count(*) FROM group_rule)
"""

_SET_RULE: Final = """
INSERT INTO group_rule (group_key, group_name, rule, note) VALUES (%s, %s, %s, %s)
ON CONFLICT (group_key) DO UPDATE SET
    group_name = excluded.group_name, rule = excluded.rule, note = excluded.note, at = now()
RETURNING group_key, group_name, rule, note, at
"""


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
    judged = {}
    for name, key in keys.items():
        judged[name] = judge_group(name, tallies.get(key, ()), said.get(key))
        await trio.lowlevel.checkpoint()
    return judged


async def every(source: Reader) -> list[Weighed]:
    """Return all groups that there is evidence or a rule about, by key, not judged yet.

    It reads all evidence, in some tens of milliseconds of PostgreSQL's time for 100,000 rows. Judging many groups
    belongs into a worker thread.
    """
    tallies = await _tallies(source, _OF_ALL, ())
    return await _with_names(
        source, tallies, [_ruled(row) for row in await fetch_all(source, _RULED)]
    )


async def newest(source: Reader) -> Row | None:
    """Return something that is another one once there is news of any group; quick."""
    return await fetch_one(source, _NEWEST)


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


async def _tallies(
    source: Reader, statement: str, params: tuple[Collection[str], ...] | tuple[()]
) -> dict[str, list[Tally]]:
    found: dict[str, list[Tally]] = {}
    for key, kind, count, weight in await fetch_all(source, statement, params):
        found.setdefault(key, []).append(Tally(EvidenceKind(kind), count, weight))
    return found


def _ruled(row: Row) -> Ruled:
    return Ruled(row[0], row[1], GroupRule(row[2]), row[3], row[4])
