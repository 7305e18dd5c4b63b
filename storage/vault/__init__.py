"""Secrets in rows, sealed; and the keys that open them."""

from reeld.storage.vault._errors import VaultError
from reeld.storage.vault._keyfile import KeyFile
from reeld.storage.vault._keys import Keys, joined_keys, parse_keys
from reeld.storage.vault._vault import Vault

__all__ = ["KeyFile", "Keys", "Vault", "VaultError", "joined_keys", "parse_keys"]
