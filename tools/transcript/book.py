"""What is new in every chat after each scene, as a person would read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sandbox import Message
from tests.e2e.stage import Stage

# What a handler answers by itself comes after its update is done with; so long, on a busy machine.
SLOWEST = 1.0


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
        await play()
        await self.stage.settle()
        await self.stage.world.idle(quiet=SLOWEST)
        for chat in list(self.stage.world.chats.values()):
            for message in list(chat.history.values()):
                self._note(message)
        self.lines.append("")

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
    marks = [message.chat.title, f"№{message.id}"]
    if message.reply_to is not None:
        marks.append(f"ответ на №{message.reply_to.id}")
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
