"""`reeld backup`: make, try, put back and list backups."""

from reeld.cli.backup._commands import create, former, restore, show_list, verify

__all__ = ["create", "former", "restore", "show_list", "verify"]
