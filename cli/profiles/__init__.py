"""`reeld formats` and `reeld profiles`: what is wanted of releases."""

from reeld.cli.profiles._formats_app import formats
from reeld.cli.profiles._profiles_app import profiles

__all__ = ["formats", "profiles"]
