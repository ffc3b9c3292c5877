"""Somebody's browser in the app of the staff, and what Telegram says of who opens it."""

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from core.addresses import Address
from core.desk import Desk
from core.people.identity import Sender
from handlers.http.app.session import COOKIE
from tests.actions import people
from tests.clock import Clock
from tests.ordered import in_order

if TYPE_CHECKING:
    from tests.handlers.http.conftest import Visitor


TOKEN = "123456:bot-token-of-the-tests"
HOSTILE = "<script>alert(1)</script>\"'&<b>"
CANARY = "canary bird"
RESPONSE = """[[response]]
code = "restart"
title = "Restart"
texts = { en = "Please restart it, {customer}." }
"""


def signed(clock: Clock, who: Sender, token: str = TOKEN, **more: str) -> str:
    """What Telegram hands over when this person opens the app."""
    user = json.dumps({"id": people.number(who), "first_name": who.name})
    fields = {"auth_date": str(int(clock().timestamp())), "query_id": "AA", "user": user} | more
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    fields["hash"] = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


class Browser:
    """Somebody's browser, which keeps its cookies and runs no script."""

    def __init__(self, visitor: "Visitor") -> None:
        self.visitor = visitor
        self.cookie = ""
        self.html = ""
        self.headers: Any = {}

    async def ask(self, method: str, path: str, **fields: str) -> int:
        how: dict[str, Any] = {"headers": {"Cookie": self.cookie}, "allow_redirects": False}
        if method == "POST":
            how["data"] = urlencode(fields)
            how["headers"]["Content-Type"] = "application/x-www-form-urlencoded"
        status, self.headers, self.html = await self.visitor.ask(method, path, **how)
        found = re.match(rf"({COOKIE}=[^;]*)", self.headers.get("Set-Cookie", ""))
        self.cookie = found[1] if found else self.cookie
        return status

    async def get(self, path: str) -> int:
        return await self.ask("GET", path)

    async def log_in(self, clock: Clock, who: Sender) -> int:
        return await self.ask("POST", "/app/login", init_data=signed(clock, who))

    async def press(self, number: int, verb: str, **fields: str) -> int:
        """Send a form of the ticket's page with this button."""
        await self.get(f"/app/t/{number}")
        return await self.again(number, verb, **fields)

    async def again(self, number: int, verb: str, **fields: str) -> int:
        """Send a form of the page that is open."""
        given = {name: self.field(name) for name in ("token", "once")}
        return await self.ask("POST", f"/app/t/{number}", **given, verb=verb, **fields)

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        return "" if found is None else found[1]


class Wait:
    """Seconds that everybody has to wait for a page, once so many ``free`` ones were asked for."""

    seconds = 0.0
    free = 0

    def take(self, _who: str, _now: float) -> float:
        if self.free:
            self.free -= 1
            return 0.0
        return self.seconds


async def in_the_group(_address: Address) -> bool:
    """What Telegram says of everybody."""
    return True


async def rows(desk: Desk, query: Any) -> list[Any]:
    async with desk.database.read() as session:
        return in_order(query, await session.scalars(query))
