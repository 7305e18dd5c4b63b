"""The units that `reeld systemd install` writes with the paths of a machine: templates, and units that work as they are."""
