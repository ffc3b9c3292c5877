"""A chat as people and tests see it: waiting for the bot, and what owner and admins do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from sandbox.people.contents import text_contents
from sandbox.people.done import Done
from sandbox.people.expect import Pattern, Wanted, explain, start_of
from sandbox.people.transcript import render
from sandbox.server.chat import ChatKind, Topic
from sandbox.server.members import Member, User
from sandbox.server.message import BotEvent, Message, ServerChat
from sandbox.server.telegram import Telegram

Json = dict[str, Any]


class Chat(ServerChat):
    """A chat of the world. Every action is done at once and may be awaited.

    ``expect`` looks at what the bot did since the last action of a person in this chat (or since
    ``since``) and what no other ``expect`` has taken yet, and waits for more.
    """

    def __init__(
        self,
        telegram: Telegram,
        neighbours: dict[int, Chat],
        kind: ChatKind,
        chat_id: int,
        title: str,
        **about: Any,
    ) -> None:
        super().__init__(telegram.context, kind, chat_id, title, **about)
        self.telegram = telegram
        self.neighbours = neighbours  # all chats of the world; this one is added
        neighbours[chat_id] = self

    # ------------------------------------------------------------------ waiting

    async def expect(
        self,
        pattern: Pattern = None,
        *,
        timeout: float = 5.0,
        kind: str | None = None,
        button: str | None = None,
        topic: Any = None,
        reply_to: Message | None = None,
        edited: bool | None = None,
        where: Callable[[Message], bool] | None = None,
        since: Any = None,
    ) -> Message:
        """The bot's next matching message in this chat, edits included.

        ``kind`` is the kind of content, ``button`` a part of a button's label, ``topic`` a topic,
        its name or identifier; ``edited`` limits the search to edits (``True``) or to new
        messages (``False``).
        """
        kinds = {True: ("edit",), False: ("new",), None: ("new", "edit")}[edited]
        thread = topic if topic is None or isinstance(topic, int) else self.topic(topic).id
        wanted = Wanted(pattern, kinds, kind, button, thread, reply_to, where)
        start = start_of(self, since)
        found: list[BotEvent] = []

        def look() -> bool:
            event = wanted.find(self, start)
            if event is not None:
                found.append(event)
            return event is not None

        if not await self._until(look, timeout):
            raise AssertionError(self.explain(f"no {wanted} in {self.title!r} in {timeout} s"))
        found[0].used = True
        return found[0].message

    async def expect_none(
        self, pattern: Pattern = None, *, within: float = 0.7, since: Any = None
    ) -> None:
        """Assert that the bot sends nothing matching here for ``within`` seconds."""
        wanted, start = Wanted(pattern), start_of(self, since)
        signal = self.context.signal
        if await signal.until(lambda: wanted.find(self, start) is not None, within):
            raise AssertionError(self.explain(f"unexpected {pattern!r} in {self.title!r}"))

    async def expect_deleted(self, message: Message, *, timeout: float = 5.0) -> None:
        """Assert that the bot deletes the message."""
        if not await self._until(lambda: message.deleted, timeout):
            raise AssertionError(self.explain(f"{message!r} was not deleted in {timeout} s"))

    async def expect_reaction(
        self, message: Message, emoji: str | None = None, *, timeout: float = 5.0
    ) -> str:
        """The bot's reaction to the message."""

        def look() -> bool:
            given = message.bot_reactions
            return bool(given) and (emoji is None or emoji in given)

        if not await self._until(look, timeout):
            raise AssertionError(self.explain(f"no reaction {emoji or ''} to {message!r}"))
        return message.bot_reactions[0]

    async def _until(self, condition: Callable[[], bool], timeout: float) -> bool:
        return await self.context.signal.until(condition, timeout * self.context.patience)

    # ------------------------------------------------------------------ looking

    def find(self, text: str) -> Message:
        """The newest not deleted message that contains the text."""
        for message in reversed(self.messages):
            if text.casefold() in message.text.casefold():
                return message
        raise AssertionError(self.explain(f"no message with {text!r} in {self.title!r}"))

    def explain(self, problem: str) -> str:
        """The problem with the chat, the latest violations and the end of the bot's log."""
        self.telegram.actions.check_unanswered()
        return explain(self, problem)

    def transcript(self, last: int | None = None, *, echo: bool = True) -> str:
        """Print (unless ``echo=False``) and return a readable transcript."""
        text = render(self, last)
        if echo:
            sys.stdout.write(text + "\n")
        return text

    @property
    def owner(self) -> User:
        """Owner of the group or channel."""
        return self.telegram.membership.owner(self)

    @property
    def bot(self) -> Member:
        """The bot's membership."""
        return self.members[self.context.bot_id]

    @property
    def migrated_to(self) -> Chat | None:
        """The supergroup that a basic group has become."""
        return None if self.migrated_to_id is None else self.neighbours[self.migrated_to_id]

    def member(self, person: User) -> Member | None:
        """Membership of a person."""
        return self.members.get(person.id)

    # ------------------------------------------------------------------ owner and admins

    def add_member(self, person: User, by: User | None = None) -> Done[Message | None]:
        """Someone adds the person (or the person joins)."""
        return Done(self.telegram.membership.join(self, person, by))

    def remove_member(self, person: User, by: User | None = None) -> Done[Message | None]:
        """Someone removes (bans) the person, or the person leaves (``by`` is omitted)."""
        return Done(self.telegram.membership.leave(self, person, by))

    def add_bot(self, by: User | None = None, *, admin: bool | Json = False) -> Done[None]:
        """Someone adds the bot, optionally as an administrator (with these rights)."""
        self.telegram.membership.add_bot(self, by or self.owner, admin=admin)
        return Done(None)

    def remove_bot(self, by: User | None = None) -> Done[None]:
        """Someone kicks the bot."""
        self.telegram.membership.set_bot(self, by or self.owner, "kicked")
        return Done(None)

    def promote_bot(self, by: User | None = None, **rights: bool) -> Done[None]:
        """Make the bot an administrator; ``rights`` change the default of all rights."""
        self.telegram.membership.set_bot(
            self, by or self.owner, "administrator", self.all_rights() | rights
        )
        return Done(None)

    def demote_bot(self, by: User | None = None) -> Done[None]:
        """Take the administrator's rights from the bot."""
        self.telegram.membership.set_bot(self, by or self.owner, "member")
        return Done(None)

    def restrict_bot(self, by: User | None = None) -> Done[None]:
        """Forbid the bot to send anything."""
        self.telegram.membership.set_bot(self, by or self.owner, "restricted", {})
        return Done(None)

    def promote(
        self, person: User, *, by: User | None = None, title: str | None = None, **rights: bool
    ) -> Done[None]:
        """Make the person an administrator."""
        self.telegram.membership.promote(self, person, by or self.owner, title, rights)
        return Done(None)

    def demote(self, person: User, *, by: User | None = None) -> Done[None]:
        """Make an administrator an ordinary member."""
        self.telegram.membership.set_status(self, person, "member", by or self.owner)
        return Done(None)

    def migrate(self) -> Chat:
        """Upgrade a basic group to a supergroup; returns the new chat."""
        if self.kind != "group":
            raise ValueError("only basic groups can be upgraded")
        if self.migrated_to is None:
            number = self.context.new_chat_id(basic_group=False)
            new = Chat(self.telegram, self.neighbours, "supergroup", number, self.title)
            self.telegram.membership.migrate(self, new)
            return new
        return self.migrated_to

    def make_forum(self, *, enabled: bool = True) -> Done[None]:
        """Switch topics on or off (no update is sent about this)."""
        self.is_forum = enabled
        if enabled:
            self.open_topics()
        return Done(None)

    def delete_topic(self, topic: Topic | int | str) -> Done[None]:
        """A person deletes a topic with all its messages (bots get no update)."""
        self.drop_topic(self.topic(topic))
        return Done(None)

    def delete_chat(self) -> Done[None]:
        """The owner deletes the group: the bot loses it."""
        self.telegram.membership.set_bot(self, self.owner, "left")
        self.deleted = True
        return Done(None)

    def post(self, text: str, **how: Any) -> Done[Message]:
        """Post to a channel on behalf of its owner."""
        contents = text_contents(text, how.pop("parse_mode", None), how.pop("entities", None))
        owner = self.owner
        return Done([self.telegram.actions.post(self, owner, c, **how) for c in contents][-1])
