"""The page beside the Bot API: the world of a demonstration in a browser. See the README here."""

from sandbox.page.bot_control import BotControl
from sandbox.page.page import Page

__all__ = ["BotControl", "Page"]
