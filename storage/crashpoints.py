"""Named places at which the tests kill the process, to prove that nothing is lost or doubled there.

Code that acts on a system without transactions calls `crash_point` on both sides of the effect. It does nothing:
only a test that calls `arm` in the same process makes a point kill it. No setting, environment variable or message
reaches that switch.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """One place where the process may die.

    Attributes:
        name: Its name in the code, such as `grab.torrent.stored`.
        case: The row of the crash matrix that it belongs to: S1 (search), G1 to G7 (grab), I1 to I7 (import),
            F1 to F4 (files that leave, move or get other names), T1 (telling people), L1 (learning of groups), B1 and B2 (backup),
            R1 to R3 (restore), K1 to K3 (change of keys).
        guards: What is true at this moment, and so what the recovery starts from.
    """

    name: str
    case: str
    guards: str


POINTS: Final[tuple[CrashPoint, ...]] = (
    CrashPoint(
        "grab.search.uncommitted", "S1", "what a search found is written, its transaction is open"
    ),
    CrashPoint(
        "grab.search.committed", "S1", "what was found is stored and announced, none of it matched"
    ),
    CrashPoint("grab.intent.uncommitted", "G1", "the intent is written, its transaction is open"),
    CrashPoint("grab.intent.committed", "G2", "the intent is committed, no .torrent was asked for"),
    CrashPoint("grab.torrent.fetched", "G2", "the .torrent came, its bytes are not stored"),
    CrashPoint(
        "grab.torrent.stored", "G3", "bytes and infohash are stored, the client knows nothing"
    ),
    CrashPoint(
        "grab.client.adding", "G4", "the client was seen not to have it, the POST comes next"
    ),
    CrashPoint("grab.client.answered", "G4", "the POST ended in some way, nobody looked yet"),
    CrashPoint(
        "grab.client.observed", "G5", "the client was seen to have it, nothing is committed"
    ),
    CrashPoint("grab.client.tagging", "G5", "an old client has it without its tag"),
    CrashPoint("grab.client.tagged", "G5", "it bears its tag, nothing is committed"),
    CrashPoint("grab.sent.committed", "G6", "the row says sent, the client may still lose it"),
    CrashPoint(
        "grab.client.lost", "G6", "a torrent that was sent is missing, the row does not say so"
    ),
    CrashPoint(
        "grab.removal.noticed", "G7", "a person removed the torrent, the row does not say so"
    ),
    CrashPoint(
        "grab.client.restarting", "G7", "a torrent stopped with an error, it is to be started again"
    ),
    CrashPoint("grab.client.restarted", "G7", "the torrent was started again, nobody knows"),
    CrashPoint(
        "grab.complete.uncommitted", "G7", "the list of files is written, its transaction is open"
    ),
    CrashPoint("grab.complete.committed", "G7", "the row says complete, nobody imports it yet"),
    CrashPoint("import.plan.uncommitted", "I1", "the plan is written, its transaction is open"),
    CrashPoint("import.plan.committed", "I1", "the plan is committed, no file was touched"),
    CrashPoint("import.folder.made", "I2", "the movie's folder exists, it is empty"),
    CrashPoint("import.old.kept", "I3", "the old file has a second name in the recycle folder"),
    CrashPoint("import.part.stale_removed", "I3", "what an earlier attempt left is gone"),
    CrashPoint("import.part.created", "I3", "the .part file is there, it is empty"),
    CrashPoint("import.part.linked", "I3", "the .part name is a link of the downloaded file"),
    CrashPoint("import.part.half_copied", "I3", "the .part file holds half of the bytes"),
    CrashPoint("import.part.copied", "I3", "the .part file is whole and synced"),
    CrashPoint(
        "import.part.discarded", "I3", "the .part of a given-up import is gone, its folder is not"
    ),
    CrashPoint("import.discarded", "I3", "nothing of a given-up import is left, no row says so"),
    CrashPoint("import.leftover.found", "I3", "a .part that belongs to no import was found"),
    CrashPoint("import.leftover.removed", "I3", "a .part that belonged to no import is gone"),
    CrashPoint("import.file.renamed", "I4", "the final name is there, its folder is not synced"),
    CrashPoint(
        "import.file.synced", "I4", "the final name is durable, the journal does not say so"
    ),
    CrashPoint("import.placed.committed", "I4", "the journal says placed"),
    CrashPoint(
        "import.verified.committed", "I5", "the journal says verified, the library has no row"
    ),
    CrashPoint(
        "import.record.uncommitted", "I5", "row, history and event are written, not committed"
    ),
    CrashPoint(
        "import.record.committed", "I6", "the library's row is committed, the old file is there"
    ),
    CrashPoint("import.old.removed", "I6", "the old name is gone, its folder is not synced"),
    CrashPoint(
        "import.old.retired", "I6", "the old file left the library, the journal does not say so"
    ),
    CrashPoint("import.retired.committed", "I6", "the journal says retired"),
    CrashPoint("import.client.marking", "I7", "the import is done, the client was not told"),
    CrashPoint(
        "import.client.category_made", "I7", "the client has the category, the torrent is not in it"
    ),
    CrashPoint("import.client.marked", "I7", "the client was told, the work is not completed"),
    CrashPoint(
        "import.client.ordering", "I7", "a person ordered something, the client was not told"
    ),
    CrashPoint("import.client.ordered", "I7", "the client did it, nobody was told that it did"),
    CrashPoint(
        "remove.intent.uncommitted",
        "F1",
        "the rows that go and the wish to remove files are written, not committed",
    ),
    CrashPoint("remove.file.chosen", "F1", "the file is to leave the library, it was not touched"),
    CrashPoint("remove.file.retired", "F1", "the file left the library, its row does not say so"),
    CrashPoint("move.plan.uncommitted", "F2", "the plan to move a file is written, not committed"),
    CrashPoint("move.plan.committed", "F2", "the plan is committed, the file was not touched"),
    CrashPoint(
        "move.file.placed",
        "F2",
        "the file has its new name beside its old one, the journal does not say so",
    ),
    CrashPoint("move.placed.committed", "F2", "the journal says placed"),
    CrashPoint(
        "move.verified.committed", "F2", "the journal says verified, the library has the old name"
    ),
    CrashPoint(
        "move.record.uncommitted",
        "F2",
        "the library's row with the new name is written, not committed",
    ),
    CrashPoint(
        "move.record.committed", "F2", "the library has the new name, the old one is there too"
    ),
    CrashPoint("move.old.aside", "F2", "the old name is set aside, it can be put back"),
    CrashPoint("move.old.back", "F2", "the old name is back: both root folders show one file"),
    CrashPoint("move.old.removed", "F2", "the old name is gone, its folder is not synced"),
    CrashPoint("move.old.gone", "F2", "the old name is gone, the journal does not say so"),
    CrashPoint(
        "rename.plan.uncommitted", "F4", "the plan to rename a file is written, not committed"
    ),
    CrashPoint("rename.plan.committed", "F4", "the plan is committed, the file has its old name"),
    CrashPoint("rename.file.renamed", "F4", "the file has its new name, its folder is not synced"),
    CrashPoint(
        "rename.file.synced", "F4", "the file has its new name, the library has the old one"
    ),
    CrashPoint(
        "rename.record.uncommitted",
        "F4",
        "the library's row with the new name is written, not committed",
    ),
    CrashPoint(
        "rename.record.committed", "F4", "the library has the new name, the work is not completed"
    ),
    CrashPoint("drop.client.removing", "F3", "the movie is gone, the client has its torrent"),
    CrashPoint(
        "drop.client.removed", "F3", "the client forgot the torrent, the work is not completed"
    ),
    CrashPoint("told.event.logged", "T1", "people were told of events, the cursor stands before"),
    CrashPoint("told.event.noted", "T1", "the cursor stands behind the events that were told"),
    CrashPoint(
        "learned.evidence.uncommitted", "L1", "evidence is written, its transaction is open"
    ),
    CrashPoint("learned.evidence.committed", "L1", "evidence is committed, nobody counted it"),
    CrashPoint("backup.draft.made", "B1", "the hidden folder of a new backup exists, it is empty"),
    CrashPoint("backup.dumped", "B1", "the dump is in the hidden folder, nothing describes it"),
    CrashPoint("backup.described", "B1", "dump, key and manifest are whole and synced, and hidden"),
    CrashPoint("backup.published", "B2", "the backup has its name, older ones are still there"),
    CrashPoint("restore.database.made", "R1", "a database of another name exists, it is empty"),
    CrashPoint("restore.loaded", "R1", "the rows are in the database of another name"),
    CrashPoint("restore.marked", "R1", "the new database says that it was restored"),
    CrashPoint("restore.key.merged", "R2", "the key file knows the keys of the backup too"),
    CrashPoint("restore.swapped", "R3", "the restored database has the name of the former one"),
    CrashPoint("keys.added", "K1", "the new key stands in front, every row has the former one"),
    CrashPoint(
        "keys.batch.uncommitted", "K2", "some rows are sealed anew, their transaction is open"
    ),
    CrashPoint("keys.batch.committed", "K2", "some rows have the new key, others the former one"),
    CrashPoint("keys.resealed", "K3", "every row has the new key, the former one is still there"),
    CrashPoint("keys.dropped", "K3", "the former key is gone"),
)


class UnknownCrashPoint(LookupError):
    """The code names a crash point that is not in the registry."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no crash point {name!r}: add it to reeld.storage.crashpoints.")


@dataclass(slots=True)
class _Watch:
    """What a test wants to know or to happen. Effects run in threads too, hence the lock."""

    fatal: Mapping[str, int] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hit(self, name: str) -> None:
        with self.lock:
            self.hits[name] += 1
            if self.hits[name] == self.fatal.get(name):
                os.kill(os.getpid(), signal.SIGKILL)


_BY_NAME: Final[Mapping[str, CrashPoint]] = MappingProxyType(
    {point.name: point for point in POINTS}
)
_watch: _Watch | None = None


def crash_point(name: str) -> None:
    """Mark a place where the process may die; does nothing outside of tests.

    Raises:
        UnknownCrashPoint: The registry has no such name.
    """
    if name not in _BY_NAME:
        raise UnknownCrashPoint(name)
    if _watch is not None:
        _watch.hit(name)


def registry() -> Mapping[str, CrashPoint]:
    """Return every crash point by its name."""
    return _BY_NAME


def arm(name: str, hit: int = 1) -> None:
    """Kill this process with SIGKILL when the point is passed for the `hit`-th time. For tests only.

    Raises:
        UnknownCrashPoint: The registry has no such name.
        ValueError: `hit` is not positive.
    """
    global _watch  # noqa: PLW0603 - one switch of the process, as a signal handler is
    if name not in _BY_NAME:
        raise UnknownCrashPoint(name)
    if hit < 1:
        raise ValueError("a crash point is hit for the first time at the earliest")
    _watch = _Watch(fatal={name: hit})


def watch() -> None:
    """Count from now on which points are passed, and kill nothing. For tests only."""
    global _watch  # noqa: PLW0603 - as in arm
    _watch = _Watch()


def disarm() -> None:
    """Make every point do nothing again. For tests only."""
    global _watch  # noqa: PLW0603 - as in arm
    _watch = None


def hit_counts() -> Mapping[str, int]:
    """Return how often each point was passed since `arm` or `watch`; empty when neither was called."""
    return dict(_watch.hits) if _watch is not None else {}
