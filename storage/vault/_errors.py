"""How a vault complains."""

from __future__ import annotations

from reeld.domain.errors import ReeldError


class VaultError(ReeldError):
    """A sealed value cannot be opened, or the key file cannot be used."""

    default_reason = "vault"
