"""Why a release was rejected, for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a release was rejected."""

    UNPARSEABLE = "unparseable"
    EPISODE = "episode"
    MOVIE_UNKNOWN = "movie_unknown"
    MOVIE_AMBIGUOUS = "movie_ambiguous"
    WRONG_MOVIE = "wrong_movie"
    YEAR_MISSING = "year_missing"
    WRONG_YEAR = "wrong_year"
    NOT_MONITORED = "not_monitored"
    NOT_AVAILABLE = "not_available"
    QUALITY_NOT_WANTED = "quality_not_wanted"
    LANGUAGE_NOT_WANTED = "language_not_wanted"
    SCORE_TOO_LOW = "score_too_low"
    TOO_SMALL_FOR_QUALITY = "too_small_for_quality"
    TOO_BIG_FOR_QUALITY = "too_big_for_quality"
    TOO_BIG = "too_big"
    PROTOCOL_NOT_WANTED = "protocol_not_wanted"
    SAMPLE = "sample"
    HARDCODED_SUBS = "hardcoded_subs"
    RAW_DISK = "raw_disk"
    REQUIRED_TERM_MISSING = "required_term_missing"
    IGNORED_TERM = "ignored_term"
    GROUP_BLOCKED = "group_blocked"
    INDEXER_AWAY = "indexer_away"
    INDEXER_TAGS_DIFFER = "indexer_tags_differ"
    FLAGS_MISSING = "flags_missing"
    TOO_FEW_SEEDERS = "too_few_seeders"
    BLOCKLISTED = "blocklisted"
    TORRENT_TAKEN = "torrent_taken"
    ALREADY_IMPORTED = "already_imported"
    UPGRADES_NOT_ALLOWED = "upgrades_not_allowed"
    QUALITY_CUTOFF_MET = "quality_cutoff_met"
    SCORE_CUTOFF_MET = "score_cutoff_met"
    BETTER_QUALITY_OWNED = "better_quality_owned"
    BETTER_REVISION_OWNED = "better_revision_owned"
    BETTER_SCORE_OWNED = "better_score_owned"
    SCORE_GAIN_TOO_SMALL = "score_gain_too_small"
    NOT_AN_UPGRADE = "not_an_upgrade"
    REPACK_OF_ANOTHER_GROUP = "repack_of_another_group"
    REPACK_GROUP_UNKNOWN = "repack_group_unknown"
    PROPERS_NOT_WANTED = "propers_not_wanted"
    TOO_LATE_FOR_PROPER = "too_late_for_proper"
    ALREADY_ACQUIRING = "already_acquiring"
    GRABBED_LATELY = "grabbed_lately"
    DELAYED = "delayed"
    CLIENT_AWAY = "client_away"
    NO_ROOM = "no_room"
    DUPLICATE = "duplicate"
    RULE_FAILED = "rule_failed"

    @property
    def is_temporary(self) -> bool:
        """Whether the same offer may be right tomorrow, without anybody changing a setting."""
        return self in _TEMPORARY


_TEMPORARY: Final = frozenset(
    {
        Reason.NOT_MONITORED,
        Reason.NOT_AVAILABLE,
        Reason.INDEXER_AWAY,
        Reason.TOO_FEW_SEEDERS,
        Reason.ALREADY_ACQUIRING,
        Reason.GRABBED_LATELY,
        Reason.DELAYED,
        Reason.CLIENT_AWAY,
        Reason.NO_ROOM,
        Reason.DUPLICATE,
        Reason.RULE_FAILED,
    }
)
