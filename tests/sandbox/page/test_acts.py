"""Everything a person can do on the page reaches the bot as Telegram would tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.page.acts import ACTS
from sandbox.page.words import REFUSALS, SERVICE
from sandbox.server.images import png
from tests.sandbox.page.visitor import Visitor

Json = dict[str, Any]


def told(visitor: Visitor, kind: str) -> list[Json]:
    """The updates of this kind that wait for the bot."""
    return [json.loads(body)[kind] for body in visitor.updates(kind)]


@pytest.fixture(autouse=True)
async def _wants_everything(visitor: Visitor) -> None:
    kinds = ["message", "edited_message", "callback_query", "message_reaction"]
    await visitor.bot("getUpdates", allowed_updates=[*kinds, "my_chat_member", "chat_member"])


async def test_saying_replying_and_quoting(visitor: Visitor) -> None:
    first = await visitor.act(visitor.anna, "say", text="камера <1>")
    await visitor.act(visitor.anna, "say", text="та же", reply_to=first["message"], quote="камера")
    plain, reply = told(visitor, "message")
    assert plain["text"] == "камера <1>"
    assert reply["reply_to_message"]["message_id"] == first["message"]
    assert reply["quote"]["text"] == "камера"
    shown = (await visitor.chat(visitor.anna.chat))["messages"][-1]["reply_to"]
    assert (shown["text"], shown["quote"]) == ("камера <1>", "камера")
    assert await visitor.refused(visitor.anna, "say", text=" \n") == "empty"
    assert await visitor.refused(visitor.anna, "say", text="x" * 16_001) == "too_long"
    assert await visitor.refused(visitor.anna, "say", text="a", reply_to=1) == "no_message"
    unsaid = {"text": "a", "reply_to": first["message"], "quote": "иное"}
    assert await visitor.refused(visitor.anna, "say", **unsaid) == "no_quote"


async def test_long_words_are_split_as_the_apps_do(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "say", text="я" * 5000)
    assert [len(m["text"]) for m in told(visitor, "message")] == [4096, 904]


async def test_starting_with_and_without_a_payload(visitor: Visitor) -> None:
    assert (await visitor.chat(visitor.anna.chat))["access"] == "never"
    await visitor.act(visitor.anna, "start", payload="from_site")
    await visitor.act(visitor.anna, "start")
    assert [m["text"] for m in told(visitor, "message")] == ["/start from_site", "/start"]
    assert await visitor.refused(visitor.olga, "start", visitor.group) == "not_private"


async def test_editing_and_deleting_one_s_own(visitor: Visitor) -> None:
    said = await visitor.act(visitor.olga, "say", visitor.group, text="раз")
    number = said["message"]
    await visitor.act(visitor.olga, "edit", visitor.group, message=number, text="два")
    assert told(visitor, "edited_message")[0]["text"] == "два"
    how = {"message": number, "text": "три"}
    assert await visitor.refused(visitor.people["oleg"], "edit", visitor.group, **how) == (
        "not_author"
    )
    assert await visitor.refused(
        visitor.people["oleg"], "delete", visitor.group, message=number
    ) == ("no_delete")
    await visitor.act(visitor.admin, "delete", visitor.group, message=number)
    assert not (await visitor.chat(visitor.group))["messages"]
    assert await visitor.refused(visitor.olga, "edit", visitor.group, **how) == "no_message"


async def test_captions_are_edited_too(visitor: Visitor) -> None:
    sent = await visitor.act(visitor.anna, "photo", caption="раз")
    await visitor.act(visitor.anna, "edit", message=sent["message"], text="два")
    assert told(visitor, "edited_message")[0]["caption"] == "два"


async def test_reactions_come_and_go(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    number = (await visitor.bot("sendMessage", chat_id=visitor.anna.id, text="?"))["message_id"]
    await visitor.act(visitor.anna, "react", message=number, emoji="👍")
    shown = (await visitor.chat(visitor.anna.chat))["messages"][-1]["reactions"]
    assert shown == [{"emoji": "👍", "by": ["Анна Смирнова"]}]
    await visitor.act(visitor.anna, "react", message=number, emoji=None)
    put, taken = told(visitor, "message_reaction")
    assert put["new_reaction"] == taken["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]
    assert taken["new_reaction"] == []
    refused = await visitor.refused(visitor.anna, "react", message=number, emoji="🚲")
    assert refused == "bad_reaction"


@pytest.mark.parametrize(
    "kind", ["photo", "video", "voice", "video_note", "document", "audio", "sticker", "animation"]
)
async def test_every_kind_of_file_has_a_sample(visitor: Visitor, kind: str) -> None:
    await visitor.act(visitor.anna, kind, caption="вот" if kind != "sticker" else None)
    update = told(visitor, "message")[0]
    assert update[kind]
    media = (await visitor.chat(visitor.anna.chat))["messages"][0]["media"]
    assert media["kind"] == kind and media["size"] > 500
    async with visitor.session.get(media["url"]) as answer:
        assert len(await answer.read()) == media["size"]


@pytest.mark.parametrize("kind", ["location", "venue", "contact", "poll", "dice"])
async def test_every_other_kind_needs_no_file(visitor: Visitor, kind: str) -> None:
    await visitor.act(visitor.anna, kind)
    assert told(visitor, "message")[0][kind]
    shown = (await visitor.chat(visitor.anna.chat))["messages"][0]["media"]
    assert shown["kind"] == kind and len(shown) > 1


async def test_samples_are_in_the_language_of_who_sends_them(visitor: Visitor) -> None:
    for name, title, option in (
        ("anna", "Склад на Заречной", "Утром"),
        ("john", "Warehouse", "In the morning"),
    ):
        who = visitor.people[name]
        await visitor.act(who, "start")
        await visitor.act(who, "venue")
        await visitor.act(who, "poll")
        venue, poll = (m["media"] for m in (await visitor.chat(who.chat))["messages"][-2:])
        assert venue["title"] == title and poll["options"][0]["text"] == option


async def test_own_files_come_as_they_are(visitor: Visitor) -> None:
    picture = png(640, 360, seed=7)
    status, _ = await visitor.send(visitor.anna, "photo", ("я.png", picture, "image/png"))
    assert status == 200
    photo = told(visitor, "message")[0]["photo"][-1]
    assert (photo["width"], photo["height"], photo["file_size"]) == (640, 360, len(picture))
    voice = ("v.webm", b"webm", "audio/webm;codecs=opus")
    assert (await visitor.send(visitor.anna, "voice", voice))[0] == 200
    assert told(visitor, "message")[1]["voice"]["mime_type"] == "audio/webm"
    for name, data, code in (("a.png", b"no picture", "not_picture"), ("b", b"", "no_file")):
        status, answer = await visitor.send(visitor.anna, "photo", (name, data, "image/png"))
        assert (status, answer["code"]) == (400, code)


async def test_what_a_bot_could_not_download_is_refused(visitor: Visitor) -> None:
    big = ("big.bin", bytes((20 << 20) + 1), "application/octet-stream")
    status, answer = await visitor.send(visitor.anna, "document", big)
    assert (status, answer["code"]) == (400, "big_file")
    assert not visitor.anna.chat.messages


async def test_albums_belong_together(visitor: Visitor) -> None:
    sent = await visitor.act(visitor.anna, "album", count=3, caption="три")
    items = told(visitor, "message")
    assert [m["message_id"] for m in items] == sent["messages"]
    assert len({m["media_group_id"] for m in items}) == 1
    assert [m.get("caption") for m in items] == ["три", None, None]
    assert len({m["photo"][-1]["file_unique_id"] for m in items}) == 3
    for count in (1, 11):
        assert await visitor.refused(visitor.anna, "album", count=count) == "album_size"
    picture = ("a.png", png(), "image/png")
    await visitor.send(visitor.anna, "album", picture, ("b.mp4", b"film", "video/mp4"))
    assert [("photo" in m, "video" in m) for m in told(visitor, "message")[3:]] == [
        (True, False), (False, True),
    ]  # fmt: skip
    await visitor.send(visitor.anna, "album", picture, ("c.pdf", b"%PDF", "application/pdf"))
    assert all("document" in m for m in told(visitor, "message")[5:])


async def test_forwarding_keeps_the_author(visitor: Visitor) -> None:
    said = await visitor.act(visitor.olga, "say", visitor.group, text="смотрите")
    where = {"message": said["message"], "to": visitor.olga.chat.id}
    await visitor.act(visitor.olga, "forward", visitor.group, **where)
    assert (await visitor.chat(visitor.olga.chat))["messages"][-1]["forward"] == "Ольга"
    where["to"] = visitor.anna.chat.id
    assert await visitor.refused(visitor.olga, "forward", visitor.group, **where) == "not_yours"


async def test_pinning_is_for_admins_in_groups(visitor: Visitor) -> None:
    said = await visitor.act(visitor.olga, "say", visitor.group, text="важно")
    number = said["message"]
    assert await visitor.refused(visitor.olga, "pin", visitor.group, message=number) == "not_admin"
    await visitor.act(visitor.admin, "pin", visitor.group, message=number)
    assert (await visitor.chat(visitor.group))["pins"] == [number]
    await visitor.act(visitor.admin, "unpin", visitor.group, message=number)
    assert (await visitor.chat(visitor.group))["pinned"] is None


async def test_votes_are_counted(visitor: Visitor) -> None:
    sent = await visitor.act(visitor.olga, "poll", visitor.group, question="Когда?")
    number = sent["message"]
    await visitor.act(visitor.people["oleg"], "vote", visitor.group, message=number, options=[1])
    media = (await visitor.chat(visitor.group))["messages"][-1]["media"]
    assert [option["votes"] for option in media["options"]] == [0, 1]
    bad = {"message": number, "options": [2]}
    assert await visitor.refused(visitor.olga, "vote", visitor.group, **bad) == "bad_value"


async def test_blocking_the_bot_and_coming_back(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    await visitor.act(visitor.anna, "block")
    assert (await visitor.look())["people"][0]["blocked"] is True
    assert await visitor.refused(visitor.anna, "say", text="?") == "blocked"
    await visitor.act(visitor.anna, "unblock")
    gone, back = told(visitor, "my_chat_member")
    assert gone["new_chat_member"]["status"] == back["old_chat_member"]["status"] == "kicked"
    await visitor.act(visitor.anna, "say", text="!")


async def test_joining_leaving_and_being_removed(visitor: Visitor) -> None:
    john, group = visitor.people["john"], visitor.group
    assert await visitor.refused(john, "say", group, text="?") == "not_member"
    await visitor.act(john, "join", group)
    await visitor.act(john, "leave", group)
    await visitor.act(visitor.admin, "join", group, person=john.id)
    assert await visitor.refused(visitor.olga, "kick", group, person=john.id) == "not_admin"
    await visitor.act(visitor.admin, "kick", group, person=john.id)
    shown = [m["service"] for m in (await visitor.chat(group))["messages"]]
    assert shown == [
        "John теперь в группе",
        "John больше не в группе",
        "Анна Петровна добавляет в группу: John",
        "Анна Петровна исключает из группы: John",
    ]
    assert await visitor.refused(visitor.admin, "leave", group) == "owner"
    assert await visitor.refused(visitor.olga, "join", group) == "inside"
    assert await visitor.refused(visitor.olga, "join", visitor.olga.chat) == "not_group"


async def test_new_people_come_as_customers_or_operators(visitor: Visitor) -> None:
    new = await visitor.act(visitor.anna, "add_person", name="Пётр Первый", language="en")
    person = visitor.world.people[new["person"]]
    assert (person.full_name, person.language) == ("Пётр Первый", "en")
    await visitor.act(person, "start")
    hand = await visitor.act(visitor.anna, "add_person", name="Вера", role="operator")
    roles = {p["id"]: p["role"] for p in (await visitor.look())["people"]}
    assert (roles[new["person"]], roles[hand["person"]]) == ("customer", "operator")
    assert await visitor.refused(visitor.anna, "add_person", name="X", role="admin") == "bad_value"
    assert await visitor.refused(visitor.anna, "add_person", name=" ") == "empty"


async def test_the_bot_learns_a_new_language_with_the_next_update(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "language", code="en")
    await visitor.act(visitor.anna, "start")
    assert told(visitor, "message")[0]["from"]["language_code"] == "en"
    assert await visitor.refused(visitor.anna, "language", code="xx") == "bad_value"


async def test_channels_are_read_by_all_and_written_by_admins(visitor: Visitor) -> None:
    alerts = visitor.page.demo.alerts
    assert await visitor.refused(visitor.olga, "say", alerts, text="?") == "not_poster"
    await visitor.act(visitor.admin, "say", alerts, text="!")
    assert (await visitor.chat(alerts))["messages"][-1]["from"]["name"] == "Просрочки"


@pytest.mark.parametrize("do", sorted(ACTS))
async def test_nonsense_is_refused_in_words(visitor: Visitor, do: str) -> None:
    """Whatever a broken page sends, it gets a sentence, and the sandbox makes no mistake."""
    junk: list[Json] = [
        {"chat": "x"}, {"chat": True}, {"chat": 1}, {"as": None}, {"as": 1}, {"as": [2]},
        {"message": "1", "text": 5, "to": {}, "emoji": [], "count": "many", "options": 1},
        {"message": 10**9, "text": "a", "to": 0, "person": -1, "name": None, "role": 7},
        {"message": True, "row": -1, "column": 10**30, "caption": 7, "reply_to": "x"},
        {"latitude": 1e9, "longitude": "x", "phone": 1, "options": ["a"], "quote": 3},
    ]  # fmt: skip
    for more in junk:
        body = {"as": visitor.olga.id, "do": do, "chat": visitor.group.id} | more
        status, answer = await visitor.ask("/page/act", body)
        assert status in {200, 400, 404, 409}, answer
        if status != 200:
            assert answer["error"] and answer["code"] in REFUSALS
    assert not visitor.world.internal_errors


async def test_unknown_acts_are_refused(visitor: Visitor) -> None:
    for do in ("fly", "", "__class__"):
        assert await visitor.refused(visitor.anna, do) == "unknown_do"


def test_everything_is_said_in_both_languages() -> None:
    for russian, english in [*REFUSALS.values(), *SERVICE.values()]:
        assert russian and english
        assert english.isascii() or "“" in english or "’" in english


async def test_an_admin_switches_topics_and_everybody_writes_in_them(visitor: Visitor) -> None:
    group = visitor.group
    assert await visitor.refused(visitor.olga, "topics", group, enabled=True) == "not_admin"
    await visitor.act(visitor.world.people[group.owner.id], "topics", group, enabled=True)
    topic = await visitor.bot("createForumTopic", chat_id=group.id, name="#1")
    thread = topic["message_thread_id"]
    await visitor.act(visitor.olga, "say", group, text="в теме", topic=thread)
    await visitor.act(visitor.olga, "say", group, text="в общей", topic=1)
    inside, outside = told(visitor, "message")[-2:]
    assert inside["message_thread_id"] == thread and "message_thread_id" not in outside
    shown = {one["id"]: one["name"] for one in (await visitor.chat(group))["topics"]}
    assert shown == {1: "General", thread: "#1"}
    await visitor.act(visitor.world.people[group.owner.id], "topics", group, enabled=False)
    assert (await visitor.chat(group))["topics"] == []


async def test_a_customer_begins_a_topic_where_there_are_some(visitor: Visitor) -> None:
    chat, group = visitor.anna.chat, visitor.group
    await visitor.act(visitor.anna, "start")
    assert await visitor.refused(visitor.anna, "new_topic", chat, name="Оплата") == "no_topics"
    await visitor.act(visitor.anna, "topics", chat, enabled=True)
    begun = await visitor.act(visitor.anna, "new_topic", chat, name="Оплата <b>")
    shown = {one["id"]: one["name"] for one in (await visitor.chat(chat))["topics"]}
    assert shown[begun["topic"]] == "Оплата <b>"
    await visitor.act(visitor.anna, "say", chat, text="Списали дважды", topic=begun["topic"])
    assert told(visitor, "message")[-1]["message_thread_id"] == begun["topic"]
    for name in ("", "x" * 129):
        assert await visitor.refused(visitor.anna, "new_topic", chat, name=name)
    assert await visitor.refused(visitor.olga, "new_topic", group, name="Тема") == "not_private"


async def test_a_bots_private_chats_have_topics_when_its_owner_says_so(visitor: Visitor) -> None:
    chat = visitor.anna.chat
    await visitor.act(visitor.anna, "start")
    assert (await visitor.chat(chat))["topics"] == []
    await visitor.act(visitor.anna, "topics", chat, enabled=True)
    topic = await visitor.bot("createForumTopic", chat_id=chat.id, name="#1")
    thread = topic["message_thread_id"]
    await visitor.act(visitor.anna, "say", chat, text="в теме", topic=thread)
    await visitor.act(visitor.anna, "say", chat, text="в общей", topic=1)
    inside, outside = told(visitor, "message")[-2:]
    assert inside["message_thread_id"] == thread and "message_thread_id" not in outside
    shown = {one["id"]: one["name"] for one in (await visitor.chat(chat))["topics"]}
    assert shown == {1: "General", thread: "#1"}
    await visitor.act(visitor.anna, "topics", chat, enabled=False)
    assert (await visitor.chat(chat))["topics"] == []
