"""Torznab and Newznab: what Prowlarr, Jackett and many trackers speak. Nothing in an answer is trusted."""

from reeld.services.torznab._caps import Capabilities
from reeld.services.torznab._client import TorznabClient
from reeld.services.torznab._offers import TorznabOffer, TorznabPage
from reeld.services.torznab._questions import MovieQuestion, Question, questions_for

__all__ = [
    "Capabilities",
    "MovieQuestion",
    "Question",
    "TorznabClient",
    "TorznabOffer",
    "TorznabPage",
    "questions_for",
]
