"""`make run` without a token: nothing reaches out of the box, nothing stays behind."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bot.demo.runner import ROOT, environment
from bot.settings import Settings, load_settings
from sandbox import demo
from sandbox.process import python, tied


async def test_only_harmless_settings_enter_the_sandbox() -> None:
    given = {
        "PATH": "/bin",
        "BOT_TOKEN": "1:real",
        "SMTP_URL": "smtps://user:secret@mail.example.com",
        "MAIL_ALERTS_TO": "a@example.com",
        "DATABASE_URL": "postgresql+asyncpg://u:p@db/desk",
        "ADMIN_IDS": "1",
        "WEBHOOK_URL": "https://desk.example.com",
        "ANSWER_DEADLINE": "30s",
        "LOG_LEVEL": "debug",
        "TIMEZONE": "",
    }
    settings: Settings = load_settings({"COMPANY_NAME": "Наш двор"})
    async with demo.start() as world:
        there = demo.build(world, basic_group=True)
        made = environment(settings, there, "/folder", given)
        for name, value in there.environment().items():
            assert made[name] == value
        assert made["DATABASE_URL"] == "sqlite+aiosqlite:////folder/sandbox.db"
        assert (made["PATH"], made["ANSWER_DEADLINE"]) == ("/bin", "30s")
        assert (made["LOG_LEVEL"], made["SWEEP_INTERVAL"]) == ("debug", "1s")
        assert made["COMPANY_NAME"] == "Наш двор"
        assert not {"SMTP_URL", "MAIL_ALERTS_TO", "WEBHOOK_URL", "TIMEZONE"} & made.keys()


class Window:
    """The sandbox in a terminal of its own."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._here, there = pty.openpty()
        termios.tcsetwinsize(there, (40, 200))
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            tied(python("-m", "bot", *(command or ("run",)))),
            stdin=there, stdout=there, stderr=there, cwd=folder, start_new_session=True,
            # So that Ctrl-C is a signal, as at any terminal. No thread runs here.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
            env=clean | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "NO_COLOR": "1"},
        )  # fmt: skip
        os.close(there)
        os.set_blocking(self._here, False)
        self.got = ""

    def type(self, text: str) -> None:
        os.write(self._here, text.encode())

    def shows(self, text: str, within: float = 120) -> None:
        end = time.monotonic() + within
        while text not in self.look():
            assert time.monotonic() < end, f"no {text!r} in:\n{self.got}"
            time.sleep(0.02)

    def look(self) -> str:
        with suppress(OSError):  # nothing now, or the other side is closed
            self.got += os.read(self._here, 65536).decode(errors="replace")
        return self.got

    def bot(self) -> int:
        self.shows("Type help for help")
        found = re.search(r"The bot is process (\d+)", self.got)
        assert found
        return int(found[1])

    def hang_up(self) -> None:
        if self._here >= 0:
            os.close(self._here)
            self._here = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.hang_up()


def _gone(number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(number, 0)
        return False
    return True


@pytest.mark.slow
def test_a_story_in_a_real_terminal_and_nothing_stays_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "COMPANY_NAME=Наш двор\nSMTP_URL=smtps://mail.example.com\n"
        "MAIL_FROM=desk@example.com\nMAIL_ALERTS_TO=a@example.com\n"
    )
    window = Window(tmp_path, "sandbox", "--basic-group", "--weeks", "1")
    try:
        first = window.bot()
        assert re.search(r"http://127\.0\.0\.1:\d+/page/", window.got)
        window.type("start\n")
        window.shows("Это поддержка «Наш двор»")
        window.type("камера не работает\n")
        window.shows("[ Открыть обращение ]")
        window.type("press Открыть\n")
        window.shows(" принято")
        window.shows("[ 🙋 Взять ]")
        window.type("as olga\nin group\npress Взять\n")
        number = re.search(r"#(\d+) принято", window.got)  # the weeks before have tickets, too
        assert number and int(number[1]) > 1
        window.shows(f"toast for Ольга: Обращение #{number[1]} ваше.")
        window.type("migrate\n")
        window.shows("is now -100")
        os.kill(first, 9)
        window.shows("killed by signal 9")
        window.shows("The bot is back")
        window.type("\x03")
        assert window.process.wait(20) == 0
        window.shows("Nothing is left of it.")
        assert _gone(first)
        assert not [left for left in tmp_path.iterdir() if left.name != ".env"]
    finally:
        window.close()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["window", "signal"])
def test_a_closed_window_takes_the_bot_with_it(tmp_path: Path, how: str) -> None:
    window = Window(tmp_path, "sandbox", "--weeks", "0")
    try:
        bot = window.bot()
        if how == "window":
            window.hang_up()
        else:
            window.process.send_signal(signal.SIGHUP)
        assert window.process.wait(20) == 0
        assert _gone(bot)
        assert not list(tmp_path.iterdir())
    finally:
        window.close()
