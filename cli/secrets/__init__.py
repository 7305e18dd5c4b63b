"""Commands for the keys by which stored credentials are encrypted."""

from reeld.cli.secrets._app import secrets

__all__ = ["secrets"]
