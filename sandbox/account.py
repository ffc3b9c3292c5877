"""Who somebody is: the identity of a person and the private chat with the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sandbox.chat import Chat
from sandbox.message import Message
from sandbox.watch import Pattern

if TYPE_CHECKING:
    from sandbox.person import Person
    from sandbox.world import World

Json = dict[str, Any]


class Account:
    """First layer of :class:`~sandbox.person.Person`: names, private chat, waiting."""

    def __init__(
        self,
        world: World,
        user_id: int,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language: str | None = None,
        premium: bool = False,
        phone: str | None = None,
        bio: str | None = None,
    ) -> None:
        self.world = world
        self.id = user_id
        self.first_name = first_name
        self.last_name = last_name
        self.username = username
        self.language = language
        self.premium = premium
        self.phone = phone or f"7900{user_id % 10_000_000:07d}"
        self.bio = bio
        self.hidden_forwards = False
        self.chat = Chat(world, "private", user_id, self.full_name, person=self._me)

    @property
    def _me(self) -> Person:
        """The whole person that this layer is a part of."""
        return cast("Person", self)

    @property
    def name(self) -> str:
        """First name, for reports."""
        return self.first_name

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name

    @property
    def mention(self) -> str:
        """@username."""
        if not self.username:
            raise ValueError(f"{self.name} has no username")
        return f"@{self.username}"

    @property
    def messages(self) -> list[Message]:
        """Messages of the private chat with the bot."""
        return self.chat.messages

    @property
    def last(self) -> Message:
        """The bot's newest message in the private chat."""
        return self.chat.last

    def to_json(self) -> Json:
        """``User``."""
        data: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.last_name:
            data["last_name"] = self.last_name
        if self.username:
            data["username"] = self.username
        if self.language:
            data["language_code"] = self.language
        if self.premium:
            data["is_premium"] = True
        return data

    def transcript(self, last: int | None = None, *, echo: bool = True) -> str:
        """Transcript of the private chat."""
        return self.chat.transcript(last, echo=echo)

    async def expect(
        self, pattern: Pattern = None, *, in_: Chat | None = None, **how: Any
    ) -> Message:
        """The bot's next matching message to this person (or in ``in_``), edits included."""
        return await (in_ or self.chat).expect(pattern, **how)

    async def expect_none(
        self, pattern: Pattern = None, *, in_: Chat | None = None, **how: Any
    ) -> None:
        """Assert that the bot sends nothing matching."""
        await (in_ or self.chat).expect_none(pattern, **how)

    def __repr__(self) -> str:
        return f"<Person {self.full_name} {self.id}>"
