"""Updates as no Telegram would send them: every field of real ones dropped, retyped, enlarged."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any, Final

from tests.e2e.kinds import send_every_kind
from tests.e2e.stage import Stage

Json = dict[str, Any]
Where = tuple[str | int, ...]

DROPPED: Final = object()
# What takes the place of a field: other types, numbers and words out of all proportion, and what
# no database and no screen likes.
FOREIGN: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, "", "words", "7", [], {}, [None], [[[]]], {"a": {"b": [1]}}, "NaN",
)  # fmt: skip
ENORMOUS: Final[tuple[Any, ...]] = (
    2**31, 2**63 - 1, 2**63, -(2**63), 10**40, 1e308,
    "я" * 5_000, "<b>" * 400, "\n" * 300, "/" * 300, "a\0b", "\ud83d", "\u202egpj.exe", "🧨" * 64,
    ["x"] * 300, {str(number): number for number in range(300)},
)  # fmt: skip
KINDS: Final = (
    "message", "edited_message", "callback_query", "my_chat_member", "chat_member",
    "channel_post", "edited_channel_post", "inline_query", "poll_answer", "message_reaction",
    "business_message", "a_kind_of_tomorrow",
)  # fmt: skip


async def overhear(stage: Stage) -> list[Json]:
    """Everything that people can do to the desk, as the updates that it makes.

    They are told by people and in a group who play no part in what is tried afterwards.
    """
    heard: list[Json] = []
    world, admit = stage.world, stage.world.updates._admit

    def listen(data: Json, *how: Any) -> int:
        heard.append(copy.deepcopy(data))
        return admit(data, *how)

    world.updates._admit = listen  # type: ignore[method-assign, assignment]
    try:
        person = world.user("Мартин", language="ru", username="martin")
        await person.start()
        await person.expect("Здравствуйте")
        _, card = await stage.open_ticket(person, "Всё сломалось, см. https://example.com")
        await send_every_kind(person)
        edited = await person.say("<b>Жирно</b> и /help @frontdoor_bot", parse_mode="HTML")
        await person.edit(edited, "Иначе")
        await person.reply(card if card.chat is person.chat else edited, "Ответ на своё")
        await person.forward(edited, person.chat)
        await person.send_poll()
        for words in ("/my", "/new", "/cancel", "/language", "/start cam_7", "📂 Мои обращения"):
            await person.say(words)
        await stage.oleg.reply(card, "Уже чиним")
        await stage.oleg.reply(card, "// между нами")
        await stage.oleg.reply(card, "/title Авария")
        await stage.oleg.say(stage.group, "/queue")
        await stage.oleg.say(stage.group, "/find сломалось")
        await stage.oleg.press("Взять", in_=stage.group, message=card)
        await stage.admin.say("/overdue")
        party = world.group("Чужая", members=[person], owner=person, bot="admin")
        await person.say(party, "Здравствуйте, бот")
        await party.demote_bot(person)
        await person.block_bot()
        await person.unblock_bot()
        await stage.settle()
    finally:
        del world.updates._admit
    return heard


def mutants(heard: list[Json], chance: random.Random) -> Iterator[Json]:
    """All fields of all updates, each dropped, retyped and enlarged; then fields by the handful."""
    plans = [
        (update, path, value)
        for update in heard
        for path in _paths(update)
        for value in (DROPPED, *FOREIGN, *ENORMOUS)
    ]
    chance.shuffle(plans)
    for update, path, value in plans:
        yield _without_id(_changed(update, path, value))
    while True:
        yield _without_id(_mixed(chance.choice(heard), chance, heard))


def strangers(heard: list[Json]) -> Iterator[Json]:
    """Each update under every other name, and what is no update at all."""
    for update in heard:
        for kind in KINDS:
            yield {kind: copy.deepcopy(next(v for k, v in update.items() if k != "update_id"))}
    for kind in KINDS:
        for value in (*FOREIGN, *ENORMOUS):
            yield {kind: value}
    yield {}
    yield {"message": _deep(200)}
    yield {name: {} for name in KINDS}


def _deep(levels: int) -> Any:
    found: Any = "bottom"
    for _ in range(levels):
        found = {"reply_to_message": found, "chat": {"id": 1}}
    return found


def _paths(value: Any, path: Where = ()) -> Iterator[Where]:
    """Where fields are; of a list only the first item."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, part in value.items():
            if path or key != "update_id":
                yield from _paths(part, (*path, key))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def _changed(update: Json, path: Where, value: Any) -> Json:
    made = copy.deepcopy(update)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    if value is DROPPED:
        del place[path[-1]]
    else:
        place[path[-1]] = copy.deepcopy(value)
    return made


def _mixed(update: Json, chance: random.Random, heard: list[Json]) -> Json:
    """Several fields at once, some of them with what stands elsewhere in another update."""
    made = update
    for _ in range(chance.randint(2, 6)):
        paths = [*_paths(made)]
        if not paths:
            break
        donor = chance.choice(heard)
        taken = _at(donor, chance.choice([*_paths(donor)]))
        value = chance.choice([DROPPED, taken, taken, chance.choice(FOREIGN + ENORMOUS)])
        made = _changed(made, chance.choice(paths), value)
    return made


def _at(value: Any, path: Where) -> Any:
    for step in path:
        value = value[step]
    return value


def _without_id(update: Json) -> Json:
    return {name: value for name, value in update.items() if name != "update_id"}
