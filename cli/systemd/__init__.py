"""`reeld systemd`: the units of deploy/systemd/, written with the paths of this machine."""

from reeld.cli.systemd._commands import install_units, uninstall_units
from reeld.cli.systemd._installing import Installation, install
from reeld.cli.systemd._mark import Condition, condition_of, marked
from reeld.cli.systemd._place import Place
from reeld.cli.systemd._removing import Removal, uninstall
from reeld.cli.systemd._rendering import quoted, units_for

__all__ = [
    "Condition",
    "Installation",
    "Place",
    "Removal",
    "condition_of",
    "install",
    "install_units",
    "marked",
    "quoted",
    "uninstall",
    "uninstall_units",
    "units_for",
]
