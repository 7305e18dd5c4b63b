from __future__ import annotations

from dataclasses import dataclass, replace

from reeld.domain.decision import Reason, judge
from reeld.domain.indexer import IndexerRules
from reeld.domain.release import IndexerFlag
from reeld.domain.settings import DecisionSettings


@dataclass
class BlockedTorrent:
    infohash: str

    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        return infohash == self.infohash


def test_an_indexer_that_is_away_has_nothing_to_offer_for_now(offer, context) -> None:
    verdict = judge(offer(), replace(context, indexers_away=frozenset({"feed"})))
    assert [r.reason for r in verdict.rejections] == [Reason.INDEXER_AWAY]
    assert verdict.is_temporary
    assert judge(offer(), replace(context, indexers_away=frozenset({"hdbits"}))).is_accepted


def test_an_indexer_with_tags_is_for_movies_that_have_one(offer, context, reasons) -> None:
    tagged = IndexerRules("feed", tags=frozenset({"4k", "kids"}))
    asked = replace(context, indexers={"feed": tagged})
    assert reasons(offer(), asked) == [Reason.INDEXER_TAGS_DIFFER]
    assert reasons(offer(), replace(asked, tags={3: "old"})) == [Reason.INDEXER_TAGS_DIFFER]
    assert reasons(offer(), replace(asked, tags={3: "old", 4: "kids"})) == []


def test_one_of_the_required_flags_is_enough(offer, context, ruling) -> None:
    needs = IndexerRules("feed", required_flags=IndexerFlag.FREELEECH | IndexerFlag.INTERNAL)
    asked = replace(context, indexers={"feed": needs})
    found = ruling("required_flags", offer(flags=IndexerFlag.SCENE), asked)
    assert found.reason is Reason.FLAGS_MISSING
    assert found.values == {"has": ["scene"], "wants": ["freeleech", "internal"]}
    assert not ruling("required_flags", offer(flags=IndexerFlag.INTERNAL), asked).is_rejected


def test_a_release_needs_seeders_where_their_number_is_known(offer, context, reasons) -> None:
    verdict = judge(offer(seeders=0), context)
    assert [r.reason for r in verdict.rejections] == [Reason.TOO_FEW_SEEDERS]
    assert verdict.is_temporary
    assert judge(offer(seeders=None), context).is_accepted
    strict = replace(context, settings=DecisionSettings(minimum_seeders=5))
    assert reasons(offer(seeders=4), strict) == [Reason.TOO_FEW_SEEDERS]


def test_an_indexers_own_number_of_seeders_counts_before_the_general_one(
    offer, context, reasons
) -> None:
    easy = replace(context, indexers={"feed": IndexerRules("feed", minimum_seeders=0)})
    assert reasons(offer(seeders=0), easy) == []
    assert reasons(offer(seeders=0, indexer="hdbits"), easy) == [Reason.TOO_FEW_SEEDERS]


def test_what_failed_before_is_not_grabbed_again(offer, context, reasons) -> None:
    blocking = replace(context, blocked=[BlockedTorrent("ab" * 20)])
    assert reasons(offer(infohash="ab" * 20), blocking) == [Reason.BLOCKLISTED]
    assert judge(offer(infohash="cd" * 20), blocking).is_accepted
