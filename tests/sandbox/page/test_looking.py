"""What a visitor sees of what the bot and the people do."""

from __future__ import annotations

import asyncio
import time

from tests.sandbox.page.visitor import Visitor

BUTTONS = {
    "inline_keyboard": [
        [{"text": "Взять", "callback_data": "t:1", "style": "primary"}],
        [{"text": "Сайт", "url": "https://example.com/"}],
        [{"text": "Номер", "copy_text": {"text": "42"}}],
    ]
}


async def test_the_snapshot_shows_people_chats_and_the_bot(visitor: Visitor) -> None:
    found = await visitor.look()
    roles = {person["name"]: person["role"] for person in found["people"]}
    assert roles["Анна Смирнова"] == "customer"
    assert roles["Ольга"] == "operator"
    assert roles["Анна Петровна"] == "admin"
    assert [c["title"] for c in found["chats"]][-2:] == ["Операторы", "Просрочки"]
    assert found["bot"]["username"] == "frontdoor_bot"
    assert abs(found["now"] - time.time()) < 60 and found["offset"] == 0


async def test_a_message_of_the_bot_arrives_with_all_that_belongs_to_it(visitor: Visitor) -> None:
    first = await visitor.act(visitor.anna, "say", text="камера 😀 <1> не работает")
    seq = (await visitor.look())["seq"]
    async with visitor.listening(seq) as heard:
        await visitor.bot(
            "sendMessage",
            chat_id=visitor.anna.id,
            text="<b>Да</b>, 😀 <i>пишите</i>",
            parse_mode="HTML",
            reply_parameters={"message_id": first["message"]},
            reply_markup=BUTTONS,
        )
        shown = await heard.until("message")
    assert shown["from"] == {"id": 42, "name": "Frontdoor", "bot": True}
    assert shown["text"] == "Да, 😀 пишите"
    # in UTF-16 units: the emoji counts twice
    assert [(e["type"], e["offset"]) for e in shown["entities"]] == [("bold", 0), ("italic", 7)]
    assert shown["reply_to"]["text"] == "камера 😀 <1> не работает"
    assert shown["buttons"] == [
        [{"text": "Взять", "data": "t:1", "style": "primary"}],
        [{"text": "Сайт", "url": "https://example.com/"}],
        [{"text": "Номер", "copy": "42"}],
    ]


async def test_edits_reactions_pins_and_deletions_are_told(visitor: Visitor) -> None:
    said = await visitor.act(visitor.anna, "say", text="слова")
    number = (await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="раз"))["message_id"]
    where = {"chat_id": visitor.anna.id, "message_id": number}
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        await visitor.bot("editMessageText", text="два", **where)
        assert (await heard.until("edit"))["text"] == "два"
        await visitor.bot(
            "setMessageReaction",
            chat_id=visitor.anna.id,
            message_id=said["message"],
            reaction=[{"type": "emoji", "emoji": "👌"}],
        )
        told = await heard.until("reactions")
        assert told["reactions"] == [{"emoji": "👌", "by": ["Frontdoor"]}]
        await visitor.bot("pinChatMessage", **where)
        assert (await heard.until("pin"))["pinned"] == number
        service = await heard.until("message", lambda m: "service" in m)
        assert (service["service"], service["service_en"]) == (
            "Frontdoor закрепляет: «два»", "Frontdoor pinned “два”",
        )  # fmt: skip
        await visitor.bot("deleteMessage", **where)
        assert await heard.until("delete") == {"chat": visitor.anna.id, "message": number}


async def test_reply_keyboards_stand_go_once_and_are_taken_away(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    keyboard = {"keyboard": [["Да", "Нет"]], "resize_keyboard": True, "one_time_keyboard": True}
    await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="?", reply_markup=keyboard)
    shown = (await visitor.chat(visitor.anna.chat))["keyboard"]
    assert shown["rows"] == [[{"text": "Да"}, {"text": "Нет"}]]
    assert (shown["resize"], shown["one_time"], shown["persistent"]) == (True, True, False)
    await visitor.act(visitor.anna, "press", message=shown["message"], row=0, column=1)
    assert visitor.anna.chat.messages[-1].text == "Нет"
    assert (await visitor.chat(visitor.anna.chat))["keyboard"] is None
    refused = await visitor.refused(
        visitor.anna, "press", message=shown["message"], row=0, column=1
    )
    assert refused == "no_button"
    keyboard["one_time_keyboard"] = False
    await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="?", reply_markup=keyboard)
    assert (await visitor.chat(visitor.anna.chat))["keyboard"]
    gone = {"remove_keyboard": True}
    await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="!", reply_markup=gone)
    assert (await visitor.chat(visitor.anna.chat))["keyboard"] is None


async def test_commands_are_those_that_this_person_sees_here(visitor: Visitor) -> None:
    def menu(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": f"о {name}"}]

    await visitor.bot("setMyCommands", commands=menu("any"))
    await visitor.bot("setMyCommands", commands=menu("russian"), language_code="ru")
    for kind in ("all_group_chats", "all_chat_administrators"):
        scope = {"type": kind}
        await visitor.bot("setMyCommands", commands=menu(kind.split("_")[1]), scope=scope)
    await visitor.bot("setMyDescription", description="Это поддержка", language_code="ru")
    anna = await visitor.chat(visitor.anna.chat)
    john = await visitor.chat(visitor.people["john"].chat)
    group = await visitor.chat(visitor.group)
    assert (anna["commands"], anna["description"]) == (menu("russian"), "Это поддержка")
    assert (john["commands"], john["description"]) == (menu("any"), "")
    assert group["commands_for"][str(visitor.olga.id)] == menu("group")
    assert group["commands_for"][str(visitor.admin.id)] == menu("chat")


async def test_typing_shows_until_the_message_comes_or_for_five_seconds(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    visitor.world.clock.advance(2)  # the bot's last message is of another second
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        await visitor.bot("sendChatAction", chat_id=visitor.anna.id, action="typing")
        assert (await heard.until("typing"))["typing"] == "typing"
        await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="вот")
        assert (await heard.until("typing", lambda t: not t["typing"]))["typing"] is False
    visitor.world.clock.advance(2)
    await visitor.bot("sendChatAction", chat_id=visitor.anna.id, action="typing")
    assert (await visitor.chat(visitor.anna.chat))["typing"] == "typing"
    visitor.world.clock.advance(5)
    assert (await visitor.chat(visitor.anna.chat))["typing"] is False


async def test_the_answer_to_a_press_comes_as_a_toast(visitor: Visitor) -> None:
    card = await visitor.bot(
        "sendMessage", chat_id=visitor.group.id, text="#1", reply_markup=BUTTONS
    )
    place = {"message": card["message_id"], "column": 0}
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        pressed = await visitor.act(visitor.olga, "press", visitor.group, row=0, **place)
        await visitor.bot(
            "answerCallbackQuery",
            callback_query_id=pressed["press"],
            text="Обращение #1 ваше.",
            show_alert=True,
        )
        toast = await heard.until("toast")
        assert (toast["person"], toast["text"], toast["alert"]) == (
            visitor.olga.id, "Обращение #1 ваше.", True,
        )  # fmt: skip
        again = await visitor.act(visitor.olga, "press", visitor.group, row=0, **place)
        await visitor.bot("answerCallbackQuery", callback_query_id=again["press"])
        silent = await heard.until("toast", lambda t: t["press"] == again["press"])
        assert silent["text"] == ""  # told all the same: the button's clock stops
    link = await visitor.act(visitor.olga, "press", visitor.group, row=1, **place)
    assert link == {"url": "https://example.com/"}
    copied = await visitor.act(visitor.olga, "press", visitor.group, row=2, **place)
    assert copied == {"copy": "42"}


async def test_who_reconnects_misses_nothing(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "say", text="0")
    seq = (await visitor.look())["seq"]
    async with visitor.listening(seq) as heard:
        await visitor.act(visitor.anna, "say", text="1")
        await heard.until("message", lambda m: m["text"] == "1")
        seen = heard.events[-1][0]
    for text in ("2", "3", "4"):  # nobody listens
        await visitor.bot("sendMessage", chat_id=visitor.anna.id, text=text)
    # a browser asks with the old address, and says in a header what it has seen
    async with visitor.listening(seq, **{"Last-Event-ID": str(seen)}) as heard:
        await heard.until("message", lambda m: m["text"] == "4")
        assert [m["text"] for m in heard.of("message")] == ["2", "3", "4"]
        assert [number for number, _, _ in heard.events] == list(
            range(seen + 1, seen + 1 + len(heard.events))
        )


async def test_everybody_who_looks_on_hears_the_same(visitor: Visitor) -> None:
    seq = (await visitor.look())["seq"]
    async with visitor.listening(seq) as one, visitor.listening(seq) as other:
        for number in range(20):
            await visitor.act(visitor.anna, "say", text=str(number))
        for heard in (one, other):
            await heard.until("message", lambda m: m["text"] == "19")
        assert one.events == other.events
    async with asyncio.timeout(60):  # and when all have left, nobody keeps the feed
        while visitor.page._work is not None:
            await asyncio.sleep(0.01)


async def test_two_hundred_messages_a_minute_are_heard_at_once(visitor: Visitor) -> None:
    """At ten times the pace, with full windows: each is heard in far less than 300 ms."""
    anna = visitor.anna.id
    for number in range(250):
        visitor.world.telegram.actions.post(visitor.anna.chat, visitor.anna, {"text": str(number)})
        visitor.world.telegram.actions.post(visitor.group, visitor.olga, {"text": str(number)})
    delays = []
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        for number in range(200):
            started = time.perf_counter()
            text = f"ответ {number}"
            await visitor.bot("sendMessage", chat_id=anna, text=text)
            await heard.until("message", lambda m, text=text: m["text"] == text)  # type: ignore[misc]
            delays.append(time.perf_counter() - started)
    delays.sort()
    assert delays[100] < 0.3, f"median {delays[100] * 1000:.0f} ms"
    assert len((await visitor.chat(visitor.anna.chat))["messages"]) == 200
