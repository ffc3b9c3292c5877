"""A set-up in which `check` finds nothing wrong."""

from dataclasses import dataclass
from pathlib import Path

from bot.commands.check import examine
from bot.commands.checks.result import Finding
from bot.migrations import migrate
from bot.settings import load_settings
from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.people.identity import Sender
from core.setup.claim import PREFIX, claim, offer_claim
from core.setup.linked_chat import link
from sandbox import Chat, Person, World
from tests.actions.company_directory import put_team

CANARY = "42:c4naryN3verShownc4naryN3verShown1234"


@dataclass
class Practice:
    """A set-up in which all is well, until a test spoils it."""

    world: World
    anna: Person
    group: Chat
    alerts: Chat
    folder: Path

    def environment(self) -> dict[str, str]:
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str(self.group.id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.anna.id),
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/desk.db",
            "FILES_URL": f"file://{self.folder}/files",
        }

    async def set_up_in_the_chat(self) -> None:
        """As an admin does it who knows no variables."""
        database = Database(self.environment()["DATABASE_URL"])
        await migrate(database)
        desk = Desk(database, Company())
        anna = Sender(chat_address(self.anna.id), name="Анна", language="ru")
        payload = await desk.run(offer_claim)
        assert payload is not None
        desk.company = await desk.run(claim, anna, payload.removeprefix(PREFIX))
        desk.company = await desk.run(link, anna, "operators", chat_address(self.group.id))
        desk.company = await desk.run(link, anna, "alerts", chat_address(self.alerts.id))
        await database.close()

    async def has_team(self, code: str, chat: int) -> None:
        """A team with a group of its own, as the directory's file has it."""
        database = Database(self.environment()["DATABASE_URL"])
        await Desk(database, Company()).run(put_team, code, {"ru": "Выездные"}, chat=chat)
        await database.close()

    async def has_directory(self, text: str) -> None:
        database = Database(self.environment()["DATABASE_URL"])
        await migrate(database)
        await Desk(database, Company()).run(apply_directory, read_directory(text))
        await database.close()

    async def examine(self, **changes: str) -> list[Finding]:
        return await examine(load_settings(self.environment() | changes))

    async def faults(self, **changes: str) -> list[Finding]:
        return [finding for finding in await self.examine(**changes) if not finding.fine]

    async def fault(self, **changes: str) -> str:
        """The only thing that is wrong, as it is printed."""
        found = await self.faults(**changes)
        assert len(found) == 1, found
        assert found[0].remedy
        assert "\n" not in found[0].what + found[0].remedy
        return str(found[0])
