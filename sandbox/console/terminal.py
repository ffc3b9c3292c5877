"""A terminal: one line is being typed at the bottom, and what happens is printed above it."""

from __future__ import annotations

import contextlib
import os
import re
import termios
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from typing import TextIO

_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b|.", re.DOTALL)
_UP, _DOWN = ("\x1b[A", "\x1bOA", "\x10"), ("\x1b[B", "\x1bOB", "\x0e")
_LEFT, _RIGHT = ("\x1b[D", "\x1bOD", "\x02"), ("\x1b[C", "\x1bOC", "\x06")
_HOME, _END = ("\x1b[H", "\x1bOH", "\x1b[1~", "\x01"), ("\x1b[F", "\x1bOF", "\x1b[4~", "\x05")
_DELETE, _BACKSPACE = ("\x1b[3~",), ("\x7f", "\x08")
_COLUMNS = re.compile(r"\s*\S.*?\s{2,}(?=\S)")
_END_OF_INPUT, _CLEAR, _WORD = "\x04", "\x15", "\x17"

BOLD, DIM, RED, YELLOW, BLUE = "1", "2", "31", "33", "36"


class Line:
    """The line that is being typed, and those that were typed before."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0  # the cursor
        self._past: list[str] = []
        self._shown = 0  # which of the past lines is shown

    def take(self, key: str) -> str | None:
        """One key. Returns the line when this key ends it."""
        if key in "\r\n":
            return self._end()
        if key in _BACKSPACE:
            self._cut(max(self.at - 1, 0), self.at)
        elif key in _DELETE:
            self._cut(self.at, self.at + 1)
        elif key == _CLEAR:
            self._cut(0, self.at)
        elif key == _WORD:
            self._cut(self.text[: self.at].rstrip().rfind(" ") + 1, self.at)
        elif key in _UP or key in _DOWN:
            self._recall(-1 if key in _UP else 1)
        elif key.isprintable():
            self.text = self.text[: self.at] + key + self.text[self.at :]
            self.at += 1
        else:
            self._move(key)
        return None

    def _end(self) -> str:
        line, self.text, self.at = self.text, "", 0
        if line.strip() and line not in self._past[-1:]:
            self._past.append(line)
        self._shown = len(self._past)
        return line

    def _cut(self, first: int, last: int) -> None:
        self.text = self.text[:first] + self.text[last:]
        self.at = first

    def _recall(self, step: int) -> None:
        self._shown = min(max(self._shown + step, 0), len(self._past))
        self.text = self._past[self._shown] if self._shown < len(self._past) else ""
        self.at = len(self.text)

    def _move(self, key: str) -> None:
        if key in _LEFT:
            self.at = max(self.at - 1, 0)
        elif key in _RIGHT:
            self.at = min(self.at + 1, len(self.text))
        elif key in _HOME:
            self.at = 0
        elif key in _END:
            self.at = len(self.text)


class Plain:
    """No terminal: a pipe, a file, a test. ``gone`` is called when nobody can read it any more."""

    def __init__(self, output: TextIO, gone: Callable[[], None]) -> None:
        self.output = output
        self._gone = gone

    @property
    def columns(self) -> int | None:
        """How wide it is, where that means anything."""
        return None

    def print(self, text: str) -> None:
        self._write(f"{text}\n")

    def prompt(self, text: str) -> None:
        """Nobody types here."""

    def paint(self, text: str, _style: str) -> str:
        return text

    def _write(self, text: str) -> None:
        try:
            self.output.write(text)
            self.output.flush()
        except OSError:  # the window is closed, the reader of the pipe has left
            self._gone()


class Terminal(Plain):
    """Somebody sits here. What is half typed stays when something is printed."""

    def __init__(self, number: int, output: TextIO, gone: Callable[[], None]) -> None:
        super().__init__(output, gone)
        self.number = number  # the descriptor of the keyboard
        self.line = Line()
        self._prompt = ""

    @property
    def columns(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(self.output.fileno()).columns or 80
        return 80

    def print(self, text: str) -> None:
        self._write(f"\r\x1b[K{text}\n")
        self._draw()

    def prompt(self, text: str) -> None:
        self._prompt = text
        self._draw()

    def feed(self, text: str) -> Iterator[str | None]:
        """Keys come in; lines come out, and ``None`` for the end of the input."""
        for key in _KEY.findall(text):
            if key == _END_OF_INPUT and not self.line.text:
                yield None
                return
            line = self.line.take(key)
            if line is not None:
                self._write(f"\r\x1b[K{self.paint(self._prompt, BOLD)}{line}\n")
                yield line
        self._draw()

    def paint(self, text: str, style: str) -> str:
        return text if not text or "NO_COLOR" in os.environ else f"\x1b[{style}m{text}\x1b[0m"

    def _draw(self) -> None:
        room = max(self.columns - _width(self._prompt) - 2, 8)
        before, after = self.line.text[: self.line.at], self.line.text[self.line.at :]
        while _width(before) > room:
            before = before[1:]
        while _width(before + after) > room:
            after = after[:-1]
        back = f"\x1b[{_width(after)}D" if after else ""
        self._write(f"\r\x1b[K{self.paint(self._prompt, BOLD)}{before}{after}{back}")

    @contextlib.contextmanager
    def keys(self) -> Iterator[None]:
        """Inside, keys come one by one and are shown by us; afterwards all is as before."""
        before = termios.tcgetattr(self.number)
        ours = termios.tcgetattr(self.number)
        ours[3] &= ~(termios.ICANON | termios.ECHO)  # Ctrl-C still is a signal
        termios.tcsetattr(self.number, termios.TCSANOW, ours)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error, OSError):  # it may have been closed
                self._write("\r\x1b[K")
                termios.tcsetattr(self.number, termios.TCSADRAIN, before)


def wrapped(line: str, columns: int | None) -> list[str]:
    """The line in pieces that fit, broken between words; the rest stands under its beginning.

    In a table (two spaces or more between words) the rest stands under the last column.
    """
    if columns is None or _width(line) < columns:
        return [line]
    table = _COLUMNS.match(line)
    column = len(table[0]) if table else 0
    if not 0 < column <= columns // 2:
        column = max(len(line) - len(line.lstrip()), 4)
    return textwrap.wrap(line, max(columns - 3, 20), subsequent_indent=" " * column) or [line]


def _width(text: str) -> int:
    """How many columns it takes: emoji and hieroglyphs are two wide, marks above letters none."""
    return sum(
        0 if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Mn", "Me")
        else 2 if unicodedata.east_asian_width(sign) in "WF"
        else 1
        for sign in text
    )  # fmt: skip
