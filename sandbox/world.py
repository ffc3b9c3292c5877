"""The sandboxed Telegram with one bot."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Self

from sandbox.chat import Chat, ChatKind
from sandbox.dispatch import Dispatcher
from sandbox.member import Member
from sandbox.person import Person
from sandbox.stats import CallRecord

Json = dict[str, Any]
BotState = str | bool | Json | None  # "admin", "member", "left", "kicked", rights, None (absent)


class Starting:
    """``await World.start()`` or ``async with World.start() as world``."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def _go(self) -> World:
        await self._world.server.start()
        return self._world

    def __await__(self) -> Generator[Any, None, World]:
        return self._go().__await__()

    async def __aenter__(self) -> World:
        return await self._go()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._world.__aexit__(kind, value, traceback)


class World(Dispatcher):
    """Users, chats and one bot; see the README for the use in tests.

    Options: ``token``, ``bot_username``, ``bot_name``, ``port``; ``privacy`` (privacy mode, on),
    ``private_topics`` (topics in private chats), ``rate_limits`` (off; ``True`` or
    :class:`RateLimits`), ``clock_speed`` (of the limits), ``lean`` (load mode: short history, no
    records, no validation by pydantic), ``selfcheck`` (validate the sandbox's own output),
    ``strict_polling`` (slow down bots that poll in vain), ``webhook_timeout``,
    ``webhook_retry_scale`` (of the back-off), ``callback_timeout`` (for answers to callback
    queries), ``history_limit``, ``patience`` (factor for all time-outs of expectations, also
    ``SANDBOX_PATIENCE``), ``latency`` (seconds that every call takes, as over the Internet),
    ``seed`` (of identifiers).
    """

    # ------------------------------------------------------------------ life

    @classmethod
    def start(cls, **options: Any) -> Starting:
        """Create a world and start its server: ``await World.start(...)`` or ``async with``."""
        return Starting(cls(**options))

    async def close(self) -> None:
        """Stop the server; raises if the sandbox itself misbehaved."""
        if self.closed:
            return
        self.closed = True
        for process in list(self.processes):
            await process.stop()
        for task in list(self._tasks):
            task.cancel()
        await self.updates.close()
        await self.server.close()
        if self.internal_errors:
            raise AssertionError(
                f"{len(self.internal_errors)} internal errors of the sandbox, the first one "
                f"is: {self.internal_errors[0]!r}"
            ) from self.internal_errors[0]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        except AssertionError:
            if value is None:
                raise

    # ------------------------------------------------------------------ for scenario tests

    def deep_link(self, payload: str) -> str:
        """t.me link that starts the bot with a payload."""
        return f"https://t.me/{self.bot_username}?start={payload}"

    def user(self, first_name: str, **about: Any) -> Person:
        """A new user: ``language``, ``username``, ``last_name``, ``premium``, ``phone``, ``bio``;
        ``started=True`` opens the private chat without a message."""
        started = about.pop("started", False)
        self._next_user += self.random.randrange(1, 1000)
        person = Person(self, about.pop("id", self._next_user), first_name, **about)
        self.people[person.id] = person
        self.chats[person.id] = person.chat
        if started:
            person.chat.access = "started"
            person.chat.known = True
        return person

    def new_chat(self, kind: ChatKind, title: str, **about: Any) -> Chat:
        """A chat without members."""
        self._next_chat += self.random.randrange(1, 1000)
        number = self._next_chat
        chat_id = -number if kind == "group" else int(f"-100{number}")
        chat = Chat(self, kind, chat_id, title, **about)
        self.chats[chat.id] = chat
        return chat

    def _create(
        self,
        kind: ChatKind,
        title: str,
        members: Sequence[Person],
        owner: Person | None,
        bot: BotState,
        **about: Any,
    ) -> Chat:
        chat = self.new_chat(kind, title, **about)
        owner = owner or self.user(f"{title} owner")
        chat.members[owner.id] = Member(owner.to_json(), "creator")
        for person in members:
            if person is not owner:
                chat.members[person.id] = Member(person.to_json(), "member")
        if bot not in (None, False, ""):
            member = Member(self.bot_user)
            if isinstance(bot, dict):
                member.status, member.rights = "administrator", chat.all_rights() | bot
            elif bot in ("admin", "administrator", True):
                member.status, member.rights = "administrator", chat.all_rights()
            else:
                member.status = str(bot)
            chat.members[self.bot_id] = member
            chat.known = member.present
        return chat

    def group(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        owner: Person | None = None,
        bot: BotState = "member",
    ) -> Chat:
        """A basic group. ``bot``: "member", "admin", a dict of rights, "kicked", or ``None``."""
        return self._create("group", title, members, owner, bot)

    def supergroup(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        owner: Person | None = None,
        bot: BotState = "member",
        forum: bool = False,
        username: str | None = None,
    ) -> Chat:
        """A supergroup, with topics if ``forum``."""
        return self._create(
            "supergroup", title, members, owner, bot, forum=forum, username=username
        )

    def channel(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        owner: Person | None = None,
        bot: BotState = "admin",
        username: str | None = None,
    ) -> Chat:
        """A channel."""
        return self._create("channel", title, members, owner, bot, username=username)

    def inject(self, update: Json) -> int:
        """Put a raw update into the bot's queue; it gets the next ``update_id`` unless it has one.

        Nothing is checked and no chat changes: the bot sees just this. Returns the identifier.
        """
        return self.updates.inject(update)

    def redeliver(self, update_id: int | None = None) -> int:
        """Deliver an update again that the bot already got (``None``: the latest one)."""
        return self.updates.redeliver(update_id)

    def forget(self) -> None:
        """Nothing has happened: no messages, no updates, no faults; the clock is the machine's.

        People and chats stay; private chats are as if they had never been opened. The bot should
        not run meanwhile: nothing it remembers is true afterwards.
        """
        self.faults.clear()
        self.server.cut(off=False)
        self.updates.clear()
        self.clock.offset = 0.0
        self.limiter.reset()
        for book in (self.presses, self.polls, self.votes, self.drafts, self.commands):
            book.clear()
        for rest in (self.profile, self.refused, self.flooded, self.calls, self.join_grace):
            rest.clear()
        self.default_menu_button = {"type": "commands"}
        for chat in self.chats.values():
            chat.forget()
        self.ages += 1
        self.touched()

    async def idle(self, quiet: float = 0.3, timeout: float = 10.0) -> None:
        """Wait until the bot has taken all updates and made no call for ``quiet`` seconds."""
        deadline = time.monotonic() + timeout * self.patience
        while True:
            now = time.monotonic()
            if self.updates.pending or self.in_flight:
                left = 0.05
            else:
                left = self._activity + quiet - now
                if left <= 0:
                    return
            if now > deadline:
                raise AssertionError(
                    f"the bot is not idle after {timeout} s: {self.updates.pending} updates are "
                    f"pending, {self.in_flight} calls are running\n{self.bot_log_tail()}"
                )
            await self.signal.wait(min(left, 0.1))

    async def until(
        self, condition: Callable[[], Any], timeout: float = 5.0, what: str = "the condition"
    ) -> None:
        """Wait until a condition holds."""
        if not await self.signal.until(lambda: bool(condition()), timeout * self.patience):
            raise AssertionError(f"{what} does not hold after {timeout} s\n{self.bot_log_tail()}")

    async def expect_call(
        self, method: str, *, timeout: float = 5.0, since: float = 0.0, **params: Any
    ) -> CallRecord:
        """Wait for a call of a method with these parameters (made after ``since``)."""
        found: list[CallRecord] = []

        def look() -> bool:
            for call in self.calls_of(method):
                same = all(str(call.params.get(key)) == str(v) for key, v in params.items())
                if same and call.time >= since:
                    found.append(call)
                    return True
            return False

        await self.until(look, timeout, f"a call of {method} with {params}")
        return found[0]

    def calls_of(self, method: str) -> list[CallRecord]:
        """Recorded calls of a method."""
        return [call for call in self.calls if call.method == method]

    def transcript(self) -> str:
        """Transcripts of all chats that are not empty."""
        return "\n\n".join(
            chat.transcript(echo=False) for chat in self.chats.values() if chat.history
        )

    def visible_commands(self, person: Person, chat: Chat | None = None) -> list[Json]:
        """Commands that the app shows to the person in the chat (scopes and languages resolved)."""
        chat = chat or person.chat
        scopes: list[tuple[Any, ...]] = []
        if chat.kind == "private":
            scopes += [("chat", chat.id), ("all_private_chats",)]
        else:
            member = chat.members.get(person.id)
            scopes.append(("chat_member", chat.id, person.id))
            if member is not None and member.is_admin:
                scopes.append(("chat_administrators", chat.id))
            scopes.append(("chat", chat.id))
            if member is not None and member.is_admin:
                scopes.append(("all_chat_administrators",))
            scopes.append(("all_group_chats",))
        scopes.append(("default",))
        language = (person.language or "").split("-")[0]
        for scope in scopes:
            for code in dict.fromkeys((language, "")):
                found = self.commands.get((*scope, code))
                if found:
                    return found
        return []
