"""Keyboards, presses and callback queries."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import World
from tests.sandbox.clients import Raw


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def button(text: str = "x", **action: Any) -> dict[str, Any]:
    return {"text": text, **(action or {"callback_data": "d"})}


async def test_inline_keyboards_have_limits() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)

        async def send(markup: Any) -> str:
            body = await raw.call("sendMessage", chat_id=anna.id, text="x", reply_markup=markup)
            return str(body.get("description", "ok"))

        assert await send(inline([button(callback_data="я" * 32)])) == "ok"
        assert (
            await send(inline([button(callback_data="я" * 33)]))
            == "Bad Request: BUTTON_DATA_INVALID"
        )
        assert (
            await send(inline([{"text": "x"}]))
            == "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the "
            "inline keyboard"
        )
        assert (
            await send(inline([button(url="localhost")]))
            == "Bad Request: inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL"
        )
        assert "Only HTTPS" in await send(inline([button(web_app={"url": "http://a.ru"})]))
        assert await send(inline(*[[button()] * 8] * 12)) == "ok"
        assert await send(inline(*[[button()] * 8] * 13)) == "Bad Request: reply markup is too long"
        assert await send({"inline_keyboard": [button()]}) != "ok"
        assert await send("[") != "ok"
        assert world.errors and not world.internal_errors
        before = len(world.errors)
        assert await send(inline([button()] * 9)) == "ok"
        assert world.errors[before].kind == "keyboard_limit"
        assert len(anna.last.keyboard[0]) == 8
        assert await send(inline([button(callback_data="a", url="https://a.ru")])) == "ok"
        assert "2 actions" in world.errors[-1].text


async def test_a_callback_query_is_answered_once_and_in_time() -> None:
    async with World.start(callback_timeout=10) as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        await raw.ok(
            "sendMessage",
            chat_id=anna.id,
            text="pick",
            reply_markup=inline(
                [button("Take it", callback_data="t:1"), button("Link", url="https://a.ru")]
            ),
        )
        press = await anna.press("take")
        update = (await raw.ok("getUpdates"))[-1]
        query = update["callback_query"]
        assert query["data"] == "t:1" and query["message"]["text"] == "pick"
        await raw.ok(
            "answerCallbackQuery", callback_query_id=query["id"], text="ok", show_alert=True
        )
        await press.answer(0.1)
        assert (press.text, press.alert) == ("ok", True)
        old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        assert await raw.refused("answerCallbackQuery", callback_query_id=query["id"]) == old
        assert await raw.refused("answerCallbackQuery", callback_query_id="1") == old
        late = await anna.press("take")
        world.clock.advance(11)
        assert await raw.refused("answerCallbackQuery", callback_query_id=late.query_id) == old
        assert [v.kind for v in world.errors] == [
            "callback_answered_twice",
            "bad_callback_answer",
            "callback_unanswered",
            "callback_answered_late",
        ]
        assert (await anna.press("Link")).url == "https://a.ru"
        with pytest.raises(AssertionError, match="no button 'Nope'"):
            await anna.press("Nope")
        await raw.ok("deleteMessage", chat_id=anna.id, message_id=anna.last.id)
        with pytest.raises(AssertionError):
            await anna.press("Take")


async def test_reply_keyboards_send_what_is_on_them() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True, phone="+79001234567")
        markup = {
            "keyboard": [
                [{"text": "📞 Phone", "request_contact": True}, "Status"],
                [{"text": "Place", "request_location": True}],
            ],
            "one_time_keyboard": False,
            "resize_keyboard": True,
        }
        await raw.ok("sendMessage", chat_id=anna.id, text="choose", reply_markup=markup)
        assert anna.visible_buttons() == ["📞 Phone", "Status", "Place"]
        sent = (await anna.press("status")).sent
        assert sent and sent.text == "Status"
        sent = (await anna.press("phone")).sent
        assert sent and sent.content["contact"] == {
            "phone_number": "+79001234567",
            "first_name": "Anna",
            "user_id": anna.id,
        }
        await raw.ok(
            "sendMessage", chat_id=anna.id, text="hide", reply_markup={"remove_keyboard": True}
        )
        assert anna.visible_buttons() == []
        app = {"keyboard": [[{"text": "App", "web_app": {"url": "https://a.ru"}}]]}
        await raw.ok("sendMessage", chat_id=anna.id, text="app", reply_markup=app)
        await anna.press("App", data='{"a":1}')
        update = (await raw.ok("getUpdates"))[-1]["message"]
        assert update["web_app_data"] == {"data": '{"a":1}', "button_text": "App"}
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        assert "private chats only" in await raw.refused(
            "sendMessage", chat_id=group.id, text="x", reply_markup=markup
        )
        await raw.ok("sendMessage", chat_id=group.id, text="k", reply_markup={"keyboard": [["Go"]]})
        sent = (await op.press("Go", in_=group)).sent
        assert sent and sent.reply_to is group.last


async def test_a_forgotten_answer_is_a_violation() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        await raw.ok("sendMessage", chat_id=anna.id, text="x", reply_markup=inline([button("Go")]))
        press = await anna.press("Go")
        world.assert_clean()  # there is still time
        world.clock.advance(2)
        assert world.unanswered == [press.query]
        with pytest.raises(AssertionError, match="callback_unanswered: 'Go' of Anna"):
            world.assert_clean()
        await raw.ok("answerCallbackQuery", callback_query_id=press.query_id)
        world.assert_clean()


async def test_the_newest_button_with_a_label_is_pressed() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        for number in (1, 2):
            await raw.ok(
                "sendMessage",
                chat_id=anna.id,
                text=f"card {number}",
                reply_markup=inline(
                    [
                        button("Open more", callback_data=f"m{number}"),
                        button("Open", callback_data=f"o{number}"),
                    ]
                ),
            )
        press = await anna.press("open")
        assert press.button["callback_data"] == "o2"
        press = await anna.press("open", message=anna.chat.find("card 1"))
        assert press.button["callback_data"] == "o1"
