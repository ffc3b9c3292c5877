"""What the owner and the admins of a chat do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sandbox.done import Done
from sandbox.member import Member
from sandbox.message import Message
from sandbox.topic import GENERAL_TOPIC, Topic
from sandbox.watch import Watched

if TYPE_CHECKING:
    from sandbox.chat import Chat
    from sandbox.person import Person

Json = dict[str, Any]


class Governed(Watched):
    """Mixin of a chat: membership, rights and settings.

    Every action is done at once and may be awaited.
    """

    members: dict[int, Member]
    topics: dict[int, Topic]
    is_forum: bool
    deleted: bool

    @property
    def _chat(self) -> Chat:
        """The whole chat that this layer is a part of."""
        return cast("Chat", self)

    @property
    def owner(self) -> Person:
        """Owner of the group or channel."""
        for member in self.members.values():
            if member.status == "creator":
                return self.world.people[member.user["id"]]
        raise LookupError(f"{self.title!r} has no owner")

    @property
    def bot(self) -> Member:
        """The bot's membership."""
        return self.members[self.world.bot_id]

    def member(self, person: Person) -> Member | None:
        """Membership of a person."""
        return self.members.get(person.id)

    def add_member(self, person: Person, by: Person | None = None) -> Done[Message | None]:
        """Someone adds the person (or the person joins)."""
        return Done(self.world.membership.join(self._chat, person, by))

    def remove_member(self, person: Person, by: Person | None = None) -> Done[Message | None]:
        """Someone removes (bans) the person, or the person leaves (``by`` is omitted)."""
        return Done(self.world.membership.leave(self._chat, person, by))

    def add_bot(self, by: Person | None = None, *, admin: bool | Json = False) -> Done[None]:
        """Someone adds the bot, optionally as an administrator (with these rights)."""
        self.world.membership.add_bot(self._chat, by or self.owner, admin=admin)
        return Done(None)

    def remove_bot(self, by: Person | None = None) -> Done[None]:
        """Someone kicks the bot."""
        self.world.membership.set_bot(self._chat, by or self.owner, "kicked")
        return Done(None)

    def promote_bot(self, by: Person | None = None, **rights: bool) -> Done[None]:
        """Make the bot an administrator; ``rights`` change the default of all rights."""
        self.world.membership.set_bot(
            self._chat, by or self.owner, "administrator", self._chat.all_rights() | rights
        )
        return Done(None)

    def demote_bot(self, by: Person | None = None) -> Done[None]:
        """Take the administrator's rights from the bot."""
        self.world.membership.set_bot(self._chat, by or self.owner, "member")
        return Done(None)

    def restrict_bot(self, by: Person | None = None) -> Done[None]:
        """Forbid the bot to send anything."""
        self.world.membership.set_bot(self._chat, by or self.owner, "restricted", {})
        return Done(None)

    def promote(
        self, person: Person, *, by: Person | None = None, title: str | None = None, **rights: bool
    ) -> Done[None]:
        """Make the person an administrator."""
        self.world.membership.promote(self._chat, person, by or self.owner, title, rights)
        return Done(None)

    def demote(self, person: Person, *, by: Person | None = None) -> Done[None]:
        """Make an administrator an ordinary member."""
        self.world.membership.set_status(self._chat, person, "member", by or self.owner)
        return Done(None)

    def migrate(self) -> Chat:
        """Upgrade a basic group to a supergroup; returns the new chat."""
        return self.world.membership.migrate(self._chat)

    def make_forum(self, *, enabled: bool = True) -> Done[None]:
        """Switch topics on or off (no update is sent about this)."""
        self.is_forum = enabled
        if enabled:
            self.topics.setdefault(GENERAL_TOPIC, Topic(GENERAL_TOPIC, "General"))
        return Done(None)

    def delete_topic(self, topic: Topic | int | str) -> Done[None]:
        """A person deletes a topic with all its messages (bots get no update)."""
        found = topic if isinstance(topic, Topic) else self._chat.topic(topic)
        self._chat.drop_topic(found)
        return Done(None)

    def delete_chat(self) -> Done[None]:
        """The owner deletes the group: the bot loses it."""
        self.world.membership.set_bot(self._chat, self.owner, "left")
        self.deleted = True
        return Done(None)

    def post(self, text: str, **content: Any) -> Done[Message]:
        """Post to a channel on behalf of its owner."""
        return self.owner.say(self._chat, text, **content)
