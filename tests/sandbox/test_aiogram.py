"""The sandbox seen by aiogram: calls, polling, a webhook."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    AffiliateInfo,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyParameters,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from sandbox import World
from sandbox.server.schema import prune
from tests.sandbox.clients import aiogram_bot


async def test_errors_arrive_as_exceptions_of_aiogram() -> None:
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
        await anna.block_bot()
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(anna.id, "x")
        group.migrate()
        with pytest.raises(TelegramMigrateToChat):
            await bot.send_message(group.id, "x")
        world.faults.flood(3)
        with pytest.raises(TelegramRetryAfter):
            await bot.get_me()
        world.faults.clear()


def greeter() -> Dispatcher:
    """Greets, edits what was pressed, and gives photos back."""
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message, command: CommandObject) -> None:
        yes = InlineKeyboardButton(text="Yes", callback_data="yes")
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[yes]])
        assert message.from_user
        text = f"Hi {message.from_user.full_name} [{command.args}]"
        await message.answer(text, reply_markup=keyboard)

    @dispatcher.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        await query.answer("done")
        assert isinstance(query.message, Message)
        await query.message.edit_text("pressed")

    @dispatcher.message(F.photo)
    async def photo(message: Message, bot: Bot) -> None:
        assert message.photo
        data = await bot.download(message.photo[-1])
        assert data
        await message.reply_photo(BufferedInputFile(data.read(), "copy.png"), caption="copy")

    return dispatcher


@asynccontextmanager
async def polling(bot: Bot) -> AsyncIterator[None]:
    dispatcher = greeter()
    task = asyncio.create_task(
        dispatcher.start_polling(
            bot, polling_timeout=1, handle_signals=False, close_bot_session=False
        )
    )
    try:
        yield
    finally:
        # cancelling would leave its own tasks behind, asking for updates for ever
        await dispatcher.stop_polling()
        await task


@asynccontextmanager
async def webhook(bot: Bot, secret: str) -> AsyncIterator[None]:
    app = web.Application()
    SimpleRequestHandler(greeter(), bot, secret_token=secret).register(app, path="/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token=secret)
    try:
        yield
    finally:
        await runner.cleanup()


async def converse(world: World) -> None:
    """What a person does with the greeter."""
    anna = world.user("Anna", language="ru", last_name="K")
    await anna.start("x")
    await anna.expect("Hi Anna K [x]", button="Yes")
    press = await (await anna.press("Yes")).answer()
    assert press.text == "done"
    await anna.expect("pressed", edited=True)
    sent = await anna.send_photo(caption="look")
    got = await anna.expect("copy", kind="photo", reply_to=sent)
    assert got.file_bytes == sent.file_bytes
    await world.idle(quiet=0.05)
    world.assert_clean()


async def test_a_dispatcher_polls() -> None:
    async with World.start() as world, aiogram_bot(world) as bot, polling(bot):
        await converse(world)


async def test_a_request_handler_serves_the_webhook() -> None:
    async with World.start() as world, aiogram_bot(world) as bot, webhook(bot, "s3cret"):
        await converse(world)


def test_unknown_fields_are_dropped_at_any_depth_of_a_type_that_was_not_used_yet() -> None:
    anna = {"id": 1, "is_bot": False, "first_name": "Anna"}
    given = {"affiliate_user": anna | {"hologram": 1}, "amount": 2, "hologram": 3}
    assert prune(AffiliateInfo, given) == {"affiliate_user": anna, "amount": 2}
