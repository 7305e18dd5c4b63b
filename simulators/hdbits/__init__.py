"""A simulator of HDBits' JSON API and of its .torrent downloads."""

from reeld.simulators.hdbits._knobs import HdbitsKnobs
from reeld.simulators.hdbits._simulator import HdbitsCall, HdbitsSimulator
from reeld.simulators.hdbits._upload import Category, Codec, Medium, Upload

__all__ = ["Category", "Codec", "HdbitsCall", "HdbitsKnobs", "HdbitsSimulator", "Medium", "Upload"]
