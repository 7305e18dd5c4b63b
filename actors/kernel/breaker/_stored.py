"""What of a breaker outlives the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

from reeld.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBreaker:
    """The backoff state of a breaker, in wall-clock time, so that a crash loop cannot burn an account."""

    name: str
    state: str
    """The value of a `BreakerState`."""
    opened_in_a_row: int
    retry_at: datetime | None
    """When it lets a probe through (UTC); None when it waits for a person or lets calls through."""
    reason: str
    sentence: str
    changed_at: datetime
    """When it entered this state (UTC)."""
    settings_mark: str
    """Which settings it was about; see `settings_mark`."""


class BreakerStore(Protocol):
    """Where breakers are kept. Both calls may raise: the breaker works without it."""

    async def load(self, name: str) -> StoredBreaker | None:
        """Return what was stored under the name, or None."""
        ...

    async def save(self, stored: StoredBreaker) -> None:
        """Store the state, in place of an earlier one of that name."""
        ...


def settings_mark(*settings: str | Secret) -> str:
    """Return a mark that changes when the settings of a service do.

    A breaker that was forced open by rejected credentials compares it after a restart of the daemon, and probes at
    once when a person has corrected them meanwhile. It is 16 bits long on purpose: enough to notice a change (one in
    65,536 is missed, and six hours later noticed), too little to give a stored secret away.
    """
    digest = blake2b(digest_size=2)
    for setting in settings:
        text = setting.reveal() if isinstance(setting, Secret) else setting
        digest.update(len(text).to_bytes(8, "big") + text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
