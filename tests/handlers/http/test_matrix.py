"""Sixteen kinds of who comes, and everything that is served (S1, S15, S23): each cell's answer.

A route without a line here fails: add one to `TABLE`, and a `Try` if it wants more than its path.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Any, Final

import pytest

from core.desk import Desk
from core.integrations.keys import LINKS, METRICS, READ, SCOPES, WRITE
from core.texts import Texts
from handlers.http.app.session import COOKIE
from handlers.http.door import make_door
from tests.clock import Clock
from tests.handlers.http.whole_door import (
    NOTE,
    WORDS,
    Actor,
    WholeDoor,
    served_routes,
    whole_door,
    without_limits,
    work_of,
)

ACTORS: Final = (
    *("nobody", "session that is over", "forged session"),
    *("customer", "customer of another ticket"),
    *("operator who left", "operator", "operator of another team", "admin"),
    *("key", "key without the scope", "revoked key"),
    *("old sign-in", "forged sign-in", "used sign-in, used link"),
    "Telegram",
)
# What a cell means: a status, and what is in the answer.
SHOWN, DONE, IN, OPEN, LOGIN = "S", "+", "I", "o", "."
STATUSES: Final[Mapping[str, tuple[int, ...]]] = {
    SHOWN: (200,),  # the ticket's words
    DONE: (200, 201, 204, 303),  # what was asked for was done; no words of the ticket
    IN: (303,),  # a session begins
    OPEN: (200, 303),  # for everybody; no words of the ticket
    LOGIN: (200,),  # the page that signs in; nothing else
    "1": (401,),
    "3": (403,),
    "4": (404,),
}
# A letter for each of ACTORS, in the same groups.
TABLE: Final = """
GET   /healthz                               ooo oo oooo ooo ooo o
GET   /readyz                                ooo oo oooo ooo ooo o
GET   /metrics                               111 11 1111 +31 111 1
POST  /telegram                              111 11 1111 111 111 +
GET   /form                                  ooo oo oooo ooo ooo o
POST  /form                                  ooo oo oooo ooo ooo o
GET   /t/{signed}                            444 S4 4444 444 444 4
POST  /t/{signed}                            444 +4 4444 444 444 4
GET   /files/{name}/{until}/{signed}/{title:path}   444 S4 4444 444 444 4
GET   /app/static/{name}                     ooo oo oooo ooo ooo o
GET   /app                                   ... 33 3SSS ... ... .
GET   /app/live                              333 33 3+++ 333 333 3
POST  /app/login                             333 33 3III 333 333 3
GET   /app/login/telegram                    444 44 4444 444 444 4
GET   /app/login/telegram/back               444 44 4444 444 444 4
POST  /app/logout                            ... 33 3+++ ... ... .
GET   /app/enter/{secret}                    444 oo oooo 444 444 4
POST  /app/enter/{secret}                    444 33 3III 444 444 4
GET   /app/t/{number}                        ... 33 3SSS ... ... .
POST  /app/t/{number}                        ... 33 3+++ ... ... .
POST  /app/t/{number}/transcript             ... 33 3SSS ... ... .
GET   /app/t/{number}/file/{message}         ... 33 3SSS ... ... .
GET   /app/stats                             ... 33 333+ ... ... .
GET   /app/stats/tickets                     ... 33 333S ... ... .
GET   /app/stats/picture.svg                 ... 33 333+ ... ... .
GET   /api/v1/openapi.json                   ooo oo oooo ooo ooo o
HEAD  /api/v1/openapi.json                   ooo oo oooo ooo ooo o
GET   /api/v1/tickets                        111 11 1111 +31 111 1
GET   /api/v1/tickets/{number}               111 11 1111 +31 111 1
GET   /api/v1/tickets/{number}/messages      111 11 1111 S31 111 1
GET   /api/v1/tickets/{number}/data          111 11 1111 +31 111 1
GET   /api/v1/search                         111 11 1111 +31 111 1
POST  /api/v1/tickets                        111 11 1111 +31 111 1
POST  /api/v1/tickets/{number}/messages      111 11 1111 +31 111 1
POST  /api/v1/tickets/{number}/files         111 11 1111 +31 111 1
PUT   /api/v1/tickets/{number}/objects       111 11 1111 +31 111 1
"""
STAFF: Final = frozenset({"operator", "operator of another team", "admin"})
FILLED: Final = {"name": "Eve", "reach": "eve@example.org", "text": "new", "consent": "1"}
TICKET: Final = {
    "customer": {"name": "Eve", "email": "eve@example.org"},
    "subject": "New",
    "text": "new",
}


@dataclass(frozen=True, slots=True)
class Try:
    """How a route is asked for: behind its path, with which form or body, by a key of which scope.
    ``stream``: its answer does not end. ``bare``: without the session that they have.
    """

    query: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    scope: str = READ
    stream: bool = False
    bare: bool = False


TRIES: Final[Mapping[str, Try]] = {
    "GET /metrics": Try(scope=METRICS),
    "POST /telegram": Try(body={"update_id": 1}),
    "POST /form": Try(form=FILLED),
    "POST /t/{signed}": Try(form={"text": "more"}),
    "GET /app/live": Try(stream=True),
    "POST /app/login": Try(bare=True),
    "POST /app/t/{number}": Try(form={"verb": "note", "text": "mine"}),
    "GET /app/stats/tickets": Try("?figure=opened&period=week"),
    "GET /api/v1/search": Try("?q=nothing"),
    "POST /api/v1/tickets": Try(body=TICKET, scope=WRITE),
    "POST /api/v1/tickets/{number}/messages": Try(body={"text": "more"}, scope=WRITE),
    "POST /api/v1/tickets/{number}/files": Try("?title=x.txt", body=["x"], scope=WRITE),
    "PUT /api/v1/tickets/{number}/objects": Try(body={"url": "https://x.test/1"}, scope=LINKS),
}


def table() -> dict[str, dict[str, str]]:
    """Of each method and path, what everybody gets."""
    rows = {}
    for line in TABLE.strip().splitlines():
        method, path, *groups = line.split()
        cells = "".join(groups)
        assert len(cells) == len(ACTORS), line
        rows[f"{method} {path}"] = dict(zip(ACTORS, cells, strict=True))
    return rows


@pytest.fixture
async def door(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    without_limits(monkeypatch)
    async with whole_door(desk, texts, clock, tmp_path / "files") as door:
        yield door


def path_of(route: str, actor: Actor, door: WholeDoor) -> str:
    """The route's path for what somebody holds; other places of it are filled with 1."""
    path = route.partition(" ")[2]
    if path.startswith("/files/"):
        return f"/files/{actor.file}"
    held = {"signed": actor.follow, "secret": actor.entrance, "message": str(door.message)}
    held["name"] = "style.css"
    parts = [
        held.get(part[1:-1], "1") if part.startswith("{") else part for part in path.split("/")
    ]
    return "/".join(parts)


async def asked(
    door: WholeDoor, route: str, who: str, number: int
) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and body of what somebody gets."""
    actor, how = door.actors[who], TRIES.get(route, Try())
    method, path = route.partition(" ")[0], path_of(route, actor, door)
    sent: dict[str, Any] = {"headers": actor.headers(how.scope, with_session=not how.bare)}
    if how.body is not None:
        sent["json"] = how.body
    elif method == "POST":
        given = {"token": actor.form, "init_data": actor.init_data, "once": f"{number:032x}"}
        sent["data"] = given | dict(how.form)
    url = door.visitor.url + path + how.query
    async with door.visitor.session.request(method, url, allow_redirects=False, **sent) as answer:
        text = "" if how.stream and answer.status == 200 else await answer.text()
        return answer.status, dict(answer.headers), text


def seen(cell: str, who: str, answer: tuple[int, Mapping[str, str], str], door: WholeDoor) -> str:
    """What is wrong with an answer to this cell; nothing if it is right."""
    status, headers, text = answer
    everything = text + json.dumps(headers)
    begins = f"{COOKIE}=" in headers.get("Set-Cookie", "") and "Max-Age=0" not in everything
    faults = {
        f"status {status}": status not in STATUSES[cell],
        "words of the ticket": (WORDS in everything) is not (cell == SHOWN),
        "the note": NOTE in everything and who not in STAFF,
        "a session": begins is not (cell == IN),
        "no sign-in": cell == LOGIN and 'id="login"' not in text,
        "a secret": any(secret in everything for secret in door.secrets),
        "may be kept": "no-store" not in headers.get("Cache-Control", "")
        and cell != OPEN
        and "max-age=3600" not in headers["Cache-Control"],
    }
    return ", ".join(fault for fault, is_so in faults.items() if is_so)


# Where what is shown is, or contains, a customer's contact data; what is noted of that (S36).
PLACES: Final[Mapping[str, str]] = {
    "POST /app/t/{number}/transcript": "transcript",
    "GET /api/v1/tickets/{number}/messages": "conversation",
}


def places(door: WholeDoor) -> list[str]:
    """What was noted of who has looked since this was asked last."""
    return [one.place for one in door.desk.contact_reads.take()]


def may_change(route: str, cell: str) -> bool:
    """Whether something may be different afterwards."""
    return cell in {SHOWN, DONE, IN} or (cell == OPEN and route.startswith("POST"))


def test_the_door_of_the_matrix_has_all_that_a_door_can_have() -> None:
    """A new option may serve more: give it to `whole_door`, then name it here."""
    given = {"desk", "texts", "vitals", "webhook", "public_url", "files", "entrance"}
    serves_nothing_itself = {"fetch", "assistant"}
    assert {*signature(make_door).parameters} == given | serves_nothing_itself


async def test_every_route_that_is_served_has_a_line(door: WholeDoor) -> None:
    assert sorted(table()) == sorted(f"{method} {path}" for method, path in served_routes(door.app))
    assert set(TRIES) <= set(table())
    assert set(ACTORS) == set(door.actors)


@pytest.mark.parametrize("part", ["/app", "/api", "/"])
async def test_everybody_gets_what_the_table_says_and_what_is_not_granted_changes_nothing(
    door: WholeDoor, part: str
) -> None:
    parts = ["/app", "/api"] if part == "/" else []
    cells = [
        (route, who, cell)
        for route, row in table().items()
        for who, cell in row.items()
        if f" {part}" in route and not any(f" {other}" in route for other in parts)
    ]
    wrong: dict[str, str] = {}
    for change in (False, True):
        before = await work_of(door.desk)
        for number, (route, who, cell) in enumerate(cells):
            if may_change(route, cell) is change:
                door.desk.contact_reads.take()
                fault = seen(cell, who, await asked(door, route, who, number), door)
                if cell == SHOWN and route in PLACES and places(door) != [PLACES[route]]:
                    fault += ", not in the journal of who has looked"
                wrong |= {f"{who}: {route}": fault} if fault else {}
        assert change or await work_of(door.desk) == before
    assert wrong == {}


async def test_other_methods_of_a_path_are_none(door: WholeDoor) -> None:
    """Also for an admin: a method that nobody wrote must not do what another does."""
    rows, before = table(), await work_of(door.desk)
    admin = door.actors["admin"]
    wrong = []
    for path in {route.partition(" ")[2] for route in rows}:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"):
            if f"{method} {path}" in rows:
                continue
            where = path_of(f"{method} {path}", admin, door)
            headers = admin.headers(SCOPES[0])
            status, _, text = await door.visitor.ask(method, where, headers=headers)
            if status not in {404, 405} or WORDS in str(text):
                wrong.append((method, path, status))
    assert wrong == []
    assert await work_of(door.desk) == before
