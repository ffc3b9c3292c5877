"""What the sandbox's page may do with the bot: kill and start it, move its clock, begin anew."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.demo.clock import set_ahead
from bot.demo.script import Story
from bot.demo.seed import seed_company
from bot.demo.status import BotStatus
from bot.settings import load_settings
from core.desk import utc_now

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.page.bot_control import Progress
    from sandbox.process import BotProcess

DATABASE_FILE: Final = "sandbox.db"
CLOCK_FILE: Final = "clock"
ADDRESS_FILE: Final = "address"


@dataclass(slots=True)
class DemoControl:
    """The page's `BotControl`; ``folder`` holds all that the bot writes. ``weeks``: so many the
    company has worked before somebody looks at it.
    """

    demo: "Demo"
    bot: "BotProcess"
    folder: Path
    weeks: int = 0
    status: BotStatus = field(init=False)
    _held: bool = False

    def __post_init__(self) -> None:
        self.status = BotStatus(self.bot, self.folder / DATABASE_FILE)

    async def look(self) -> dict[str, Any]:
        """Return the bot's state as the page shows it; times are unix seconds."""
        return await self.status.read()

    def holds(self) -> bool:
        """Return whether the bot was killed on purpose: then nobody else should start it."""
        return self._held

    def app_port(self) -> int | None:
        """Return the port at which the running bot serves the staff's app; None while it does not.

        One that was killed leaves its file: whoever asks then finds nobody there.
        """
        try:
            return (
                int((self.folder / ADDRESS_FILE).read_text("ascii")) if self.bot.running else None
            )
        except FileNotFoundError:
            return None

    async def kill(self) -> None:
        """Send SIGKILL; the bot stays dead until it is started."""
        self._held = True
        await self.bot.kill()

    async def start(self) -> None:
        """Start the bot. Raises AssertionError when it does not come up."""
        try:
            _ = await self.bot.start()
        finally:
            self._held = False

    def shift(self, offset: float) -> None:
        """Set the bot's clock ``offset`` seconds ahead of the machine's."""
        set_ahead(self.folder / CLOCK_FILE, offset)

    async def seed_company(self) -> None:
        """Make the database with the company in it. The bot must not run.

        What was made once on this day in this language is used again: that is a matter of moments.
        """
        settings = load_settings(self.bot.env)
        today = utc_now().astimezone(settings.timezone).date()
        database = self.folder / DATABASE_FILE
        made = self.folder / f"seeded-{self.demo.language}-{today}.db"
        if not made.exists():
            await seed_company(settings, self.demo, weeks=self.weeks)
            await asyncio.to_thread(_copy, database, made)
            return
        await asyncio.to_thread(shutil.copyfile, made, database)

    async def tell_story(self, progress: "Progress") -> None:
        """Let the demonstration's customers write and its operators work."""
        await Story(self.demo, self.status).tell(progress)

    async def begin_anew(self, language: str | None = None, *, forum: bool | None = None) -> None:
        """Restart with an empty world and a database as new; see `Demo.begin_anew`."""
        await self.kill()
        await self.close()
        for file in self.folder.glob(f"{DATABASE_FILE}*"):
            file.unlink()
        self.demo.begin_anew(language, forum=forum)
        self.shift(0.0)
        self.bot.env |= self.demo.environment()
        await self.seed_company()
        await self.start()

    async def close(self) -> None:
        """Close the database."""
        await self.status.close()


def _copy(database: Path, to: Path) -> None:
    """Copy a database that nobody holds, with what is only in its journal yet."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
