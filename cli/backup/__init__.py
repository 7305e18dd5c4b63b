"""`reeld backup`: make, try, put back and list backups."""

from reeld.cli.backup._app import backup

__all__ = ["backup"]
