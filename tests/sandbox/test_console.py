"""The console: what is typed happens, what the bot does is printed."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import re
import signal
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import pytest

from sandbox import BotProcess, console, demo, python
from sandbox.console.commands import COMMANDS, Player, execute
from sandbox.console.terminal import Line, wrapped
from sandbox.demo import Demo
from tests.sandbox.clients import Raw


class Screen(io.StringIO):
    """What the console prints; waiting for a text in it."""

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.getvalue():
                await asyncio.sleep(0)


class Terminal:
    """A console that runs, with a pipe for the keyboard."""

    def __init__(self, there: Demo) -> None:
        self.world = there.world
        self.demo = there
        self.screen = Screen()
        reading, writing = os.pipe()
        self.keyboard: TextIO = os.fdopen(reading)
        self._writing = writing
        self.task = asyncio.create_task(console.run(there, input=self.keyboard, output=self.screen))

    def type(self, text: str) -> None:
        os.write(self._writing, text.encode())

    def hang_up(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1


@asynccontextmanager
async def terminal(*, basic_group: bool = False) -> AsyncIterator[tuple[Terminal, Raw]]:
    async with demo.start() as world, Raw(world) as raw:
        term = Terminal(demo.build(world, basic_group=basic_group))
        try:
            yield term, raw
        finally:
            term.hang_up()
            term.task.cancel()
            await asyncio.gather(term.task, return_exceptions=True)
            term.keyboard.close()


async def test_the_demonstration_is_as_strict_as_telegram() -> None:
    async with demo.start(token="77:X") as world:
        there = demo.build(world)
        assert world.context.options.privacy and world.limits.enabled
        assert there.environment() == {
            "BOT_TOKEN": "77:X",
            "TELEGRAM_API_URL": world.api_url,
            "OPERATOR_CHAT_ID": str(there.group.id),
            "ALERT_CHAT_ID": str(there.alerts.id),
            "ADMIN_IDS": str(there.people["petrovna"].id),
            "DEFAULT_LANGUAGE": "ru",
        }
        assert there.group.kind == "supergroup" and not there.group.is_forum
        assert there.group.title == "Операторы" and there.alerts.title == "Просрочки"
        assert there.group.bot_can("can_pin_messages") and there.alerts.bot_can("can_post_messages")
        admin = there.group.member(there.admin)
        assert admin and admin.is_admin


async def test_what_is_typed_happens_and_what_the_bot_does_is_printed() -> None:
    async with terminal() as (term, raw):
        term.type("start cam_7\nкамера не ра")
        await term.world.until(lambda: term.world.updates.pending == 1)
        term.type("ботает\n")
        await term.world.until(lambda: term.world.updates.pending == 2)
        anna = term.demo.people["anna"]
        assert [m.text for m in anna.messages] == ["/start cam_7", "камера не работает"]
        keyboard = {"inline_keyboard": [[{"text": "5", "callback_data": "rate:5"}]]}
        sent = await raw.ok(
            "sendMessage", chat_id=anna.id, text="Как мы справились?", reply_markup=keyboard
        )
        await term.screen.shows("BOT: Как мы справились?\n      [ 5 ]")
        term.type("press 5\n")
        await term.world.until(lambda: term.world.unanswered)
        query = term.world.unanswered[0].id
        await raw.ok("answerCallbackQuery", callback_query_id=query, text="Спасибо")
        await term.screen.shows("toast for Анна: Спасибо")
        where = {"chat_id": anna.id, "message_id": sent["message_id"]}
        await raw.ok("editMessageText", **where, text="Оценка: 5")
        await term.screen.shows("(edited)")
        term.type("quit\n")
        await asyncio.wait_for(term.task, 60)


async def test_operators_reply_in_the_group() -> None:
    async with terminal() as (term, raw):
        card = await raw.ok("sendMessage", chat_id=term.demo.group.id, text="🔴 SR-1")
        term.type(f"as oleg\nin group\nreply {card['message_id']} Перезагрузите\nalbum 3 схема\n")
        await term.world.until(lambda: len(term.demo.group.messages) == 5)
        first = term.demo.group.messages[1]
        assert first.sender is term.demo.people["oleg"]
        assert first.reply_to is term.demo.group.get(card["message_id"])
        term.type("show 2\n")
        await term.screen.shows("3 earlier messages")


async def test_trouble_comes_on_demand() -> None:
    async with terminal(basic_group=True) as (term, raw):
        anna, old = term.demo.people["anna"], term.demo.group
        term.type("start\nflood 7\n")
        await term.world.until(lambda: term.world.faults.plan)
        body = await raw.call("sendMessage", chat_id=anna.id, text="x")
        assert body["parameters"] == {"retry_after": 7}
        term.type("errors 2\n")
        await term.world.until(lambda: term.world.faults.plan)
        for _ in range(2):
            assert "Internal Server Error" in await raw.refused("getMe")
        await raw.ok("getMe")
        term.type("block\n")
        await term.screen.shows("has blocked the bot")
        assert anna.chat.access == "blocked"
        term.type("migrate\n")
        await term.screen.shows("is now -100")
        assert old.migrated_to
        assert term.demo.environment()["OPERATOR_CHAT_ID"] == str(old.migrated_to.id)


async def test_the_console_lives_on_when_its_input_ends() -> None:
    async with terminal() as (term, raw):
        term.type("start")  # and no new line
        term.hang_up()
        await term.world.until(lambda: term.world.updates.pending == 1)
        anna = term.demo.people["anna"]
        await raw.ok("sendMessage", chat_id=anna.id, text="still here")
        await term.screen.shows("still here")
        assert not term.task.done()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(term.task, 60)


async def test_the_console_needs_no_input_at_all() -> None:
    async with demo.start() as world:
        there = demo.build(world)
        screen = Screen()
        script = io.StringIO("people\nquit\n")
        await asyncio.wait_for(console.run(there, input=script, output=screen), 60)
        assert "Ольга, operator" in screen.getvalue()
        assert "Анна Петровна, admin" in screen.getvalue()
        task = asyncio.create_task(console.run(there, input=None, output=screen))
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(task, 60)


async def test_every_command_can_be_typed() -> None:
    async with demo.start() as world:
        player = Player(demo.build(world))
        listed = execute(player, "help") or ""
        assert all(command.usage in listed for command in COMMANDS.values())
        for line in ("start", "photo look", "voice", "sticker", "contact", "file a.pdf", "album 2"):
            assert execute(player, line) is None
        kinds = [message.kind for message in player.chat.messages]
        assert kinds == [
            "text", "photo", "voice", "sticker", "contact", "document", "photo", "photo",
        ]  # fmt: skip
        number = player.chat.messages[0].id
        assert execute(player, f"edit {number} другое") is None
        assert execute(player, f"react #{number} 👍") is None
        assert "другое  <edited 1x" in (execute(player, "show") or "")
        assert execute(player, "say photo") is None
        assert player.chat.messages[-1].text == "photo"
        assert execute(player, "unblock")
        assert "Просрочки" in (execute(player, "chats") or "")
        assert execute(player, "wrong") == "nothing"
        assert execute(player, "") is None


async def test_nonsense_is_answered_with_what_would_do() -> None:
    async with demo.start() as world:
        player = Player(demo.build(world))
        for line, answer in {
            "as nobody": "! no person 'nobody'",
            "in space": "! like this: in group",
            "reply": "! like this: reply N TEXT",
            "reply 99 x": "! no message '99'",
            "press Go": "! no button 'Go'",
            "album 11": "! an album has 2 to 10",
            "flood soon": "! 'soon' is not a number",
            "migrate": "! only basic groups",
            "show space": "! no chat 'space'",
        }.items():
            assert (execute(player, line) or "").startswith(answer), line
        assert execute(player, "in group") == "you are in the group “Операторы”"
        assert (execute(player, "hello") or "").startswith("! Анна is not a member")


async def test_it_ends_when_nobody_reads_the_output() -> None:
    class Pipe(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    async with demo.start() as world:
        there = demo.build(world)
        await asyncio.wait_for(console.run(there, input=None, output=Pipe()), 60)


# ------------------------------------------------------------------ at a terminal


class Desk:
    """A console at a real (pseudo) terminal: what the screen got, and how to type."""

    def __init__(self, there: Demo, *, bot: BotProcess | None = None) -> None:
        self._outside, inside = pty.openpty()
        os.set_blocking(self._outside, False)
        self.keyboard = os.fdopen(inside, "r", closefd=False)
        self.display = os.fdopen(inside, "w", closefd=False)
        self._inside = inside
        self.got = ""
        self.task = asyncio.create_task(
            console.run(there, input=self.keyboard, output=self.display, bot=bot)
        )

    def type(self, keys: str) -> None:
        os.write(self._outside, keys.encode())

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._inside)[3] & termios.ECHO)

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.look():
                await asyncio.sleep(0.01)

    def look(self) -> str:
        """Everything so far, without colours."""
        while True:
            try:
                self.got += os.read(self._outside, 65536).decode(errors="replace")
            except BlockingIOError:
                return re.sub(r"\x1b\[\d+m", "", self.got)

    def close(self) -> None:
        os.close(self._outside)
        os.close(self._inside)


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[Desk, Demo, Raw]]:
    async with demo.start() as world, Raw(world) as raw:
        there = demo.build(world)
        here = Desk(there)
        try:
            await here.shows("anna in private> ")
            yield here, there, raw
        finally:
            here.task.cancel()
            await asyncio.gather(here.task, return_exceptions=True)
            here.close()


async def test_what_is_half_typed_stays_when_something_is_printed() -> None:
    async with desk() as (here, there, raw):
        anna = there.people["anna"]
        here.type("start\n")
        await there.world.until(lambda: there.world.updates.pending == 1)
        here.type("камера не ра")
        await here.shows("> камера не ра")
        here.got = ""
        await raw.ok("sendMessage", chat_id=anna.id, text="Здравствуйте")
        await here.shows("BOT: Здравствуйте\r\n\r\x1b[Kanna in private> камера не ра")
        here.type("ботает\n")
        await there.world.until(lambda: there.world.updates.pending == 2)
        assert anna.messages[-1].text == "камера не работает"


@pytest.mark.parametrize("end", ["quit\n", "\x04", "SIGINT"])
async def test_the_terminal_is_left_as_it_was(end: str) -> None:
    async with desk() as (here, _there, _raw):
        assert not here.echoes()
        if end == "SIGINT":
            here.type("half a wo")
            await here.shows("> half a wo")  # what arrives later, the terminal would echo itself
            os.kill(os.getpid(), signal.SIGINT)
        else:
            here.type(end)
        await asyncio.wait_for(here.task, 60)
        assert here.echoes()
        assert here.look().endswith("\r\x1b[K")  # no prompt stays behind


async def test_it_ends_when_the_window_is_closed() -> None:
    async with desk() as (here, _there, _raw):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(here.task, 60)


def test_a_line_can_be_mended_and_called_again() -> None:
    line = Line()

    def typed(keys: list[str]) -> str:
        for key in keys:
            ended = line.take(key)
            if ended is not None:
                return ended
        return line.text

    assert typed([*"shoq", "\x7f", "w", "\r"]) == "show"
    assert typed([*"bc", "\x1b[D", "\x1b[D", "a", "\x1b[F", "d", "\n"]) == "abcd"
    assert typed([*"as olga", "\x17", *"oleg", "\n"]) == "as oleg"
    assert typed(["\x1b[A"]) == "as oleg"
    assert typed(["\x1b[A", "\x1b[A", "\x1b[A"]) == "show"
    assert typed(["\x1b[B"]) == "abcd"
    assert typed(["\x01", "\x1b[3~", "\x1b", "\t"]) == "bcd"
    assert typed(["\x05", "\x15"]) == ""


def test_long_lines_break_between_words() -> None:
    assert wrapped("short", 40) == ["short"]
    assert wrapped("long " * 20, None) == ["long " * 20]
    broken = wrapped("    " + "слово " * 20, 40)
    assert all(len(part) < 40 and part.startswith("    слово") for part in broken)
    table = wrapped("  show     " + "слово " * 10, 40)
    assert [part.index("слово") for part in table] == [11] * len(table)
    assert wrapped("x" * 50, 40) == ["x" * 37, "    " + "x" * 13]


# ------------------------------------------------------------------ the bot dies


async def test_a_killed_bot_is_started_again_and_an_ended_one_is_told(tmp_path: Path) -> None:
    script = (
        "import json, os, sys, time, urllib.request as web\n"
        "while True:\n"
        "    if os.path.exists('end'): sys.exit('I cannot go on')\n"
        "    web.urlopen(os.environ['API'] + '/bot' + os.environ['TOKEN'] + '/getUpdates')\n"
        "    time.sleep(0.05)\n"
    )
    async with demo.start() as world:
        there = demo.build(world)
        screen = Screen()
        told = {"API": world.api_url, "TOKEN": world.token}
        command = python("-c", script)
        log = tmp_path / "log"
        async with BotProcess(command, told, cwd=tmp_path, world=world, log=log) as bot:
            task = asyncio.create_task(console.run(there, input=None, output=screen, bot=bot))
            bot.kill_now()
            await screen.shows("! The bot was killed by signal 9")
            await screen.shows("The bot is back")
            assert bot.running and not task.done()
            (tmp_path / "end").touch()
            await screen.shows("! The bot has ended with code 1")
            assert "I cannot go on" in screen.getvalue()
            await asyncio.wait_for(task, 60)
