"""What is new in every chat after each scene, as a person would read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox import Chat, Message
from tests.e2e.stage import Stage

# Calls whose number people notice. Edits of cards and reactions are drawn together by the clock.
COUNTED: Final = ("send", "copy", "forward", "delete", "pin", "unpin", "answer", "leave")
TYPING: Final = "sendChatAction"
# An outage's count waits for half a minute, and so does whatever else is to change on its card.
LONGEST: Final = 60
QUOTED: Final = 60  # characters that are enough to know a message by


@dataclass(slots=True)
class Agreements:
    """Writes down what is new in every chat after each scene."""

    stage: Stage
    lines: list[str] = field(default_factory=list)
    _seen: dict[tuple[int, int], object] = field(default_factory=dict)

    def title(self, text: str) -> None:
        self.lines += ["", f"# {text}", ""]

    async def scene(self, name: str, play: Callable[[], Awaitable[object]]) -> None:
        """Play a scene to rest and write it down."""
        self.lines += [f"## {name}", ""]
        made = len(self.stage.world.calls)
        await play()
        await self.stage.rest(patience=LONGEST)
        for chat in list(self.stage.world.chats.values()):
            for message in list(chat.history.values()):
                self._note(message)
        self.lines += [*self._called(made), ""]

    def commands(self) -> None:
        """Write down what the bot offers in the menus of commands, by scope and language."""
        for (*scope, language), offered in sorted(
            self.stage.world.telegram.profile.commands.items(), key=lambda item: str(item[0])
        ):
            self.lines += [f"**{scope[0]}** · {language or 'any language'}  "]
            self.lines += [f"> /{one['command']} — {one['description']}  " for one in offered]
            self.lines.append("")

    def _called(self, since: int) -> list[str]:
        """How often each method has been called, and what was refused, in one line."""
        counted: Counter[str] = Counter()
        for call in self.stage.world.calls[since:]:
            if call.method.startswith(COUNTED) and call.method != TYPING:
                counted[call.method if call.ok else f"{call.method} refused"] += 1
        said = ", ".join(f"{method} {count}" for method, count in sorted(counted.items()))
        return [f"*calls*: {said}"] if said else []

    def _note(self, message: Message) -> None:
        look = (
            message.text,
            str(message.keyboard),
            message.deleted,
            str(message.bot_reactions),
        )
        key = (message.chat.id, message.id)
        before = self._seen.get(key)
        if before == look:
            return
        self._seen[key] = look
        self.lines += _rendered(message, changed=before is not None)


def _rendered(message: Message, *, changed: bool) -> list[str]:
    who = "БОТ" if message.from_bot else (message.sender.name if message.sender else "?")
    marks = [message.chat.title]
    if message.reply_to is not None:
        marks.append(f"ответ на {_quoted(message.reply_to)}")
    if changed:
        marks.append("изменено")
    if message.deleted:
        marks.append("УДАЛЕНО")
    if message.media_group_id:
        marks.append("альбом")
    marks += message.bot_reactions
    kind = "" if message.kind == "text" else f"[{message.kind}] "
    body = (kind + message.text).split("\n")
    lines = [f"**{who}** · {' · '.join(marks)}  ", *[f"> {line}  " for line in body]]
    lines += ["> " + " ".join(f"`{label}`" for label in row) + "  " for row in message.keyboard]
    return [*lines, ""]


def _quoted(message: Message) -> str:
    """How a message is named where another one replies to it: by its first words ever."""
    words = message.revisions[0].text if message.revisions else message.text
    first = words.split("\n", 1)[0][:QUOTED]
    return f"«{first}»" if first else f"[{message.kind}]"


def with_buttons(chat: Chat) -> Message:
    """The newest message of the bot that has buttons."""
    return [m for m in chat.bot_messages if m.inline_keyboard and not m.deleted][-1]
