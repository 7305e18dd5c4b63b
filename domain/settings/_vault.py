"""Where the keys are that open what is sealed in the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reeld.domain.secret import Secret
from reeld.domain.settings._checks import require_absolute


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """The keys by which stored credentials are encrypted.

    Attributes:
        key: 32 random bytes in base64, best as the systemd credential `vault_key`; of several, one a line, the first one
            encrypts. None keeps them in a file.
        key_file: That file, outside of the data directory; None for `vault.key` in the folder beside it whose name ends in
            `-keys`.
    """

    key: Secret | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if self.key_file is not None:
            require_absolute("vault.key_file", self.key_file)
