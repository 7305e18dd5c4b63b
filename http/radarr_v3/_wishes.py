"""What a client says of a movie that it adds or edits, read and checked as Radarr checks it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from reeld.domain.availability import MinimumAvailability
from reeld.http.radarr_v3._asked import Body
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.storage.repositories import roots

_AVAILABILITIES: Final = {
    "tba": MinimumAvailability.ANNOUNCED,
    "announced": MinimumAvailability.ANNOUNCED,
    "incinemas": MinimumAvailability.IN_CINEMAS,
    "released": MinimumAvailability.RELEASED,
    "predb": MinimumAvailability.RELEASED,
}
_NUMBERED: Final = {0: "tba", 1: "announced", 2: "incinemas", 3: "released"}


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks what a client names against what there is.

    Attributes:
        roots: The paths of the root folders, the default one first.
        profiles: The names of the quality profiles, by number.
    """

    roots: tuple[str, ...]
    profiles: dict[int, str]

    @classmethod
    async def of(cls, frame: Frame) -> Checker:
        """Look at what there is."""
        default = str(frame.surface.settings().library.root_folder)
        folders = await roots.every(frame.database, default)
        profiles = await frame.profiles()
        return cls(
            tuple(each.path for each in folders),
            {number: profile.name for number, profile in profiles.items()},
        )

    def profile(self, body: Body) -> str | None:
        """Return the name of the profile that is asked for; None when none is.

        Raises:
            Invalid: There is none of that number.
        """
        number = body.integer("qualityProfileId") or body.integer("profileId")
        if not number:
            return None
        if number not in self.profiles:
            raise invalid("QualityProfileId", "Quality Profile does not exist", number)
        return self.profiles[number]

    def root(self, path: str) -> str:
        """Return the root folder that a path names, with a slash at its end or without.

        Raises:
            Invalid: It names none.
        """
        wanted = str(PurePosixPath(path))
        if wanted not in self.roots:
            known = ", ".join(self.roots)
            message = f"Root folder '{path[:200]}' does not exist; there are: {known}"
            raise invalid("RootFolderPath", message, path)
        return wanted

    def root_of(self, path: str, folder: str) -> str:
        """Return the root folder of a movie's path, whose last part must be the folder that reeld gives the movie.

        Raises:
            Invalid: The path is none that reeld would use.
        """
        wanted = PurePosixPath(path)
        if wanted.name != folder:
            message = f"reeld names the folder of this movie '{folder}', by library.folder_template"
            raise invalid("Path", message, path)
        return self.root(str(wanted.parent))


def availability(body: Body) -> MinimumAvailability | None:
    """Return from when on releases are wanted; None when nothing is said.

    Raises:
        Invalid: Nobody knows such a word.
    """
    text = body.word("minimumAvailability", _NUMBERED)
    if not text:
        return None
    found = _AVAILABILITIES.get(text)
    if found is None:
        raise invalid("MinimumAvailability", f"'{text[:40]}' is not valid.", text)
    return found
