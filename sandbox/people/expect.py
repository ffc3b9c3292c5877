"""Waiting for what the bot does in a chat, and what a failed wait says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.people.transcript import render
from sandbox.server.chat import GENERAL_TOPIC
from sandbox.server.message import BotEvent, Message, ServerChat

Pattern = str | re.Pattern[str] | Callable[[Message], bool] | None


def matches(pattern: Pattern, text: str, message: Message) -> bool:
    """Substring (ignoring the case), regular expression, or predicate."""
    if pattern is None:
        return True
    if isinstance(pattern, str):
        if pattern.casefold() in text.casefold():
            return True
        try:
            return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None
        except re.error:
            return False
    if isinstance(pattern, re.Pattern):
        return pattern.search(text) is not None
    return bool(pattern(message))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an expectation looks for among the bot's actions in a chat."""

    pattern: Pattern
    kinds: tuple[str, ...] = ("new", "edit")
    content: str | None = None  # kind of content
    button: str | None = None  # part of a button's label
    topic: int | None = None
    reply_to: Message | None = None
    where: Callable[[Message], bool] | None = None

    def suits(self, event: BotEvent) -> bool:
        """The event is what is looked for."""
        message = event.message
        label, topic = self.button, self.topic
        return (
            event.kind in self.kinds
            and (self.content is None or message.kind == self.content)
            and (label is None or any(label.casefold() in b.casefold() for b in event.labels))
            and (topic is None or (message.thread_id or GENERAL_TOPIC) == topic)
            and (self.reply_to is None or message.reply_to is self.reply_to)
            and (self.where is None or self.where(message))
            and matches(self.pattern, event.text, message)
        )

    def find(self, chat: ServerChat, start: int) -> BotEvent | None:
        """The first such event after ``start`` that no other expectation has taken."""
        for event in chat.events:
            if event.seq > start and not event.used and self.suits(event):
                return event
        return None

    def __str__(self) -> str:
        pattern = "a message for the predicate" if callable(self.pattern) else repr(self.pattern)
        facts = {"kind": self.content, "button": self.button, "topic": self.topic}
        told = [f"{name}={value!r}" for name, value in facts.items() if value is not None]
        return ", ".join([pattern, *told])


def start_of(chat: ServerChat, since: Any) -> int:
    """Where to begin to look: ``None`` (a person's last action), a number, "start", a message."""
    if since is None:
        return chat.last_mark
    if isinstance(since, int):
        return since
    if since == "start":
        return 0
    for event in chat.events:
        if event.message is since:
            return event.seq
    return int(getattr(since, "seq", chat.last_mark))


def explain(chat: ServerChat, problem: str) -> str:
    """The problem with the chat, the latest violations and the end of the bot's log."""
    context = chat.context
    parts = [problem, render(chat, 15)]
    recent = [str(v) for v in context.violations.found[-5:]]
    if recent:
        parts.append("violations:\n  " + "\n  ".join(recent))
    log = context.bot_log_tail()
    if log:
        parts.append("end of the bot's log:\n" + log)
    return "\n\n".join(parts)
