"""The world: people and chats on a Bot API server of their own, with one bot."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from types import TracebackType
from typing import Any, Self

from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.server.actions import CallbackQuery
from sandbox.server.bot_api import BotApiServer
from sandbox.server.chat import ChatKind
from sandbox.server.context import Options
from sandbox.server.members import Member, User
from sandbox.server.message import Message, ServerChat
from sandbox.server.stats import CallRecord
from sandbox.server.violations import Violation

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


class World:
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

    def __init__(self, **options: Any) -> None:
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.api = BotApiServer(Options(**options), self.people, self.chats)
        self.context = self.api.context
        self.telegram = self.api.telegram
        # what tests ask for most
        self.server = self.api.listener
        self.faults = self.api.faults
        self.updates = self.telegram.updates
        self.profile = self.telegram.profile.texts
        self.calls = self.api.dispatcher.calls
        self.clock, self.signal = self.context.clock, self.context.signal
        self.stats, self.files = self.context.stats, self.context.files
        self.limits, self.limiter = self.context.limits, self.context.limiter
        self.internal_errors = self.context.internal_errors
        self.token, self.bot_id = self.context.options.token, self.context.bot_id
        self.patience = self.context.patience
        self.observers: list[Callable[[Chat, Message], object]] = []  # of the bot's new messages
        self.ages = 0  # how often everything was forgotten
        self.telegram.bot_messages.observers.append(self._observe)

    def _observe(self, chat: ServerChat, message: Message) -> None:
        for observer in list(self.observers):
            observer(self.chats[chat.id], message)

    # ------------------------------------------------------------------ life

    @classmethod
    def start(cls, **options: Any) -> Starting:
        """Create a world and start its server: ``await World.start(...)`` or ``async with``."""
        return Starting(cls(**options))

    async def close(self) -> None:
        """Stop the server; raises if the sandbox itself misbehaved."""
        await self.api.close()

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

    @property
    def api_url(self) -> str:
        """Base URL of the Bot API (``<api_url>/bot<token>/<method>``)."""
        return self.server.url

    @property
    def bot_username(self) -> str:
        """Username of the bot without @."""
        return self.context.bot_username

    def bot_log_tail(self, lines: int = 30) -> str:
        """End of the log of the bot's process."""
        return self.context.bot_log_tail(lines)

    def new_media_group(self) -> str:
        """Identifier of an album."""
        return self.context.new_media_group()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task of the world."""
        self.context.spawn(work)

    # ------------------------------------------------------------------ people and chats

    def user(self, first_name: str, **about: Any) -> Person:
        """A new user: ``language``, ``username``, ``last_name``, ``premium``, ``phone``, ``bio``;
        ``started=True`` opens the private chat without a message."""
        started = about.pop("started", False)
        free = self.context.new_user_id()
        number = about.pop("id", free)
        person = Person(self, number, first_name, **about)
        self.people[person.id] = person
        if started:
            person.chat.access = "started"
            person.chat.known = True
        return person

    def _create(
        self,
        kind: ChatKind,
        title: str,
        members: Sequence[Person],
        owner: Person | None,
        bot: BotState,
        **about: Any,
    ) -> Chat:
        number = self.context.new_chat_id(basic_group=kind == "group")
        chat = Chat(self.telegram, self.chats, kind, number, title, **about)
        owner = owner or self.user(f"{title} owner")
        chat.members[owner.id] = Member(owner.to_json(), "creator")
        for person in members:
            if person is not owner:
                chat.members[person.id] = Member(person.to_json(), "member")
        if bot not in (None, False, ""):
            member = Member(self.context.bot_user)
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

    # ------------------------------------------------------------------ updates

    def inject(self, update: Json) -> int:
        """Put a raw update into the bot's queue; it gets the next ``update_id`` unless it has one.

        Nothing is checked and no chat changes: the bot sees just this. Returns the identifier.
        """
        return self.updates.inject(update)

    def redeliver(self, update_id: int | None = None) -> int:
        """Deliver an update again that the bot already got (``None``: the latest one)."""
        return self.updates.redeliver(update_id)

    def travel_light(self) -> None:
        """From here on nothing is recorded, and nothing checked, as with ``lean``; histories go on
        as they are.
        """
        self.context.lean, self.context.selfcheck = True, False
        self.calls.clear()
        for chat in self.chats.values():
            chat.events.clear()

    def forget(self) -> None:
        """Nothing has happened: no messages, no updates, no faults; the clock is the machine's.

        People and chats stay; private chats are as if they had never been opened. The bot should
        not run meanwhile: nothing it remembers is true afterwards.
        """
        self.api.forget()
        self.ages += 1
        self.context.touched()

    # ------------------------------------------------------------------ waiting and judging

    async def idle(self, quiet: float = 0.3, timeout: float = 10.0) -> None:
        """Wait until the bot has taken all updates and made no call for ``quiet`` seconds."""
        deadline = time.monotonic() + timeout * self.patience
        while True:
            now, running = time.monotonic(), self.api.dispatcher.in_flight
            if self.updates.pending or running:
                left = 0.05
            else:
                left = self.context.active_at + quiet - now
                if left <= 0:
                    return
            if now > deadline:
                raise AssertionError(
                    f"the bot is not idle after {timeout} s: {self.updates.pending} updates are "
                    f"pending, {running} calls are running\n{self.bot_log_tail()}"
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

    def visible_commands(self, person: User, chat: ServerChat | None = None) -> list[Json]:
        """Commands that the app shows to the person in the chat (scopes and languages resolved)."""
        return self.telegram.visible_commands(person, chat or self.chats[person.id])

    @property
    def violations(self) -> list[Violation]:
        """Everything that the bot did wrong so far."""
        self.telegram.actions.check_unanswered()
        return self.context.violations.found

    @property
    def errors(self) -> list[Violation]:
        """Violations without the warnings."""
        return [v for v in self.violations if v.severity == "error"]

    @property
    def unanswered(self) -> list[CallbackQuery]:
        """Callback queries that are not answered yet."""
        return self.telegram.actions.unanswered

    def assert_clean(
        self,
        *,
        ignore: Sequence[str] = (),
        warnings: bool = False,
        unanswered_after: float = 1.0,
    ) -> None:
        """Assert that there are no violations (of other kinds than ``ignore``).

        A callback query without an answer after ``unanswered_after`` seconds counts too, even if
        it could still be answered.
        """
        found = [
            str(v)
            for v in self.violations
            if v.kind not in ignore and (warnings or v.severity == "error")
        ]
        if "callback_unanswered" not in ignore:
            found += self._waiting_since(unanswered_after)
        if found:
            raise AssertionError(f"{len(found)} violations:\n  " + "\n  ".join(found[:30]))

    def _waiting_since(self, seconds: float) -> list[str]:
        now = self.clock.now()
        return [
            f"error: callback_unanswered: {query.button['text']!r} of {query.person.name} "
            f"for {now - query.pressed_at:.1f} s"
            for query in self.unanswered
            if now - query.pressed_at > seconds and not query.reported
        ]
