"""Another system that calls the API with a key."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from core.desk import Desk
from core.models import JournalEntry

if TYPE_CHECKING:
    from tests.handlers.http.conftest import Visitor


OPEN = "/api/v1/tickets"
TAG = '[[tag]]\nword = "vip"\ntitles = { en = "Important" }\n'
ALICE = {"name": "Alice", "email": "Alice@Example.org"}
TICKET = {"customer": ALICE, "subject": "No picture", "text": "The camera is dark"}


class Client:
    """Another system with a key."""

    def __init__(self, visitor: "Visitor", token: str) -> None:
        self.visitor = visitor
        self.token = token

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}"} | named
        return await self.visitor.ask(method, path, json=body, headers=sent)

    async def opens(self, **more: Any) -> dict[str, Any]:
        status, _, body = await self.ask("POST", OPEN, TICKET | more)
        assert status == 201, body
        return dict(body)


async def count(desk: Desk, model: Any) -> int:
    async with desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def journal(desk: Desk, number: int) -> list[tuple[str, Any]]:
    async with desk.database.read() as session:
        query = select(JournalEntry.event, JournalEntry.facts).where(
            JournalEntry.ticket_id == number
        )
        found = await session.execute(query.order_by(JournalEntry.id))
        return [(event, facts) for event, facts in found]
