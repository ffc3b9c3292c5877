"""What a chat shows, without what differs from run to run: instants, spans, ids, ticket numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sandbox import Message

_MONTH: Final = (
    r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-я]*\.?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
)
_DAY: Final = (
    rf"(?:\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?|\d{{4}}-\d\d-\d\d"
    r"|(?:позавчера|вчера|сегодня|завтра|послезавтра|yesterday|today|tomorrow)\b)"
)
_CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d)?"
_SPAN: Final = (
    r"(?:\d+ ?(?:секунд[аы]?|мин|ч|день|дня|дней|seconds?|min|h|days?)(?!\w)"
    r"(?: \d+ (?:мин|ч|min|h)(?!\w))?|меньше секунды|less than a second)"
)
# In this order: the later ones do not find what an earlier one has replaced.
_CHANGING: Final = (
    (re.compile(r"https://t\.me/c/\d+/\d+"), "https://t.me/c/<message>"),
    (re.compile(r"([?&]start(?:group|channel)?=)[\w-]+"), r"\1<payload>"),
    (re.compile(r"(/start )[\w-]{20,}"), r"\1<payload>"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "<host>"),
    (re.compile(rf"{_DAY}(?:,? (?:в |at )?{_CLOCK})?|\b{_CLOCK}"), "<when>"),
    (re.compile(rf"\b{_SPAN}"), "<span>"),
    (re.compile(r"<span> (?:назад|ago)|только что|just now"), "<ago>"),
    (re.compile(r"\d{9,}"), "<id>"),
)
# What a deadline had of one day: which days there are, and in how many parts, depends on the hour.
_OF_A_DAY: Final = re.compile(
    r"^(?:> )?<when>: <when>–<when>(?:, <when>–<when>)* — <span> *\n", re.MULTILINE
)
# What somebody wrote where a ticket's number may stand, said back to them.
_ECHO: Final = re.compile(
    r"(?<=[«“])[1-9]\d*(?=[»”])|(?<=\bначинается с )\d+|(?<=\bbegins with )\d+"
)
_COMMAND: Final = re.compile(r"/\w+ (?:#|№ ?|SR-|_)?T?\d+", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w&])(#|№ ?|SR-|_|/\w+ |/[a-z]+_)(\d+)\b", re.IGNORECASE)
_TASK: Final = re.compile(r"\bT(\d+)\b")
QUOTED: Final = 60  # characters that are enough to know a message by
_FAR: Final = 1000  # tickets; no story opens so many: a number farther ahead is of none


@dataclass(frozen=True, slots=True)
class NormalForm:
    """Texts and buttons as golden files keep them.

    Tickets and tasks are counted from `tickets` and `tasks`, the last ones there were before: the
    first new ticket is ``#<1>``, whatever was there before is ``#<old>``.
    """

    tickets: int = 0
    tasks: int = 0

    def text(self, text: str) -> str:
        return without_days("\n".join(map(self._line, text.split("\n"))))

    def quoted(self, message: Message) -> str:
        """How a message is named where another one replies to it: by its first words ever."""
        words = message.revisions[0].text if message.revisions else message.text
        first = self.text(words.split("\n", 1)[0])[:QUOTED]
        return f"«{first}»" if first else f"[{message.kind}]"

    def button(self, button: object) -> str:
        """A button by its label, and by the address that it opens."""
        if not isinstance(button, dict):
            return self.text(str(button))
        label = self.text(str(button["text"]))
        return f"{label} → {self.text(button['url'])}" if "url" in button else label

    def keyboard(self, message: Message) -> list[str]:
        """A line for each row of buttons."""
        markup = message.markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [" ".join(f"[{self.button(button)}]" for button in row) for row in rows]

    def _line(self, line: str) -> str:
        line = _ECHO.sub("<n>", timeless(line))
        if _COMMAND.search(line):  # an order, or an example of one: whose number is no matter
            return _TASK.sub("T<n>", _NUMBER.sub(r"\1<n>", line))
        line = _TASK.sub(lambda found: f"T{_counted(int(found[1]), self.tasks)}", line)
        return _NUMBER.sub(
            lambda found: found[1] + _counted(int(found[2]), self.tickets),
            line,
        )


def without_days(text: str) -> str:
    """The text without the lines that say what a deadline had of each day."""
    return _OF_A_DAY.sub("", text)


def timeless(text: str) -> str:
    """The text without instants, spans, ids and what links carry; ticket numbers stay."""
    for pattern, placeholder in _CHANGING:
        text = pattern.sub(placeholder, text)
    return text


def _counted(number: int, before: int) -> str:
    if number > before + _FAR:
        return str(number)
    return f"<{number - before}>" if number > before else "<old>"
