"""What events teach about release groups, written down."""

from __future__ import annotations

from collections.abc import Sequence

from reeld.domain.history import Event
from reeld.domain.reputation import EvidenceKind, evidence_after
from reeld.storage import TrioConnection
from reeld.storage.repositories import evidence


async def learn(conn: TrioConnection, events: Sequence[Event]) -> list[EvidenceKind]:
    """Write what events say of groups, in the transaction that moves the cursor over them.

    Learning it again changes nothing.

    Returns:
        The kinds of what was new.
    """
    found = [each for event in events for each in evidence_after(event)]
    return await evidence.add(conn, found)
