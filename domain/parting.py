"""How reeld parts from a download that a person takes out of the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reeld.domain.acquisition import FailureReason
from reeld.domain.history import HistoryKind
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest


class InClient(StrEnum):
    """What becomes of the torrent."""

    REMOVED = "removed"
    """It and its files go, if reeld added it."""
    MARKED = "marked"
    """It goes on in the category of what was imported."""
    LEFT = "left"
    """It is not touched."""


@dataclass(frozen=True, slots=True)
class Parting:
    """An order to go on without a download.

    Attributes:
        blocklist: Whether its release is not to be taken again.
        again: Whether another release of the movie is looked for at once; without `blocklist` that would be the same one,
            so the movie rests until its next search.
    """

    in_client: InClient = InClient.REMOVED
    blocklist: bool = False
    again: bool = True

    @property
    def reason(self) -> FailureReason:
        """Why the acquisition failed, for machines."""
        if self.blocklist:
            return FailureReason.REMOVED_BY_USER
        is_removed = self.in_client is InClient.REMOVED
        return FailureReason.DISCARDED if is_removed else FailureReason.IGNORED

    @property
    def history(self) -> HistoryKind:
        """What the history calls it."""
        is_ignored = self.reason is FailureReason.IGNORED
        return HistoryKind.DOWNLOAD_IGNORED if is_ignored else HistoryKind.DOWNLOAD_FAILED

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        return f"{_DONE[self.in_client]} {self._next}"

    @property
    def _next(self) -> str:
        if not self.blocklist:
            return "The movie rests until its next search."
        if not self.again:
            return "The release is blocked, and the movie rests until its next search."
        return "The release is blocked, and another one is tried."

    def work(self, acquisition_id: int) -> WorkRequest:
        """Return the durable work that does it."""
        args = {
            "acquisition_id": acquisition_id,
            "in_client": str(self.in_client),
            "blocklist": self.blocklist,
            "again": self.again,
        }
        key = f"acquisition:{acquisition_id}"
        return WorkRequest(Queue.DECISION, WorkKind.LET_GO, args, key, Priority.PERSON_WAITS)

    @classmethod
    def of_work(cls, args: Mapping[str, object]) -> Parting:
        """Return what a piece of work was asked to do."""
        blocklist, again = bool(args["blocklist"]), bool(args["again"])
        return cls(InClient(str(args["in_client"])), blocklist, again)


_DONE = {
    InClient.REMOVED: "Somebody removed the download.",
    InClient.MARKED: "Somebody had reeld put the torrent into the category of what was imported, and follow it no more.",
    InClient.LEFT: "Somebody had reeld leave the torrent to qBittorrent, and follow it no more.",
}
