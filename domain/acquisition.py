"""An acquisition: one release on its way from the decision into the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from reeld.domain.custom_format import FormatMatch
from reeld.domain.errors import Refused


class AcquisitionState(StrEnum):
    """How far an acquisition has come. Every state is a committed row."""

    INTENT = "intent"
    """Decided; nothing was fetched yet."""
    FETCHED = "fetched"
    """The .torrent's bytes and its infohash are stored."""
    SENT = "sent"
    """qBittorrent was seen to have it."""
    DOWNLOADING = "downloading"
    COMPLETE = "complete"
    """All bytes are there and the list of files is stored."""
    IMPORTED = "imported"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows any more."""
        return self in _FINAL


_FINAL = frozenset({AcquisitionState.IMPORTED, AcquisitionState.FAILED})

TRANSITIONS: Final[Mapping[AcquisitionState, frozenset[AcquisitionState]]] = {
    AcquisitionState.INTENT: frozenset({AcquisitionState.FETCHED, AcquisitionState.FAILED}),
    AcquisitionState.FETCHED: frozenset({AcquisitionState.SENT, AcquisitionState.FAILED}),
    # Back to `fetched`: the client lost a torrent that nobody removed, so it is added again.
    AcquisitionState.SENT: frozenset(
        {
            AcquisitionState.DOWNLOADING,
            AcquisitionState.COMPLETE,
            AcquisitionState.FETCHED,
            AcquisitionState.FAILED,
        }
    ),
    AcquisitionState.DOWNLOADING: frozenset(
        {AcquisitionState.COMPLETE, AcquisitionState.FETCHED, AcquisitionState.FAILED}
    ),
    AcquisitionState.COMPLETE: frozenset({AcquisitionState.IMPORTED, AcquisitionState.FAILED}),
    AcquisitionState.IMPORTED: frozenset(),
    AcquisitionState.FAILED: frozenset(),
}
"""What may follow each state. Staying where it is, is always allowed: steps are repeated."""


class IllegalTransition(Refused):
    """An acquisition was asked to go where it cannot go from here."""

    default_reason = "illegal_transition"

    def __init__(self, current: AcquisitionState, to: AcquisitionState) -> None:
        super().__init__(f"An acquisition that is {current} cannot become {to}.")
        self.current = current
        self.to = to


def advance(current: AcquisitionState, to: AcquisitionState) -> AcquisitionState:
    """Return the state after a step: `to`, when it may follow.

    Asking for the current state again is allowed and changes nothing, since every step of the
    pipeline may run twice.

    Raises:
        IllegalTransition: `to` cannot follow `current`.
    """
    if to is current or to in TRANSITIONS[current]:
        return to
    raise IllegalTransition(current, to)


GONE_POLLS: Final = 2
"""A torrent that is missing in one look may be one that the client has not loaded yet; in so many, it is gone."""


class FailureReason(StrEnum):
    """Why an acquisition failed."""

    TORRENT_UNAVAILABLE = "torrent_unavailable"
    """The indexer does not have the .torrent any more."""
    TORRENT_INVALID = "torrent_invalid"
    """What the indexer delivered is no usable .torrent."""
    TORRENT_UNSAFE = "torrent_unsafe"
    """The .torrent names paths outside its own folder, or the like."""
    INFOHASH_MISMATCH = "infohash_mismatch"
    TORRENT_TAKEN = "torrent_taken"
    """The same torrent is being downloaded for another movie."""
    CLIENT_REFUSED = "client_refused"
    """qBittorrent will never take this torrent."""
    CLIENT_ERROR = "client_error"
    """As the next one: nobody gives up for it any more, but rows of earlier days say it."""
    MISSING_FILES = "missing_files"
    STALLED = "stalled"
    REMOVED_BY_USER = "removed_by_user"
    MOVIE_REMOVED = "movie_removed"
    """The movie is not wanted any more."""
    DISCARDED = "discarded"
    """A person discarded the work that carried it on."""
    IGNORED = "ignored"
    """A person left the torrent to the client: reeld follows it no more."""
    SUPERSEDED = "superseded"
    """A better release was imported meanwhile."""
    WRONG_CONTENT = "wrong_content"
    """The files are not what the release name promised."""
    SAMPLE_ONLY = "sample_only"
    NO_VIDEO = "no_video"
    NOT_AN_UPGRADE = "not_an_upgrade"
    DANGEROUS_FILE = "dangerous_file"
    NEEDS_UNPACKING = "needs_unpacking"
    UNREADABLE = "unreadable"
    """The probe could not read the video."""

    @property
    def blames_release(self) -> bool:
        """Whether the release goes to the blocklist, so that the next best one is grabbed."""
        return self not in _BLAMELESS


_BLAMELESS = frozenset(
    {
        FailureReason.MOVIE_REMOVED,
        FailureReason.DISCARDED,
        FailureReason.IGNORED,
        FailureReason.SUPERSEDED,
        FailureReason.NOT_AN_UPGRADE,
    }
)


class ImportStep(StrEnum):
    """The steps of the import journal, in their order."""

    PLANNED = "planned"
    PLACED = "placed"
    """The new file lies whole under its final name."""
    VERIFIED = "verified"
    RECORDED = "recorded"
    """The library's row points to the new file."""
    RETIRED = "retired"
    """The old file, if there was one, left the library."""
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows any more."""
        return self in {ImportStep.DONE, ImportStep.FAILED}


class LinkKind(StrEnum):
    """How the library's file came to be."""

    HARDLINK = "hardlink"
    REFLINK = "reflink"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """One file of a finished torrent.

    Attributes:
        path: Relative to the download's folder, as the client names it; not trusted.
        size: Bytes.
    """

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Acquisition:
    """The row of one acquisition. The .torrent's bytes are stored beside it.

    Attributes:
        infohash: Lower-case hex, known from `fetched` on.
        progress: 0 to 1, as the client reports.
        content_path: Where the client says the content lies; set when it is complete.
        files: What the client downloaded; set when it is complete.
        save_path: The folder that `files` are relative to, as the client names it.
        is_ours: Whether reeld handed the torrent to the client, where it was not before.
        formats: The custom formats of the release as it was offered; the library's file gets them, whatever it is called.
        format_score: What they were worth when the release was chosen.
        release_group: Who made the release, by its name.
        failure: Set exactly in state `failed`.
        note: A sentence about the present state; empty when there is nothing to say.
    """

    id: int
    movie_id: int
    release_id: int
    state: AcquisitionState
    infohash: str | None = None
    progress: float = 0.0
    content_path: str | None = None
    files: tuple[DownloadedFile, ...] = ()
    failure: FailureReason | None = None
    note: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    save_path: str | None = None
    is_ours: bool = False
    formats: tuple[FormatMatch, ...] = ()
    format_score: int = 0
    release_group: str | None = None
