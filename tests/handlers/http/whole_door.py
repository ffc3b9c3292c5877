"""Everything that the desk serves over HTTP at once, a ticket with words that are nobody else's,
and everybody who may come: each with what they hold.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from starlette.routing import Mount

from core import allowances
from core.addresses import Address
from core.db import Row
from core.desk import Desk
from core.directory.store import put_items
from core.files import FolderStore
from core.integrations.keys import SCOPES, create_key, revoke_key
from core.models import Message
from core.people.app_logins import count_once, make_link, use_link
from core.people.identity import Sender, leave_operators
from core.people.staff import by_operator, enrol
from core.setup.signed_links import LIFETIME, file_link, follow_path
from core.signing_key import find_signing_key, signature
from core.texts import Texts
from core.tickets.conversation import note
from core.tickets.intake import hear
from handlers.http import doorstep
from handlers.http.api import access
from handlers.http.app import board_routes, coming_in, staff_access
from handlers.http.app.session import COOKIE
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from handlers.http.pages import routes as pages
from handlers.http.telegram_webhook import HEADER, Webhook
from tests.actions import people
from tests.actions.company_directory import team
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, in_the_group, signed
from tests.handlers.http.conftest import Visitor, served

WORDS: Final = "Zaunkoenig-of-the-customer"
NOTE: Final = "Rotkehlchen-of-the-colleagues"
SECRET: Final = "a-secret-of-many-letters"
WORK: Final = (
    *("ticket", "message", "note", "journal", "outbox", "inbox", "task", "timer", "link"),
    *("person", "contact_point", "api_key", "team_member", "setting"),
)
PLENTY: Final = (1e6, 1e6)
ELSEWHERE: Final = {"X-Forwarded-For": "203.0.113.9"}
HERMIT: Final = Sender(Address("telegram", "203"), "Hermit", "hermit")
"""Who worked here, and has left."""


@dataclass(frozen=True, slots=True)
class Actor:
    """What somebody holds: a session, a key, what Telegram signed, links, Telegram's secret.

    ``key`` is called with the scope that a route asks for.
    """

    session: str = ""
    form: str = ""
    key: Callable[[str], str] = lambda _scope: ""
    init_data: str = ""
    follow: str = "1-" + "0" * 20
    entrance: str = "guessed"
    file: str = "a/9999999999/0/x"
    secret: str = ""

    def headers(self, scope: str, *, with_session: bool = True) -> dict[str, str]:
        """What they send with every request."""
        key = self.key(scope)
        given = {"Authorization": f"Bearer {key}" if key else "", HEADER: self.secret}
        given["Cookie"] = f"{COOKIE}={self.session}" if self.session and with_session else ""
        return ELSEWHERE | {name: value for name, value in given.items() if value}


@dataclass(slots=True)
class WholeDoor:
    """The door, the desk behind it, and who comes."""

    visitor: Visitor
    desk: Desk
    app: Any
    actors: Mapping[str, Actor]
    message: int
    secrets: tuple[str, ...]


def served_routes(app: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers, from its own list."""
    for route in app.routes:
        if isinstance(route, Mount):
            yield from served_routes(route.app, before + route.path)
        elif hasattr(route, "original_router"):
            yield from served_routes(route.original_router, before)
        else:
            for method in route.methods:
                yield method, before + route.path


def without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to wait, and no picture is drawn: that takes a second of a processor."""
    for module, names in (
        (doorstep, ("QUICK_RATE", "OPEN_RATE")),
        (access, ("RATE", "FORGED_RATE")),
        (coming_in, ("LOGIN_RATE",)),
        (staff_access, ("RATE",)),
        (pages, ("SENT", "SEEN", "UPLOADED")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, PLENTY)

    monkeypatch.setattr(allowances, "ALLOWED", PLENTY[0])

    async def draw(_specification: Mapping[str, Any]) -> bytes:
        return b"<svg/>"

    monkeypatch.setattr(board_routes, "draw_svg", draw)


@asynccontextmanager
async def whole_door(
    desk: Desk, texts: Texts, clock: Clock, folder: Path
) -> AsyncIterator[WholeDoor]:
    """Serve everything; ticket 1 is Alice's, 2 Boris's."""
    files = FolderStore(folder)
    await _staff(desk)
    message = await _tickets(desk, files)

    async def receive(body: bytes) -> bool:
        return body.startswith(b"{")

    app = make_door(
        desk,
        texts,
        Vitals(lambda: 0.0, lambda: 0),
        Webhook(SECRET, receive),
        public_url="https://desk.test",
        files=files,
        entrance=Entrance(TOKEN, in_the_group),
    )
    actors = await _actors(desk, clock, files)
    held = (SECRET, TOKEN, (await desk.read(find_signing_key)).hex())
    async with served(app, desk) as visitor:
        yield WholeDoor(visitor, desk, app, actors, message, held)


async def _staff(desk: Desk) -> None:
    for who in (people.OLGA, people.OLEG, HERMIT, people.ANNA):
        await desk.run(by_operator, who, enrol)
    crews = (("payments", people.OLGA), ("gates", people.OLEG))
    teams = [team(code, {"en": code}, members=[people.number(one)]) for code, one in crews]
    await desk.run(put_items, teams)
    await desk.run(leave_operators, HERMIT)


async def _tickets(desk: Desk, files: FolderStore) -> int:
    """Return the message of ticket 1 that has a file."""
    await people.opens(desk, people.ALICE, WORDS)
    await people.opens(desk, people.BORIS, "the gate is open")
    await desk.run(by_operator, people.OLGA, note, 1, people.writes(NOTE))
    said = people.says(people.ALICE, WORDS, kind="document")
    name = await files.put(WORDS.encode())
    said.content["file"] = {"name": name, "title": "plan.txt", "size": len(WORDS)}
    await desk.run(hear, people.ALICE, said)
    async with desk.database.read() as session:
        last = select(Message.id).where(Message.ticket_id == 1).order_by(Message.id.desc())
        return int(await session.scalar(last.limit(1)) or 0)


async def _actors(desk: Desk, clock: Clock, files: FolderStore) -> dict[str, Actor]:
    key, now = await desk.read(find_signing_key), clock()
    name = await files.put(WORDS.encode())
    link = _file_link(key, name, now)
    scoped = {one: await desk.run(create_key, one.replace(":", " "), [one]) for one in SCOPES}
    others = {
        one: await desk.run(create_key, f"not {one}".replace(":", " "), {*SCOPES} - {one})
        for one in SCOPES
    }
    revoked = await desk.run(create_key, "old", SCOPES)
    await desk.run(revoke_key, "old")
    told = signed(clock, people.OLGA, query_id="used")
    await desk.run(count_once, told)
    used = await desk.run(make_link, people.OLGA.address)
    await desk.run(use_link, used)
    old = str(int((now - timedelta(minutes=6)).timestamp()))

    async def held(who: Sender, **more: Any) -> Actor:
        until = int((now + timedelta(hours=12)).timestamp())
        session, form = session_for(key, who.address, until)
        entrance = await desk.run(make_link, who.address)
        return Actor(session, form, init_data=signed(clock, who), entrance=entrance, **more)

    over, form = session_for(key, people.OLGA.address, int(now.timestamp()) - 1)
    # somebody else's end under an own signature
    borrowed = follow_path(key, 2).replace("/t/2-", "1-")
    return {
        "nobody": Actor(),
        "session that is over": Actor(over, form, file=_file_link(key, name, now - 2 * LIFETIME)),
        "forged session": Actor(over.replace(over.split(".")[2], "9999999999"), form),
        "customer": await held(
            people.ALICE, follow=follow_path(key, 1).removeprefix("/t/"), file=link
        ),
        "customer of another ticket": await held(
            people.BORIS, follow=borrowed, file=link.replace(name, "0" * len(name))
        ),
        "operator who left": await held(HERMIT),
        "operator": await held(people.OLGA),
        "operator of another team": await held(people.OLEG),
        "admin": await held(people.ANNA),
        "key": Actor(key=lambda scope: scoped[scope]),
        "key without the scope": Actor(key=lambda scope: others[scope]),
        "revoked key": Actor(key=lambda _scope: revoked),
        "old sign-in": Actor(init_data=signed(clock, people.OLGA, auth_date=old)),
        "forged sign-in": Actor(init_data=signed(clock, people.OLGA, "123456:another-bot")),
        "used sign-in, used link": Actor(init_data=told, entrance=used),
        "Telegram": Actor(secret=SECRET),
    }


def session_for(key: bytes, address: Address, until: int) -> tuple[str, str]:
    """A cookie's value, and the token of its forms."""
    words = signature(key, f"app {address} {until}")
    value = f"{address.channel}.{address.chat}.{until}.{words}"
    return value, signature(key, f"app form {value}")


def _file_link(key: bytes, name: str, now: Any) -> str:
    path = urlsplit(file_link("https://x.test", key, name, "plan.txt", now)).path
    return path.removeprefix("/files/")


async def work_of(desk: Desk) -> str:
    """All rows of the desk's work as text: what is not granted must leave it as it is."""
    tables = Row.metadata.tables
    async with desk.database.read() as session:
        rows = {
            name: sorted(map(str, await session.execute(select(tables[name])))) for name in WORK
        }
    return json.dumps(rows)
