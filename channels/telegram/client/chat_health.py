"""Whether the bot can do its work in the chats that have a role: asked of Telegram, said by codes.

``bot check``, the checklist in an admin's chat and the regular check all ask here, so
that they never say different things.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNotFound
from aiogram.methods import TelegramMethod
from aiogram.types import (
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberOwner,
    ResultChatMemberUnion,
    TelegramObject,
)

from channels.telegram.addresses import own_chat
from core.company import NO_TOPICS, Company
from core.delivery.linked_chats import ROLES
from core.teams.teams import TeamFacts

# What the bot must be allowed to do in a chat of each role; what for, the catalogues say.
RIGHTS: Final[dict[str, tuple[str, ...]]] = {
    "operators": ("can_delete_messages", "can_pin_messages"),
    "alerts": ("can_post_messages",),
    "team": ("can_delete_messages", "can_pin_messages"),
}
# What it needs besides in a group that has topics, to make one for each ticket (X7).
TOPICS_RIGHT: Final = "can_manage_topics"
# Where operators can talk: nobody replies to anybody in a channel.
_GROUPS: Final = (ChatType.GROUP, ChatType.SUPERGROUP)
FINE: Final = "fine"
# The role of a team's own group: operators work there as in the group of all.
TEAM: Final = "team"


class ChatKind(TelegramObject):
    """A chat, as far as it is asked about here."""

    type: str
    title: str | None = None
    is_forum: bool | None = None


class GetChatKind(TelegramMethod[ChatKind]):
    """``getChat`` of which no more is read: the whole of it has a hundred types, and every start
    would build them before it handles a message.
    """

    __returning__ = ChatKind
    __api_method__ = "getChat"

    chat_id: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot fares in the chat of a role; ``team``: whose own group it is, by code.

    ``forum``: whether the chat has topics.
    ``code``: ``unlinked``, ``gone``, ``not_group``, ``not_admin``, ``lacks.<right>``, or ``fine``.
    """

    role: str
    code: str
    chat: int | None = None
    title: str = ""
    team: str = ""
    forum: bool = False

    @property
    def fine(self) -> bool:
        """Nothing is to be done."""
        return self.code == FINE


async def examine(bot: Bot, company: Company, teams: Iterable[TeamFacts] = ()) -> list[Health]:
    """Look at every role, and at the groups of these teams. Raises network errors, and
    `TelegramMigrateToChat` where a group has become a
    supergroup.
    """
    topics = company.topics != NO_TOPICS
    chats = [(role, own_chat(getattr(company, ROLES[role]))) for role in ROLES]
    found = [await examine_chat(bot, role, chat, topics=topics) for role, chat in chats]
    with_group = [
        (team.code, await examine_chat(bot, TEAM, own_chat(team.chat), topics=topics))
        for team in teams
    ]
    return [*found, *(replace(health, team=code) for code, health in with_group)]


async def examine_chat(bot: Bot, role: str, chat_id: int | None, *, topics: bool = True) -> Health:
    """Look at one chat; the first thing that is wrong is what is to be mended first. ``topics``:
    the company wants topics where there are any.
    """
    if chat_id is None:
        return Health(role, "unlinked")
    try:
        chat = await bot(GetChatKind(chat_id=chat_id))
        member = await bot.get_chat_member(chat_id, bot.id)
    except (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound):
        return Health(role, "gone", chat_id)
    forum = bool(chat.is_forum)
    needed = (*RIGHTS[role], *((TOPICS_RIGHT,) if forum and topics else ()))
    code = _code(role, chat.type, member, needed)
    title = "" if code == "gone" else chat.title or str(chat_id)
    return Health(role, code, chat_id, title, forum=forum and code != "gone")


def _code(role: str, kind: str, member: ResultChatMemberUnion, needed: Iterable[str]) -> str:
    if role in {"operators", TEAM} and kind not in _GROUPS:
        return "not_group"
    match member:
        case ChatMemberOwner():
            return FINE
        case ChatMemberLeft() | ChatMemberBanned():
            return "gone"
        case ChatMemberAdministrator():
            # a right that Telegram does not know in a chat of that kind is not said, nor missing
            lacking = [right for right in needed if getattr(member, right, None) is False]
            return f"lacks.{lacking[0]}" if lacking else FINE
    return "not_admin"
