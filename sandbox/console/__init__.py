"""The sandbox by hand: type what people do, read what the bot answers."""

from sandbox.console.session import run

__all__ = ["run"]
