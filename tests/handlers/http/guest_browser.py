"""The browser of somebody who fills in the web form, without a script."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory

if TYPE_CHECKING:
    from tests.handlers.http.conftest import Visitor


FILLED = {
    "name": "Anna",
    "reach": "anna@example.org",
    "topic": "payment",
    "text": "Paid twice <b>really</b>",
    "consent": "1",
}
HOSTILE = "<script>alert(1)</script>\"'&"


class Guest:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, visitor: "Visitor") -> None:
        self.visitor = visitor
        self.at = "/form"
        self.html = ""
        self.headers: Any = {}

    async def opens(self, path: str) -> int:
        status, self.headers, self.html = await self.visitor.ask("GET", path)
        self.at = path
        return status

    async def sends(self, fields: dict[str, str], path: str | None = None) -> int:
        found = re.search(r'name="once" value="([0-9a-f]+)"', self.html)
        once = {} if found is None else {"once": found[1]}
        body = urlencode(once | fields)
        status, self.headers, self.html = await self.visitor.ask(
            "POST",
            path or self.at,
            data=body,
            allow_redirects=False,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        return status

    async def attaches(
        self, fields: dict[str, str], *files: tuple[str, bytes], charset: str = "utf-8"
    ) -> int:
        """Send the form with files, as a browser does."""
        found = re.search(r'name="once" value="([0-9a-f]+)"', self.html)
        given = {"once": found[1] if found else ""} | fields
        parts = [(f'name="{name}"', value.encode()) for name, value in given.items()]
        parts += [(f'name="files"; filename="{name}"', data) for name, data in files]
        body = b"".join(
            f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        status, self.headers, self.html = await self.visitor.ask(
            "POST",
            self.at,
            data=body + b"--x--\r\n",
            allow_redirects=False,
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
        return status

    async def follows(self) -> int:
        return await self.opens(self.headers["Location"])


async def count(desk: Desk, model: Any) -> int:
    async with desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def chooses(desk: Desk, *lines: str) -> None:
    """An admin changes the directory while forms are open."""
    await desk.run(apply_directory, read_directory("\n".join(["[settings]", *lines])))


async def sends_form(guest: Guest, text: str) -> str:
    """Send the form in Anna's name, whoever it is; returns the way to the ticket's page."""
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | {"text": text}) == 303
    return str(guest.headers["Location"])


async def sees(guest: Guest, path: str) -> str:
    assert await guest.opens(path) == 200
    return guest.html
