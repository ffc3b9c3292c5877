"""Nine kinds of who acts, in five places, with every command and every kind of button (S1).

Whatever is not granted changes no row of the desk's work and shows nobody a word of a customer.
"""

import json
from itertools import product
from typing import Any, Final

import pytest

from channels.telegram.addresses import chat_address, own_chat
from channels.telegram.screens.callback_data import KINDS
from channels.telegram.screens.customer_tickets import CloseOwn
from core.db import Row
from handlers.telegram.admins import routes as for_admins
from handlers.telegram.operators import membership, private
from handlers.telegram.operators.commands import COMMANDS
from tests.channels.telegram.test_callbacks import IN_CHATS
from tests.handlers.operators.group import Group

NAME: Final = "Канарейкина"
WORDS: Final = "тайная калитка"
ACTORS: Final = (
    *("subscriber", "ex_operator", "operator", "admin", "other_bot"),
    *("anonymous_admin", "channel", "linked_channel", "unknown"),
)
PLACES: Final = ("operators", "private", "foreign", "alerts", "former")
# Who may work, and where.
GRANTED: Final = set(product(("operator", "admin"), ("operators", "private"))) | {
    ("admin", "alerts"),
}
# What the desk's work consists of; a stranger's own row of `person` is none of it.
WORK: Final = (
    *("ticket", "message", "note", "timer", "task", "journal", "sent_message", "outbox"),
    *("inbox", "setting", "linked_chat", "contact_point", "link", "outage"),
)
# One button of each kind; those with a number are about ticket 1.
BUTTONS: Final = {type(data): raw.replace("12", "1") for raw, data in IN_CHATS.items()}
# What a customer may do with their own ticket, which ticket 1 is to the subscriber.
OF_THE_CUSTOMER: Final = {CloseOwn}
EXAMPLES: Final = {
    "find": "калитка",
    "who": NAME,
    "contact": "1 phone +79161234567",
    "merge": "1 2",
    "reply": "1 привет",
    "write": "anna@example.com привет",
    "freeze": "1 2d",
    "contract": "A-1",
    "key": "create x",
    "webhook": "add x https://x.example/",
    "report": "overdue",
    "directory": "versions",
    "rules": "try 1",
}


@pytest.fixture
async def seen(group: Group, monkeypatch: pytest.MonkeyPatch) -> Group:
    """A desk with a ticket whose customer and words must not be seen."""
    monkeypatch.setattr(membership, "CONFIRMED_FOR", 0.0)  # the hour is always over
    await group.anna.say("/start")
    await group.settle()
    group.anna.last_name = NAME
    await group.ticket(WORDS)
    # Oleg's leaving was never told to us
    await group.says(group.oleg, "/take 1")
    await group.says(group.oleg, "/release 1")
    await group.oleg.leave(group.chat)
    await group.forget()
    await group.deliver()
    return group


def test_every_kind_of_button_and_every_actor_is_in_the_matrix() -> None:
    assert set(BUTTONS) == set(KINDS)
    assert len(ACTORS) == 9
    assert len(PLACES) == 5


def sender(group: Group, actor: str) -> dict[str, Any]:
    """How Telegram shows the actor in a message."""
    people = {
        "subscriber": group.anna,
        "ex_operator": group.oleg,
        "operator": group.olga,
        "admin": group.boss,
    }
    if actor in people:
        return {"from": people[actor].to_json()}
    if actor == "unknown":
        stranger = {"id": 990, "is_bot": False, "first_name": "Ева", "language_code": "ru"}
        return {"from": stranger}
    if actor == "other_bot":
        return {"from": {"id": 77, "is_bot": True, "first_name": "B"}}
    if actor == "anonymous_admin":
        anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        return {"from": anonymous, "sender_chat": group.chat.brief()}
    channel = {"id": -1009, "type": "channel", "title": "C"}
    if actor == "channel":
        channel_bot = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
        return {"from": channel_bot, "sender_chat": channel}
    telegram = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
    return {"from": telegram, "sender_chat": channel, "is_automatic_forward": True}


def place(group: Group, where: str, actor: dict[str, Any]) -> dict[str, Any]:
    """The chat of an update."""
    if where == "operators":
        return dict(group.chat.brief())
    if where == "private":
        return {"id": actor["from"]["id"], "type": "private", "first_name": "X"}
    if where == "alerts":
        return {"id": own_chat(group.desk.company.alerts_chat), "type": "channel", "title": "A"}
    return {
        "id": {"foreign": -100777, "former": -100888}[where],
        "type": "supergroup",
        "title": "F",
    }


def commands() -> list[str]:
    names = {**COMMANDS, **for_admins.COMMANDS, **private.COMMANDS}
    named = [f"/{name} {EXAMPLES.get(name, '1 слова')}" for name in names]
    return [*named, *(f"/{name}" for name in names), "ответ"]


async def act(group: Group, actor: str, where: str) -> None:
    """Every command as a message, every button as a press."""
    who = sender(group, actor)
    chat = place(group, where, who)
    card = (await group.card(1)).to_json(nested=False)
    number = 70_000
    for words in commands():
        number += 1
        message = {"message_id": number, "date": card["date"], "chat": chat, "text": words, **who}
        if where == "operators":
            message["reply_to_message"] = card
        kind = "channel_post" if where == "alerts" else "message"
        group.world.inject({kind: message})
    own = {"id": group.bot.id, "is_bot": True, "first_name": "bot"}
    for form, data in BUTTONS.items():
        if form in OF_THE_CUSTOMER and (actor, where) == ("subscriber", "private"):
            continue
        number += 1
        below = {"message_id": 5, "date": card["date"], "chat": chat, "from": own, "text": "x"}
        press = {
            "id": str(number),
            "from": who["from"],
            "chat_instance": "1",
            "data": data,
            "message": card | {"chat": chat} if where == "operators" else below,
        }
        group.world.inject({"callback_query": press})
    await group.settle()


async def work(group: Group) -> dict[str, Any]:
    """The rows of the desk's work. That a refusal is removed again after a while is none of it."""
    rows = await group.everything()
    work: dict[str, Any] = {name: rows[name] for name in WORK if name in rows}
    work["outbox"] = [row for row in work["outbox"] if "remove" not in row]
    return work


@pytest.mark.parametrize(
    ("actor", "where"), [cell for cell in product(ACTORS, PLACES) if cell not in GRANTED]
)
async def test_what_is_not_granted_changes_nothing_and_shows_nothing(
    seen: Group, actor: str, where: str
) -> None:
    if where == "alerts":
        channel = seen.world.channel("Тревоги", members=[seen.boss], bot="admin")
        seen.desk.company = type(seen.desk.company)(
            operators_chat=chat_address(seen.chat.id),
            admins=seen.desk.company.admins,
            alerts_chat=chat_address(channel.id),
        )
    before, calls = await work(seen), len(seen.world.calls)
    await act(seen, actor, where)
    # in private everybody is a customer too, and what they write there may become their own ticket
    own_words = where == "private" and actor in {"subscriber", "ex_operator", "unknown"}
    after = await work(seen)
    if actor == "ex_operator":  # that they left is noted, once
        after["journal"] = [row for row in after["journal"] if "operator" not in str(row)]
    if own_words:
        before, after = (about_ticket_1(rows) for rows in (before, after))
    assert after == before
    for call in seen.world.calls[calls:]:
        said = json.dumps(call.params, ensure_ascii=False, default=str)
        shown_to_its_author = actor == "subscriber" and where == "private"
        assert shown_to_its_author or WORDS not in said, call
        assert shown_to_its_author or NAME not in said, call


def about_ticket_1(work: dict[str, Any]) -> dict[str, Any]:
    """The rows of the customer's ticket: its own, and those that name it as their ticket."""
    columns = {"ticket": "id", "message": "ticket_id", "note": "ticket_id", "journal": "ticket_id"}
    tables = Row.metadata.tables
    return {
        name: [row for row in work[name] if row[[*tables[name].c.keys()].index(column)] == 1]
        for name, column in columns.items()
    }
