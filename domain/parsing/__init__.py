"""What a release name means."""

from reeld.domain.parsing._parsed import ParsedRelease
from reeld.domain.parsing._parser import parse_release_name

__all__ = ["ParsedRelease", "parse_release_name"]
