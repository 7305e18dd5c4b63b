"""What a person may do."""

from __future__ import annotations

from enum import StrEnum

from reeld.domain.scope import Scope


class Role(StrEnum):
    """Each may do what the one before it may."""

    VIEWER = "viewer"
    """Looks."""
    OPERATOR = "operator"
    """Also adds movies, searches, restarts and retries."""
    ADMIN = "admin"
    """May do everything, and says who may do what."""

    @property
    def scope(self) -> Scope:
        """What a session of this role allows."""
        match self:
            case Role.VIEWER:
                return Scope.READ
            case Role.OPERATOR:
                return Scope.OPERATE
            case Role.ADMIN:
                return Scope.ADMIN
