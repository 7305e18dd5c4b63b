from __future__ import annotations

from dataclasses import replace

from reeld.domain.decision import Context, Outcome, Reason, Ruling, decide

TITLE = "Sintel.2010.1080p.WEB-DL.H.264-OPEN"


def duplicate_rulings(context: Context, *candidates) -> dict[int, Ruling]:
    decision = decide(candidates, context)
    return {verdict.release_id: verdict.rulings[-1] for verdict in decision.verdicts}


def test_the_same_torrent_from_two_sources_is_taken_from_the_preferred_one(offer, context) -> None:
    one = offer(id=1, infohash="ab" * 20, seeders=5)
    two = offer("Sintel 2010 Other Name 1080p WEB-DL", id=2, infohash="ab" * 20, seeders=500)
    decision = decide([one, two], context)
    assert decision.best is two
    twin = decision.verdicts[1]
    assert [r.reason for r in twin.rejections] == [Reason.DUPLICATE]
    assert twin.is_temporary
    assert twin.rejections[0].values == {"by": "infohash", "of_release_id": 2, "indexer": "feed"}


def test_the_same_name_from_another_source_is_the_same_release(offer, context) -> None:
    dotted = offer(TITLE, id=1)
    spaced = offer("sintel 2010 1080p WEB-DL H 264-OPEN", id=2, indexer="hdbits", guid="2")
    found = duplicate_rulings(context, spaced, dotted)
    assert found[1].outcome is Outcome.PASSED
    assert found[2].sentence == (f"It is the same release as {TITLE} of feed, which is preferred.")


def test_the_same_name_twice_at_one_source_is_two_releases(offer, context) -> None:
    found = duplicate_rulings(context, offer(id=1, guid="1"), offer(id=2, guid="2"))
    assert {each.outcome for each in found.values()} == {Outcome.PASSED}


def test_releases_of_different_names_and_torrents_are_no_duplicates(offer, context) -> None:
    one = offer(id=1, infohash="ab" * 20)
    two = offer(TITLE.replace("OPEN", "OTHER"), id=2, infohash="cd" * 20, indexer="hdbits")
    assert {r.outcome for r in duplicate_rulings(context, one, two).values()} == {Outcome.PASSED}


def test_the_twin_of_a_rejected_release_is_taken(offer, context) -> None:
    dead = offer(id=1, seeders=0)
    alive = offer(id=2, indexer="hdbits", guid="2")
    decision = decide([dead, alive], context)
    assert decision.best is alive
    assert decision.verdicts[1].rulings[-1].outcome is Outcome.NOT_ASKED


def test_a_third_copy_is_a_duplicate_of_the_preferred_one(offer, context) -> None:
    three = [offer(id=number, indexer=f"feed {number}", seeders=10**number) for number in (1, 2, 3)]
    found = duplicate_rulings(replace(context), *three)
    assert found[3].outcome is Outcome.PASSED
    assert {found[1].values["of_release_id"], found[2].values["of_release_id"]} == {3}
