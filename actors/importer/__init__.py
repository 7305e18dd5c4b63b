"""Importing: the downloaded movie gets its place in the library, whole or not at all."""

from reeld.actors.importer._actor import ImportActor
from reeld.actors.importer._failures import LinkRefusal
from reeld.actors.importer._orders import local_folder
from reeld.actors.importer._reasons import FAILURE_REASONS
from reeld.actors.importer._roots import roots_of
from reeld.actors.importer.linkprobe import LinkProbe, can_link
from reeld.actors.importer.probe import Prober, Unreadable

__all__ = [
    "FAILURE_REASONS",
    "ImportActor",
    "LinkProbe",
    "LinkRefusal",
    "Prober",
    "Unreadable",
    "can_link",
    "local_folder",
    "roots_of",
]
