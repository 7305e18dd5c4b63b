"""`reeld groups`: how far the makers of releases are to be trusted, and what a person says of them."""

from reeld.cli.groups._app import groups

__all__ = ["groups"]
