"""The page beside the Bot API: the world of a demonstration in a browser. See the README here."""

from sandbox.page.page import Page
from sandbox.page.room import MachineRoom

__all__ = ["MachineRoom", "Page"]
