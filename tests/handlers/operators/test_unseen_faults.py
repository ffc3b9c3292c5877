"""Of a fault of ours nobody is shown more than its kind, wherever it happens (S34).

Every command, by an operator in the group and by an admin and a customer in private, fails at its
first, its second and its third question to the desk.
"""

import json
from itertools import count
from typing import Any, Final

import pytest

from bot import update_queue
from channels.telegram.addresses import chat_address
from core import inbox
from core.desk import Desk
from core.inbox import Raw
from tests.handlers.operators.group import ADMIN_ID, Group
from tests.handlers.operators.matrix_wishes import wishes

WORDS: Final = (*(wish.words for wish in wishes() if wish.kind == "command"), "ответ")
CANARY: Final = "canary of the inside"
POINTS: Final = (1, 2, 3)
# What a fault looks like that shows itself.
INSIDE: Final = (CANARY, "Traceback", "Error(", 'File "', "core/", "sqlalchemy")


class Fault:
    """Lets the desk fail at one of its next calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.raised = 0
        for name in ("run", "run_as", "read"):
            monkeypatch.setattr(Desk, name, self._failing(getattr(Desk, name)))

    def _failing(self, method: Any) -> Any:
        async def call(desk: Desk, *args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.raised += 1
                raise RuntimeError(f"{CANARY} ('{CANARY}')")
            return await method(desk, *args, **options)

        return call


async def test_of_a_fault_of_ours_nobody_reads_anything_but_its_kind(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_queue, "RETRIES", ())
    alerts = group.world.channel("Тревоги", members=[group.boss], bot="admin")
    group.known_as(alerts_chat=chat_address(alerts.id))
    await group.anna.say("/start")
    await group.boss.say("/start")
    await group.settle()
    await group.ticket()
    fault, numbers, begun = Fault(monkeypatch), count(50_000), len(group.world.calls)
    card = (await group.card(1)).to_json(nested=False)
    places = [
        (group.olga.to_json(), dict(group.chat.brief()), {"reply_to_message": card}),
        *(
            (who.to_json(), {"id": who.id, "type": "private", "first_name": "X"}, {})
            for who in (group.boss, group.anna)
        ),
    ]
    for words in WORDS:
        for who, chat, more in places:
            for point in POINTS:
                number = next(numbers)
                message = {"message_id": number, "date": card["date"], "chat": chat, "from": who}
                update = {"update_id": number, "message": message | more | {"text": words}}
                raw = Raw(str(number), "one", json.dumps(update))
                await group.desk.run(inbox.store, "telegram:1", [raw])
                (stored,) = await group.desk.read(inbox.list_unfinished, 0, 1)
                fault.left = point
                await group.app.update_queue._handle(stored)
                fault.left = 0
    group.clock.move(60)
    await group.deliver()
    assert fault.raised > len(WORDS) * len(POINTS)
    told_to = set()
    for call in group.world.calls[begun:]:
        said = json.dumps(call.params, ensure_ascii=False, default=str)
        assert not [mark for mark in INSIDE if mark in said], call
        if "RuntimeError" in said:
            told_to.add(str(call.params.get("chat_id")))
    assert told_to == {str(ADMIN_ID), str(alerts.id)}, "admins hear its kind, and nobody else"
