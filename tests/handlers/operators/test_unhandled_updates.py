"""Updates that nobody asked for, or of what strangers do: no effect and no word comes of them."""

import asyncio
from typing import Any, Final

import pytest
from aiogram.types import Update

from bot.polling import ALLOWED, row_of
from core import inbox
from sandbox import Person as Human
from tests.handlers.operators.group import Group
from tests.handlers.operators.matrix_cast import ASKS
from tests.harness import logged

CANARY: Final = "калитка открыта"
DATE: Final = 1_796_000_000
EVE: Final = {"id": 990, "is_bot": False, "first_name": "Ева", "language_code": "ru"}
PRIVATE: Final = {"id": 990, "type": "private", "first_name": "Ева"}
FOREIGN: Final = {"id": -100777, "type": "supergroup", "title": "F"}
CHANNEL: Final = {"id": -100778, "type": "channel", "title": "C"}
SAID: Final[dict[str, Any]] = {"message_id": 5, "date": DATE, "text": CANARY}
THUMB: Final = [{"type": "emoji", "emoji": "👎"}]
OPTION: Final = {"persistent_id": "1", "text": CANARY, "voter_count": 0}
ADDRESS: Final = {
    "country_code": "RU",
    "state": "",
    "city": CANARY,
    "street_line1": "",
    "street_line2": "",
    "post_code": "",
}
# An update of each kind that no handler is for; of those the desk asks Telegram for none.
UNHANDLED: Final[dict[str, dict[str, Any]]] = {
    "channel_post": SAID | {"chat": CHANNEL, "sender_chat": CHANNEL},
    "edited_channel_post": SAID | {"chat": CHANNEL, "sender_chat": CHANNEL, "edit_date": DATE},
    "business_connection": {
        "id": "b",
        "user": EVE,
        "user_chat_id": 990,
        "date": DATE,
        "is_enabled": True,
    },
    "business_message": SAID | {"chat": PRIVATE, "from": EVE, "business_connection_id": "b"},
    "edited_business_message": SAID | {"chat": PRIVATE, "from": EVE, "business_connection_id": "b"},
    "deleted_business_messages": {
        "business_connection_id": "b",
        "chat": PRIVATE,
        "message_ids": [5],
    },
    "guest_message": SAID | {"chat": FOREIGN, "from": EVE},
    "message_reaction_count": {"chat": CHANNEL, "message_id": 5, "date": DATE, "reactions": []},
    "chosen_inline_result": {"result_id": "reboot", "from": EVE, "query": CANARY},
    "shipping_query": {
        "id": "1",
        "from": EVE,
        "invoice_payload": "x",
        "shipping_address": ADDRESS,
    },
    "pre_checkout_query": {
        "id": "1",
        "from": EVE,
        "currency": "RUB",
        "total_amount": 1,
        "invoice_payload": CANARY,
    },
    "purchased_paid_media": {"from": EVE, "paid_media_payload": CANARY},
    "poll": {
        "id": "1",
        "question": CANARY,
        "options": [OPTION],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    },
    "poll_answer": {"poll_id": "1", "user": EVE, "option_ids": [0], "option_persistent_ids": ["1"]},
    "chat_join_request": {"chat": FOREIGN, "from": EVE, "user_chat_id": 990, "date": DATE},
    "chat_boost": {
        "chat": CHANNEL,
        "boost": {
            "boost_id": "1",
            "add_date": DATE,
            "expiration_date": DATE,
            "source": {"source": "premium", "user": EVE},
        },
    },
    "removed_chat_boost": {
        "chat": CHANNEL,
        "boost_id": "1",
        "remove_date": DATE,
        "source": {"source": "premium", "user": EVE},
    },
    "managed_bot": {"user": EVE, "bot": {"id": 78, "is_bot": True, "first_name": "B"}},
    "a_kind_of_next_year": {"chat": FOREIGN, "from": EVE, "text": CANARY},
}
# Kinds whose form the library does not tell us yet, or that come to nobody but their owner.
UNTRIED: Final = frozenset({"subscription", "stopped_message_generation"})
HANDLED: Final = frozenset(
    {"message", "edited_message", "callback_query", "inline_query", "message_reaction"}
    | {"my_chat_member", "chat_member"}
)


def member(status: str, user: dict[str, Any] = EVE) -> dict[str, Any]:
    more = {"until_date": 0} if status == "kicked" else {}
    return {"status": status, "user": user, **more}


def change(chat: dict[str, Any], old: str, new: str, user: dict[str, Any] = EVE) -> dict[str, Any]:
    return {
        "chat": chat,
        "from": EVE,
        "date": DATE,
        "old_chat_member": member(old, user),
        "new_chat_member": member(new, user),
    }


def reaction(chat: dict[str, Any], **by: Any) -> dict[str, Any]:
    return {
        "chat": chat,
        "message_id": 1,
        "date": DATE,
        "old_reaction": [],
        "new_reaction": THUMB,
        **by,
    }


OURS: Final = {"id": 42, "is_bot": True, "first_name": "bot"}
# What strangers do, of kinds that the desk does ask for.
OF_STRANGERS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("message_reaction", reaction(PRIVATE, user=EVE)),
    ("message_reaction", reaction(FOREIGN, user=EVE)),
    ("message_reaction", reaction(FOREIGN, actor_chat=CHANNEL)),
    ("edited_message", SAID | {"chat": PRIVATE, "from": EVE, "edit_date": DATE}),
    ("edited_message", SAID | {"chat": FOREIGN, "from": EVE, "edit_date": DATE}),
    ("my_chat_member", change(PRIVATE, "member", "kicked", OURS)),
    ("my_chat_member", change(PRIVATE, "kicked", "member", OURS)),
    ("my_chat_member", change(FOREIGN, "member", "left", OURS)),
    ("my_chat_member", change(CHANNEL, "member", "left", OURS)),
    ("chat_member", change(FOREIGN, "left", "member")),
    ("chat_member", change(FOREIGN, "member", "kicked")),
    ("chat_member", change(CHANNEL, "member", "left")),
]


def test_every_kind_of_update_is_handled_or_tried_here() -> None:
    kinds = set(Update.model_fields) - {"update_id"}
    assert HANDLED | UNTRIED | set(UNHANDLED) == kinds | {"a_kind_of_next_year"}
    asked = set(ALLOWED)
    assert asked <= HANDLED | {"channel_post"}, "what is asked for is handled, or known to be idle"


async def come(group: Group, kind: str, event: dict[str, Any]) -> None:
    """The update comes as Telegram brings it, and the desk's own loop is done with it."""
    row = row_of({"update_id": 900_001, kind: event})
    assert row is not None
    await group.desk.run(inbox.store, "telegram:1", [row])
    loop = asyncio.create_task(group.app.update_queue.run())
    async with asyncio.timeout(30):
        while await group.desk.read(inbox.count_unfinished):
            await asyncio.sleep(0.005)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def all_but_the_inbox(group: Group) -> dict[str, Any]:
    everything = await group.everything()
    del everything["inbox"]
    return everything


@pytest.mark.parametrize(
    ("kind", "event"), [*UNHANDLED.items(), *OF_STRANGERS], ids=lambda one: str(one)[:40]
)
async def test_it_is_done_with_and_nothing_is_changed_or_said(
    group: Group, kind: str, event: dict[str, Any]
) -> None:
    await group.ticket(CANARY)
    before, calls = await all_but_the_inbox(group), len(group.world.calls)
    with logged() as log:
        await come(group, kind, event)
    assert await group.desk.read(inbox.count_quarantined) == 0
    assert await all_but_the_inbox(group) == before
    said = [one.method for one in group.world.calls[calls:] if one.method.lower() not in ASKS]
    assert said == []
    assert CANARY not in log.getvalue()


async def test_who_is_known_and_lets_the_bot_in_again_is_reached_again(group: Group) -> None:
    await group.ticket()
    anna: Human = group.anna
    who, chat = anna.to_json(), dict(anna.chat.brief())
    for old, new, since in (("member", "kicked", True), ("kicked", "member", False)):
        event = change(chat, old, new, OURS) | {"from": who}
        raw = {"update_id": 900_002, "my_chat_member": event}
        update = Update.model_validate(raw, context={"bot": group.bot})
        await group.feed(update)
        ((at,),) = await group.rows(
            "SELECT unreachable_since FROM person WHERE name = :name", name=anna.full_name
        )
        assert (at is not None) is since
