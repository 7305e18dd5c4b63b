"""How movies are named in the library."""

from reeld.domain.naming._facts import NamingFacts, formats_shown
from reeld.domain.naming._paths import file_path, folder_path, library_path
from reeld.domain.naming._renaming import renamed_path
from reeld.domain.naming._sanitise import LONGEST_NAME
from reeld.domain.naming._template import InvalidTemplate, Template

__all__ = [
    "LONGEST_NAME",
    "InvalidTemplate",
    "NamingFacts",
    "Template",
    "file_path",
    "folder_path",
    "formats_shown",
    "library_path",
    "renamed_path",
]
