"""Where the keys are that open what is sealed in the database: given as a setting, or in a file beside the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from reeld.domain.settings import Settings
from reeld.storage.vault import KeyFile, Keys, Vault, VaultError, parse_keys

log = structlog.get_logger("reeld.cli")

FORMER: Final = "vault.key"
"""In the data directory: where the file of the keys was at first."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys are.

    Attributes:
        given: Those of the setting `vault.key`; empty when there is a file for them.
        file: That file.
    """

    given: Keys
    file: KeyFile

    @property
    def name(self) -> str:
        """Where they are, in words."""
        return "the setting vault_key" if self.given else str(self.file.path)

    @property
    def saved(self) -> KeyFile | None:
        """The file, where it counts."""
        return None if self.given else self.file

    @property
    def given_ids(self) -> tuple[str, ...]:
        """The ids of the keys that were given."""
        return Vault(*self.given).key_ids if self.given else ()

    def vault(self) -> Vault:
        """Return what seals with them; a file that is missing is made. Blocks on the disk.

        Raises:
            VaultError: The file cannot be used.
        """
        return Vault(*self.given) if self.given else Vault.from_file(self.file.path)


def key_place(settings: Settings) -> KeyPlace:
    """Return where the keys are; a file that lies in the data directory is moved out first. Blocks on the disk.

    Killed meanwhile, the keys are at both places, and the next one ends it.

    Raises:
        VaultError: The file lies, by a link, in the data directory, or cannot be used; or keys that are in the data
            directory are not among those that were given.
    """
    file = KeyFile(settings.key_file)
    key = settings.vault.key
    place = KeyPlace(parse_keys(key.reveal().encode()) if key else (), file)
    _require_outside(settings)
    former = KeyFile(settings.data_dir / FORMER)
    document = former.copy()
    if document is None:
        return place
    if place.given:
        _require_among(place.given, former, document)
    else:
        file.adopt(document)
    former.path.unlink(missing_ok=True)
    log.info("vault_keys_moved", former=str(former.path))
    return place


def _require_outside(settings: Settings) -> None:
    if settings.key_file.resolve().is_relative_to(settings.data_dir.resolve()):
        raise VaultError(
            f"The key file {settings.key_file} lies in the data directory: whoever copies that would have both."
            " Set REELD_VAULT_KEY_FILE to a file elsewhere.",
            reason="vault_key_file",
        )


def _require_among(given: Keys, former: KeyFile, document: bytes) -> None:
    if not set(parse_keys(document)) <= set(given):
        raise VaultError(
            f"The keys in {former.path} opened what is stored so far, and vault_key does not hold them: put the lines of"
            " that file behind its own, start reeld, then run `reeld secrets rotate`.",
            reason="vault_key_file",
        )
