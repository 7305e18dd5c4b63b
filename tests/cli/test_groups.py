"""`reeld groups`, against a daemon that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reeld.cli.endings import EXIT_FAILED, EXIT_USAGE
from reeld.cli.groups._pictures import bar, history_of

FACTS = (("GOOD", "kept", 5), ("GOOD", "replaced_by_repack", 1), ("\x1b[31mBAD", "stalled", 2))


@pytest.fixture(scope="module")
def learned(household: Any) -> Any:
    """What the household's daemon knows of two groups."""
    for group, kind, times in FACTS:
        household.execute(
            "INSERT INTO group_evidence (group_key, group_name, kind, release_title, at)"
            " SELECT lower(%s::text), %s, %s, 'Movie.2020-X', now() - interval '10 days'"
            " FROM generate_series(1, %s)",
            group,
            group,
            kind,
            times,
        )
    household.execute(
        "INSERT INTO release (source, indexer, guid, title, seeders, flags, parsed, first_seen)"
        " VALUES ('hdbits', 'hdbits', 'g', 'x', 12, 32, '{\"group\": \"GOOD\"}', '2026-01-15')"
    )
    return household


@pytest.fixture
def reeld(learned: Any, command: Any) -> Callable[..., Any]:
    """Runs a command against the daemon of the household."""
    return lambda *arguments: command(*arguments, environ=learned.environ)


def test_groups_are_listed_with_their_reputation_in_the_order_asked_for(reeld: Any) -> None:
    shown = reeld("groups", "--order", "best")
    assert shown.code == 0
    good, bad = [line for line in shown.out.splitlines() if "GOOD" in line or "BAD" in line]
    assert "#######--- 0.65" in good
    assert "5 of 6 imports kept, 1 replaced by a repack" in good
    assert "2 downloads stalled" in bad
    assert "\x1b" not in shown.out
    found = reeld("groups", "--search", "goo", "--json").document
    assert [each["group"] for each in found["groups"]] == ["GOOD"]
    assert "more: --limit" in reeld("groups", "--limit", "1").out
    assert reeld("groups", "--search", "nobody").out == "There is no such group.\n"
    assert reeld("groups", "--order", "random").code == EXIT_USAGE


def test_a_group_is_shown_with_its_evidence_a_picture_and_what_indexers_say(reeld: Any) -> None:
    shown = reeld("groups", "show", "good", "--limit", "2").out
    assert "GOOD  #######---" in shown
    assert "5 of 6 imports kept, 1 replaced by a repack." in shown
    assert "Indexers offer 1 release: 1 internal." in shown
    assert [line.split() for line in shown.splitlines() if "2026-01" in line] == [
        ["2026-01", "1", "12"]
    ]
    assert shown.count("Movie.2020-X") == 2
    detail = reeld("groups", "show", "GOOD", "--json").document
    assert set(detail) == {"group", "shares", "indexers", "events"}
    unknown = reeld("groups", "show", "nobody")
    assert (unknown.code, "Nothing is known" in unknown.err) == (EXIT_FAILED, True)


def test_a_group_is_blocked_preferred_and_cleared(reeld: Any) -> None:
    blocked = reeld("groups", "block", "D Z0N3?", "--note", "cuts the credits")
    assert blocked.out == "D Z0N3? is blocked from now on.\n"
    assert "blocked (cuts the credits)" in reeld("groups", "--rule", "block").out
    assert reeld("groups", "prefer", "d z0n3?", "--json").document["rule"] == "prefer"
    assert "A person says: preferred." in reeld("groups", "show", "D Z0N3?").out
    assert "evidence speaks" in reeld("groups", "clear", "D Z0N3?").out
    assert reeld("groups", "clear", "D Z0N3?").code == EXIT_FAILED
    for nothing in (" ", "a/b"):
        assert "1 to 100 printable" in reeld("groups", "block", nothing).err


def test_a_bar_is_full_for_the_best_and_takes_the_colour_of_a_rule() -> None:
    group: dict[str, Any] = {"reputation": 1.0, "band": "proven", "rule": None}
    assert bar(group).plain == "########## 1.00"
    assert bar(group | {"reputation": 0.0, "band": "poor"}).plain == "---------- 0.00"
    assert bar(group | {"rule": {"rule": "block", "note": ""}}).style == "red"


def test_the_picture_has_good_above_the_line_and_bad_below_it() -> None:
    def event(month: int, kind: str) -> dict[str, str]:
        return {"at": f"2026-{month:02}-03T00:00:00+00:00", "kind": kind}

    events = [event(1, "kept")] * 2 + [event(2, "kept")] * 9 + [event(2, "wrong_content")]
    events.append(event(2, "of a newer daemon"))
    assert history_of(events).plain.splitlines() == [
        "         ^",
        "         +",
        "         +",
        "  +      +",
        "  +      +",
        "26-01  26-02",
        "         -",
    ]
