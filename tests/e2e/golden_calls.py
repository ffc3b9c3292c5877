"""Golden files: what people were shown in each story, to be compared with what they are shown now.

``golden/<module>.txt`` holds a section for each story: by chat, every new message of the bot with
the method that sent it, what it replies to, its text, its buttons, and what it was edited to; the
reactions on people's messages; the toasts; and what Telegram refused. Read the diff: whatever is in
it, people would see otherwise. If that is meant, record it anew, and say why in the commit:

    GOLDEN=write pytest -n 0 tests/e2e/test_work.py  # one story or module, or all of tests/e2e
    make golden                                      # compare the stories and the transcript only

Every run compares. What differs from run to run is not kept: instants, spans, ids and old tickets
(normal_form.py); the order of messages in different chats, and in one group of messages about
different things (each leaves at its own pace: `in_threads`), and of reactions among messages; calls
that change nothing one can see. Cards and alerts are kept as they were first: later looks are drawn
together by the clock (the transcript has them, scene by scene). A story that kills the bot lets it
come to rest before.
`EXCLUDED` says which stories have no golden section, and why.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox import Chat, Message, World
from tests.e2e.normal_form import QUOTED, NormalForm
from tests.e2e.stage import Stage

FOLDER: Final = Path(__file__).parent / "golden"

# By module, or by module::story.
EXCLUDED: Final = {
    "test_kills": "which calls are repeated depends on the moment of the kill",
    "test_mutations": "random updates",
    "test_redeliveries": "random updates are delivered again, at random moments",
    "test_storms": "what hundreds write at once is drawn together by the clock",
    "test_haste": "it is about calls whose answers are lost",
    "test_measured_faults": "it is about calls that fail, are lost or must wait",
    "test_faults": "it is about calls that fail, are lost or must wait",
    "test_clock_steps": "the clock is set while it runs: what is late depends on the moment",
    "test_operator_chats": "a word goes before or after its group became a supergroup, by chance",
    "test_postgres": "the story of test_conversation with a kill, once more for each database",
    "test_sickness": "which symptom is seen first depends on the moment of the fault",
    "test_watch": "it is about calls that are refused, and tried again",
    "test_private_topics::test_a_kill_while_a_topic_is_made_leaves_one": (
        "which calls are repeated depends on the moment of the kill"
    ),
    "test_going_live::test_tickets_that_came_before_the_group_stand_in_it_at_last": (
        "whether the card or the group's greeting comes first is chance on a busy machine"
    ),
    "test_operators::test_the_queue_is_turned_page_by_page": "earlier stories' tickets fill pages",
}
# A line of a list about a ticket of an earlier story, and how many lines there are.
_OLD: Final = re.compile(r"\S+ #<old>")
_COUNT: Final = re.compile(r"(?<= · )\d+(?: \(.*\))?$|\b\d+/\d+\b")
_ORDER: Final = "[🎯"
_CARD: Final = re.compile(r"\S+ #<\w+>")
_OVER: Final = re.compile(r"^✅ #<\w+>: | — ✅ ")
# The trial ticket has no card yet: whoever looks a moment later never sees it said.
_PASSING: Final = "карточки в группе пока нет"
_PART: Final = re.compile(r"\n(?=  \S)")
_REPLY: Final = re.compile(r"in reply to (.+?)(?: deleted| pinned| silent)*$")
# Telegram's answer to an edit that changes nothing one can see.
_NO_CHANGE: Final = "message is not modified"


def is_excluded(module: str, story: str) -> bool:
    """True for stories of the list, whatever their parameters."""
    return module in EXCLUDED or f"{module}::{story.partition('[')[0]}" in EXCLUDED


@dataclass(slots=True)
class Recording:
    """What the desk shows from now on."""

    stage: Stage
    form: NormalForm
    people: set[int]
    calls: int
    messages: set[tuple[int, int]] = field(default_factory=set)
    presses: set[str] = field(default_factory=set)

    @classmethod
    def start(cls, stage: Stage) -> Recording:
        world = stage.world
        return cls(
            stage,
            NormalForm(_last(stage, "ticket"), _last(stage, "task")),
            set(world.people),
            len(world.calls),
            {(chat.id, id_) for chat in world.chats.values() for id_ in chat.history},
            set(world.telegram.actions.callback_queries),
        )

    def lines(self) -> list[str]:
        """All of it, in the normal form."""
        methods = _methods(self.stage.world, self.calls)
        lines: list[str] = []
        for chat in list(self.stage.world.chats.values()):
            said = [
                *self._messages(chat, methods),
                *self._reactions(chat),
                *self._toasts(chat),
                *self._refused(chat),
            ]
            if said:
                lines += ["", f"{chat.kind} {self.form.text(chat.title)}", *said]
        # as they are read from a file
        return [part for line in lines for part in line.replace("\r", "␍").split("\n")]

    def _messages(self, chat: Chat, methods: dict[tuple[int, int], str]) -> Iterator[str]:
        for message in self._new(chat):
            if _is_by_bot(message) and not self._of_others(message):
                yield from self._message(message, methods.get((chat.id, message.id), "?"))

    def _reactions(self, chat: Chat) -> Iterator[str]:
        """In the order of people's messages, which stand among the bot's by chance."""
        for message in self._new(chat):
            if message.bot_reactions and not _is_by_bot(message):
                yield f"  {''.join(message.bot_reactions)} on {self.form.quoted(message)}"

    def _new(self, chat: Chat) -> list[Message]:
        return [m for m in list(chat.history.values()) if (chat.id, m.id) not in self.messages]

    def _of_others(self, message: Message) -> bool:
        """A late word on tickets that were there before the story began."""
        text = self.form.text(_states(message)[0][0])
        return "#<old>" in text and not re.search(r"#<\d", text)

    def _message(self, message: Message, method: str) -> Iterator[str]:
        marks = [f"  {method}"]
        if message.kind != "text":
            marks.append(f"[{message.kind}]")
        if message.reply_to is not None:
            marks.append(f"in reply to {self.form.quoted(message.reply_to)}")
        marks += [name for name in ("deleted", "pinned", "silent") if getattr(message, name)]
        yield " ".join(marks)
        states = self._shown(message)
        for at, state in enumerate(states):
            if at:
                yield "    edited to"
            yield from (f"    | {line}" for line in state)

    def _shown(self, message: Message) -> list[list[str]]:
        """The looks of a message, one after the other; of a card the first one, and what stands
        in its place at last.
        """
        looks = [look for look in _states(message) if _PASSING not in look[0]]
        states = [self._state(text, keyboard) for text, keyboard in looks]
        states = [state for at, state in enumerate(states) if not at or state != states[at - 1]]
        last = [
            *self._lines(message.text),
            *self._offered(message.text, self.form.keyboard(message)),
        ]
        if message.chat.kind != "private" and _is_over(last):
            return states[:1]
        if message.chat.kind == "private" or not _is_card(states[0]):
            return [*states[:-1], last]
        return states[:1] if _is_card(states[-1]) else [states[0], last]

    def _state(self, text: str, keyboard: list[list[str]]) -> list[str]:
        rows = (" ".join(f"[{self.form.text(label)}]" for label in row) for row in keyboard)
        return [*self._lines(text), *self._offered(text, rows)]

    def _offered(self, text: str, rows: Iterable[str]) -> list[str]:
        """Another order is offered of several tickets: not if all but one are old."""
        old = any(_OLD.match(line) for line in self.form.text(text).split("\n"))
        return [row for row in rows if not (old and row.startswith(_ORDER))]

    def _lines(self, text: str) -> list[str]:
        lines = self.form.text(text).split("\n")
        return [_COUNT.sub("<count>", lines[0]), *(x for x in lines[1:] if not _OLD.match(x))]

    def _toasts(self, chat: Chat) -> Iterator[str]:
        for query, press in list(self.stage.world.telegram.actions.callback_queries.items()):
            if query not in self.presses and press.message.chat is chat and press.text:
                yield f"  toast for {press.person.name}: {self.form.text(press.text)}"

    def _refused(self, chat: Chat) -> Iterable[str]:
        """What Telegram refused, once, however often it was tried."""
        return sorted(
            {
                f"  refused: {call.method}: {self.form.text(call.description)}"
                for call in self.stage.world.calls[self.calls :]
                if not call.ok
                and call.description
                and _NO_CHANGE not in call.description
                and str(call.params.get("chat_id")) == str(chat.id)
            }
        )


def _is_card(lines: list[str]) -> bool:
    """It begins with a marker and a number, and ends with buttons."""
    return _CARD.match(lines[0]) is not None and lines[-1].startswith("[")


def _is_over(lines: list[str]) -> bool:
    """An alert or a reminder that is taken back: it is edited a moment after what has ended it."""
    return any(_OVER.search(line) for line in lines)


def _is_by_bot(message: Message) -> bool:
    return message.from_bot and not message.is_service


def _states(message: Message) -> list[tuple[str, list[list[str]]]]:
    """Texts and rows of buttons, from the first look to the present one."""
    return [(look.text, look.keyboard) for look in (*message.revisions, message.snapshot())]


def _methods(world: World, since: int) -> dict[tuple[int, int], str]:
    """Which call has sent which message."""
    sent: dict[tuple[int, int], str] = {}
    for call in world.calls[since:]:
        results = call.result if isinstance(call.result, list) else [call.result]
        for result in results:
            if isinstance(result, dict) and "message_id" in result:
                chat = result.get("chat", {}).get("id", call.params.get("chat_id"))
                # what one person alone sees has no id of its own among messages
                number = result["message_id"] or result["ephemeral_message_id"]
                sent.setdefault((int(chat), number), call.method)
    return sent


def _last(stage: Stage, table: str) -> int:
    """The newest number there is, 0 before the desk has a database. A missing table is an error."""
    if not stage.database.exists():
        return 0
    return int(stage.query(f"SELECT max(id) FROM {table}")[0][0] or 0)  # noqa: S608


# ------------------------------------------------------------------ the files


def compare(file: Path, name: str, lines: list[str]) -> None:
    """Compare a section with its golden one, or write it; differences are shown as a diff."""
    sections = read(file)
    if os.environ.get("GOLDEN") == "write":
        write(file, {**sections, name: lines})
        return
    assert name in sections, f"{file.name} has no section of {name}: GOLDEN=write records it"
    difference = "\n".join(
        difflib.unified_diff(
            in_threads(sections[name]),
            in_threads(lines),
            f"golden {file.name}",
            f"now: {name}",
            n=4,
            lineterm="",
        )
    )
    assert not difference, f"people would see something else:\n{difference}"


def in_threads(lines: list[str]) -> list[str]:
    """The lines with the messages of each group and channel in threads: a message and what replies
    to it in their order, one thread after the other by its first words.
    """
    ordered = []
    for chat in "\n".join(lines).split("\n\n"):
        head, *parts = _PART.split(chat.strip("\n"))
        if not head.startswith("private"):
            parts.sort(key=_thread)
        ordered += ["", head, *parts]
    return "\n".join(ordered).split("\n")


def _thread(part: str) -> tuple[bool, str]:
    """Messages come first, then reactions and toasts, which are in order already."""
    first, text, words = part.partition("\n    | ")
    if replies := _REPLY.search(first):
        return False, replies[1]
    return (False, f"«{words.split(chr(10))[0][:QUOTED]}»") if text else (True, "")


def read(file: Path) -> dict[str, list[str]]:
    """The sections of a file by their names."""
    sections: dict[str, list[str]] = {}
    if file.exists():
        for part in ("\n" + file.read_text(encoding="utf-8")).split("\n## ")[1:]:
            name, *lines = part.rstrip("\n").split("\n")
            sections[name] = lines
    return sections


def write(file: Path, sections: dict[str, list[str]]) -> None:
    """Write all sections, in the order they have."""
    file.parent.mkdir(exist_ok=True)
    parts = ("\n".join([f"## {name}", *lines]) + "\n" for name, lines in sections.items())
    file.write_text("\n".join(parts), encoding="utf-8")
