"""The emulator seen by aiogram."""

from __future__ import annotations

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from sandbox import World
from tests.sandbox.clients import aiogram_bot


async def test_aiogram() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        me = await bot.get_me()
        assert (me.id, me.username) == (42, "help_bot")
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.group("G", members=[op], bot="admin")
        message = await bot.send_message(
            anna.id,
            "<b>hi</b> <a href='https://a.ru'>l</a>",
            parse_mode="HTML",
            reply_markup=InlineKeyboardMarkup(
                inline_keyboard=[
                    [InlineKeyboardButton(text="a", callback_data="b", style="success")]
                ]
            ),
        )
        assert message.html_text == '<b>hi</b> <a href="https://a.ru/">l</a>'
        assert (
            message.reply_markup and message.reply_markup.inline_keyboard[0][0].style == "success"
        )
        reply = await bot.send_message(
            anna.id,
            "r",
            reply_parameters=ReplyParameters(message_id=message.message_id, quote="hi"),
        )
        assert reply.quote and reply.quote.text == "hi"
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await bot.edit_message_reply_markup(chat_id=anna.id, message_id=reply.message_id)
        anna.block_bot()
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(anna.id, "x")
        group.migrate()
        with pytest.raises(TelegramMigrateToChat):
            await bot.send_message(group.id, "x")
        world.faults.flood(3)
        with pytest.raises(TelegramRetryAfter):
            await bot.get_me()
        world.faults.clear()
