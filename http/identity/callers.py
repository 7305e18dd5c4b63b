"""Who calls: a key, or a person who is logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reeld.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what that allows.

    Attributes:
        name: Of the key, or of the person.
        user_id: Who is logged in, or whose key it is; None for a key of the daemon's own.
        session_id: By which session; None for a key.
        ends_at: When the key or session ends by itself; None for never.
        key_id: By which key; None for a session, and for a key that is in no database.
    """

    name: str
    scope: Scope
    user_id: int | None = None
    session_id: int | None = None
    ends_at: datetime | None = None
    key_id: int | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its time is over."""
        return self.ends_at is not None and self.ends_at <= datetime.now(UTC)

    @property
    def is_person(self) -> bool:
        """Whether it is a person with a session, whose browser other pages could misuse."""
        return self.session_id is not None

    @property
    def logged_in(self) -> int | None:
        """Which user is logged in; None for a key, whosever it is."""
        return self.user_id if self.is_person else None
