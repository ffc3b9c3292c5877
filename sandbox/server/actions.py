"""What people do to messages, buttons and polls, and the updates about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.server.context import Context
from sandbox.server.events import Events
from sandbox.server.members import User
from sandbox.server.membership import Membership
from sandbox.server.message import Message, ServerChat

Json = dict[str, Any]


@dataclass(eq=False, slots=True)
class CallbackQuery:
    """The press of an inline button, and the bot's answer to it."""

    id: str
    person: User
    button: Json
    message: Message
    pressed_at: float
    answered: bool = False
    text: str = ""
    alert: bool = False
    url: str | None = None
    reported: bool = False  # as not answered in time


class Actions:
    """From people to the bot."""

    def __init__(self, context: Context, events: Events, membership: Membership) -> None:
        self.context = context
        self.events = events
        self.membership = membership
        self.callback_queries: dict[str, CallbackQuery] = {}
        self.inline_queries: dict[str, Json] = {}
        self.polls: dict[str, Message] = {}
        self.votes: dict[str, dict[int, list[int]]] = {}
        self.media_counter = 0

    def forget(self) -> None:
        """Nothing was asked and nobody has voted."""
        for book in (self.callback_queries, self.inline_queries, self.polls, self.votes):
            book.clear()

    # ------------------------------------------------------------------ messages

    def _may_write(self, chat: ServerChat, person: User, thread_id: int | None) -> bool:
        """``ValueError`` if the apps would not allow it; true: the person writes anonymously."""
        if chat.kind == "private":
            if chat.access in ("blocked", "deactivated"):
                raise ValueError(f"{person.name} can't write: the bot is {chat.access}")
            if chat.access == "never":
                self.membership.set_access(chat, "started")
            return False
        if chat.migrated_to_id is not None:
            raise ValueError(f"{chat.title!r} was upgraded to a supergroup")
        member = chat.members.get(person.id)
        if member is None or not member.present:
            raise ValueError(f"{person.name} is not a member of {chat.title!r}")
        if chat.kind == "channel" and not member.is_admin:
            raise ValueError(f"{person.name} can't post in {chat.title!r}")
        topic = chat.topics.get(thread_id) if thread_id is not None else None
        if topic is not None and topic.deleted:
            raise ValueError(f"the topic {topic.name!r} is deleted")
        if topic is not None and topic.closed and not member.is_admin:
            raise ValueError(f"the topic {topic.name!r} is closed")
        return member.anonymous

    def post(
        self,
        chat: ServerChat,
        person: User,
        content: Json,
        *,
        reply_to: Message | None = None,
        thread_id: int | None = None,
        **more: Any,
    ) -> Message:
        """A person writes into a chat."""
        anonymous = self._may_write(chat, person, thread_id)
        mark = chat.mark()
        message = Message(
            chat,
            chat.next_id(),
            self.context.clock.unix(),
            content,
            sender=person if chat.kind != "channel" else None,
            anonymous=anonymous,
            reply_to=reply_to,
            thread_id=thread_id,
            seq=mark,
            **more,
        )
        if chat.kind == "channel" and chat.signed:
            message.signature = person.full_name
        message.visible = chat.bot_inside and self.events.sees(message)
        chat.store(message)
        if message.visible:
            self.events.emit_message(message, person if not anonymous else None)
        return message

    def edited_by_person(self, message: Message, content: Json) -> None:
        """A person has edited a message."""
        chat = message.chat
        message.revisions.append(message.snapshot())
        message.content = content
        message.edit_date = self.context.clock.unix()
        message.seq = chat.mark()
        if not message.visible:
            message.visible = chat.bot_inside and self.events.sees(message)
        self.context.touched()
        if message.visible and chat.bot_inside:
            self.events.emit_message(message, message.sender, edited=True)

    def reacted(self, message: Message, person: User, reactions: list[Json]) -> None:
        """A person has changed the reactions."""
        chat = message.chat
        old = message.reactions.pop(person.id, [])
        if reactions:
            message.reactions[person.id] = reactions
        chat.mark()
        self.context.touched()
        if old == reactions or not chat.bot_inside:
            return
        if chat.kind != "private" and not chat.bot_is_admin:
            return
        base: Json = {
            "chat": chat.brief(),
            "message_id": message.id,
            "date": self.context.clock.unix(),
        }
        if chat.kind == "channel":
            counts: dict[str, tuple[Json, int]] = {}
            for given in message.reactions.values():
                for reaction in given:
                    key = str(reaction)
                    counts[key] = (reaction, counts.get(key, (reaction, 0))[1] + 1)
            base["reactions"] = [
                {"type": reaction, "total_count": count} for reaction, count in counts.values()
            ]
            self.events.emit("message_reaction_count", base, chat)
            return
        base |= {"user": person.to_json(), "old_reaction": old, "new_reaction": reactions}
        self.events.emit("message_reaction", base, chat, person)

    # ------------------------------------------------------------------ buttons

    def callback(self, person: User, message: Message, button: Json, data: str) -> CallbackQuery:
        """A person presses an inline button."""
        query = CallbackQuery(
            self.context.new_query_id(), person, button, message, self.context.clock.now()
        )
        self.callback_queries[query.id] = query
        if self.context.lean and len(self.callback_queries) > 5000:
            del self.callback_queries[next(iter(self.callback_queries))]
        payload: Json = {
            "id": query.id,
            "from": person.to_json(),
            "chat_instance": str(abs(message.chat.id) * 7919 + 17),
            "data": data,
        }
        payload["message"] = message.inaccessible() if message.deleted else message.to_json()
        if message.chat.bot_inside:
            self.events.emit("callback_query", payload, message.chat, person)
        return query

    @property
    def unanswered(self) -> list[CallbackQuery]:
        """Callback queries that are not answered yet."""
        return [query for query in self.callback_queries.values() if not query.answered]

    def check_unanswered(self) -> None:
        """Callback queries that were not answered in time are violations."""
        now, limit = self.context.clock.now(), self.context.options.callback_timeout
        for query in self.unanswered:
            if now - query.pressed_at > limit and not query.reported:
                query.reported = True
                self.context.violations.add(
                    "callback_unanswered",
                    f"callback query of {query.button['text']!r} by {query.person.name} is not "
                    f"answered after {limit:g} s",
                    chat_id=query.message.chat.id,
                )

    # ------------------------------------------------------------------ polls and inline mode

    def new_poll(self, question: str, options: list[str], **more: Any) -> Json:
        """Content of a poll."""
        poll: Json = {
            "id": str(5_000_000_000_000_000_000 + self.context.random.randrange(10**17)),
            "question": question,
            "options": [
                {"persistent_id": str(number), "text": text, "voter_count": 0}
                for number, text in enumerate(options)
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
        return poll | more

    def voted(self, message: Message, person: User, options: list[int]) -> None:
        """A person votes in a poll."""
        poll = message.content["poll"]
        if poll["is_closed"]:
            raise ValueError("the poll is closed")
        votes = self.votes.setdefault(poll["id"], {})
        if options:
            votes[person.id] = options
        else:
            votes.pop(person.id, None)
        for number, option in enumerate(poll["options"]):
            option["voter_count"] = sum(number in chosen for chosen in votes.values())
        poll["total_voter_count"] = len(votes)
        self.context.touched()
        if not message.from_bot:
            return
        if not poll["is_anonymous"]:
            answer = {
                "poll_id": poll["id"],
                "user": person.to_json(),
                "option_ids": options,
                "option_persistent_ids": [
                    poll["options"][number]["persistent_id"] for number in options
                ],
            }
            self.events.emit("poll_answer", answer, None, person)
        state = {key: value for key, value in poll.items() if key not in ("description", "media")}
        self.events.emit("poll", state, None, person)

    def inline_query(self, person: User, text: str, offset: str, chat_type: str) -> str:
        """A person types an inline query."""
        query_id = self.context.new_query_id()
        payload = {
            "id": query_id,
            "from": person.to_json(),
            "query": text,
            "offset": offset,
            "chat_type": chat_type,
        }
        self.inline_queries[query_id] = {"query": payload, "answer": None}
        self.events.emit("inline_query", payload, None, person)
        return query_id
