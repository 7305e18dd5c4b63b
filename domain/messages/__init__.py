"""The messages that actors exchange: frozen values with a declared type of reply."""

from reeld.domain.messages._base import Message, Overflow
from reeld.domain.messages._decision import DecideName, GrabRelease, JudgeReleases
from reeld.domain.messages._pipeline import SettingsChanged, Sweep
from reeld.domain.messages._qbit import (
    ClientFacts,
    ClientSettingsRead,
    LookAtClient,
    PauseDownload,
    PollDownloads,
    PrioritiseDownload,
    RemoveDownload,
    ResumeDownload,
    SetShareLimits,
)
from reeld.domain.messages._sources import (
    FetchLink,
    IndexerTested,
    PollFeed,
    PollRecent,
    TestIndexer,
)
from reeld.domain.messages._tmdb import (
    AddedMovie,
    AddMovie,
    DiscoverMovies,
    DiscoverSort,
    FetchImage,
    FindMovie,
    Image,
    LookupMovie,
    MovieHits,
    SearchMovies,
)

__all__ = [
    "AddMovie",
    "AddedMovie",
    "ClientFacts",
    "ClientSettingsRead",
    "DecideName",
    "DiscoverMovies",
    "DiscoverSort",
    "FetchImage",
    "FetchLink",
    "FindMovie",
    "GrabRelease",
    "Image",
    "IndexerTested",
    "JudgeReleases",
    "LookAtClient",
    "LookupMovie",
    "Message",
    "MovieHits",
    "Overflow",
    "PauseDownload",
    "PollDownloads",
    "PollFeed",
    "PollRecent",
    "PrioritiseDownload",
    "RemoveDownload",
    "ResumeDownload",
    "SearchMovies",
    "SetShareLimits",
    "SettingsChanged",
    "Sweep",
    "TestIndexer",
]
