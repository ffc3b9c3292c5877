"""The sandbox's bot, forked from a warm process: a cold one costs seconds at each start."""

from __future__ import annotations

from pathlib import Path

from bot.demo.control import DemoControl
from bot.demo.runner import environment
from bot.settings import load_settings
from sandbox.demo import Demo
from tests.e2e.warm import WarmBot, WarmProcesses


def forked_control(forking: WarmProcesses, played: Demo, folder: Path) -> DemoControl:
    """As `bot.demo.runner.demo_control` makes it, but for where the bot's process comes from."""
    settings = environment(load_settings({}), played, f"{folder}", {})
    bot = WarmBot(forking, played.world, settings, folder / "bot.log", cwd=folder, clean_env=True)
    return DemoControl(played, bot, folder)
