"""Where a movie and its file belong, below the root folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from reeld.domain.naming._facts import NamingFacts
from reeld.domain.naming._sanitise import sanitise_name
from reeld.domain.naming._template import Template

_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,8}")


def folder_path(template: Template, facts: NamingFacts) -> PurePosixPath:
    """Return a movie's folder: relative, at least one part, and below the root whatever the title."""
    fallback = f"tmdb-{facts.movie.tmdb_id}"
    parts = (sanitise_name(part, fallback=fallback) for part in template.render(facts))
    return PurePosixPath(*parts)


def file_path(template: Template, facts: NamingFacts, extension: str) -> PurePosixPath:
    """Return a movie's file, relative to the movie's folder.

    Args:
        template: Its last part names the file; parts before it are folders.
        facts: What to fill in.
        extension: With its dot, such as `.mkv`; anything else than letters and digits is dropped.
    """
    suffix = extension.lower() if _EXTENSION.fullmatch(extension) else ""
    fallback = f"tmdb-{facts.movie.tmdb_id}"
    *folders, name = template.render(facts)
    return PurePosixPath(
        *(sanitise_name(folder, fallback=fallback) for folder in folders),
        sanitise_name(name, suffix=suffix, fallback=fallback),
    )


def library_path(
    folder: Template, file: Template, facts: NamingFacts, extension: str
) -> PurePosixPath:
    """Return the path of a movie's file below the root folder."""
    return folder_path(folder, facts) / file_path(file, facts, extension)
