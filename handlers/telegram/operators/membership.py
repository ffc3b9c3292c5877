"""Operators are the members of the operators' groups (G1): who joins, who leaves, who is still in.

Telegram may not have told us that somebody left. So whoever acts is asked about at Telegram once an
hour, and all operators once an hour, at every start and when a group is replaced (S1).
"""

import asyncio
import logging
import re
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import ChatMemberUpdated, Message, User

from channels.telegram.addresses import NEVER_A_PERSON, chat_address, own_chats
from channels.telegram.client.api_errors import TROUBLES, is_passing
from core.addresses import Address
from core.db import log_failure
from core.delivery.linked_chats import all_operator_chats
from core.desk import Desk
from core.errors import NotAllowed, Refusal
from core.people.identity import join_operators
from core.people.operator_ids import OperatorIds, operator_ids_of
from core.teams.departure import depart, depart_from
from handlers.telegram.origin import Role, sender_of

log = logging.getLogger(__name__)

# Seconds for which a membership counts that Telegram has confirmed.
CONFIRMED_FOR: Final = 3600.0
# Seconds between two looks whether the groups have changed.
LOOK_EVERY: Final = 5.0

_INSIDE: Final = frozenset({"creator", "administrator", "member"})
# Telegram's words for somebody who is not in the chat; other refusals say nothing of them.
_NO_MEMBER: Final = re.compile(
    r"user not found|member not found|participant|user_id_invalid", re.IGNORECASE
)


class Whereabouts(Enum):
    """Where Telegram says somebody is."""

    INSIDE = auto()
    OUTSIDE = auto()
    UNKNOWN = auto()


@dataclass(slots=True)
class Memberships:
    """Asks Telegram who is in a group of operators, and remembers a yes for an hour."""

    bot: Bot
    desk: Desk
    _confirmed: dict[int, float] = field(default_factory=dict)
    # who was met, and the names they had then
    _met: dict[int, tuple[str, str | None]] = field(default_factory=dict)

    async def role_of(self, operator: User, *, press: bool = False) -> Role:
        """Return the role in private of somebody known as an operator: theirs only while Telegram
        confirms it.

        Raises what the line raises where Telegram is out of reach: the update waits, for words must
        not be lost. A ``press`` of a button, and what a chat hides from us, raise :class:`Refusal`.
        """
        return Role.OPERATOR if await self._confirm(operator.id, press) else Role.CUSTOMER

    async def require(self, user: User, *, press: bool = False) -> None:
        """Let somebody act in a group. Raises :class:`NotAllowed` for those who are in none, and
        otherwise as :meth:`role_of`.
        """
        if not await self._confirm(user.id, press):
            raise NotAllowed("work")

    async def confirm(self, address: Address) -> bool:
        """Return whether whoever is at this address works here still: by a group, or as an admin.
        Raises :class:`Refusal` where that cannot be found out now.
        """
        if address in self.desk.company.admins:
            return True
        return await self._confirm(int(address.chat), press=True)

    async def run(self) -> None:
        """Examine all operators at once, every hour, and when a group is replaced."""
        known: list[Address] | None = None
        due = 0.0
        while True:
            try:
                chats = await self.desk.read(all_operator_chats)
                if chats != known or time.monotonic() >= due:
                    self._confirmed.clear()
                    await self.examine_all()
                    known, due = chats, time.monotonic() + CONFIRMED_FOR
            except TROUBLES as error:
                log.info("the operators cannot be examined now: %s", error)
            except Exception as error:  # noqa: BLE001 whatever it is, it is done again
                log_failure(log, "the operators could not be examined", error)
            await asyncio.sleep(LOOK_EVERY)

    async def examine_all(self) -> None:
        """Ask about all operators, and meet the admins of their groups."""
        ids: OperatorIds = await self.desk.read(operator_ids_of)
        for number in own_chats(ids):
            _, user = await self._ask(number)
            if user is not None:
                await self.meet(user)
        for chat in own_chats(await self.desk.read(all_operator_chats)):
            await self._meet_admins(chat)

    async def _meet_admins(self, chat: int) -> None:
        try:
            admins = await self.bot.get_chat_administrators(chat)
        except TROUBLES as error:
            log.info("the admins of a group could not be listed: %s", error)
            return
        for admin in admins:
            if not getattr(admin, "is_anonymous", False):
                await self.meet(admin.user)

    async def notice(self, user: User) -> None:
        """Somebody spoke in a group to colleagues: from now on they can be found and assigned."""
        if self._met.get(user.id) == _names(user):
            return
        try:
            inside = await self._confirm(user.id, press=True)
        except Refusal:
            return
        if inside:
            await self.meet(user)

    async def meet(self, user: User) -> None:
        """A member of a group is an operator by these names; nobody else has them any more."""
        if user.is_bot or user.id in NEVER_A_PERSON or self._met.get(user.id) == _names(user):
            return
        await self.desk.run(join_operators, sender_of(user))
        self._met[user.id] = _names(user)

    async def _confirm(self, number: int, press: bool) -> bool:  # noqa: FBT001 as above
        if time.monotonic() < self._confirmed.get(number, 0.0):
            return True
        try:
            found, _ = await self._ask(number)
        except TROUBLES as error:
            if is_passing(error) and not press:
                raise
            log.warning("a membership could not be examined: %s", error)
            found = Whereabouts.UNKNOWN
        if found is Whereabouts.UNKNOWN:
            raise Refusal("refusal.membership_unknown")
        return found is Whereabouts.INSIDE

    async def _ask(self, number: int) -> tuple[Whereabouts, User | None]:
        """Ask about every group; who is in none departs. Raises what the line raises."""
        found, user = await whereabouts(self.desk, self.bot, number)
        if found is Whereabouts.INSIDE:
            self._confirmed[number] = time.monotonic() + CONFIRMED_FOR
        else:
            self._confirmed.pop(number, None)
        ids: OperatorIds = await self.desk.read(operator_ids_of)
        if found is Whereabouts.OUTSIDE and chat_address(number) in ids:
            log.info("somebody is an operator no more", extra={"telegram_id": number})
            await self.desk.run(depart_from, chat_address(number))
        return found, user

    def forget(self, user: User) -> None:
        """Telegram has told of a change: ask again before this person acts."""
        self._confirmed.pop(user.id, None)
        self._met.pop(user.id, None)


def _names(user: User) -> tuple[str, str | None]:
    return user.full_name, user.username


async def whereabouts(
    desk: Desk, bot: Bot, user_id: int, *, but: int = 0
) -> tuple[Whereabouts, User | None]:
    """Return whether the person is in a group of operators, ``but`` for that one; and who is.

    A group that we may not look into leaves it open. Raises what the line to Telegram raises.
    """
    chats = [chat for chat in own_chats(await desk.read(all_operator_chats)) if chat != but]
    found = Whereabouts.OUTSIDE if chats or but else Whereabouts.UNKNOWN
    for chat in chats:
        try:
            member = await bot.get_chat_member(chat, user_id)
            if _is_inside(member):
                return Whereabouts.INSIDE, member.user
        except TelegramForbiddenError:
            found = Whereabouts.UNKNOWN
        except TelegramBadRequest as refusal:
            if not _NO_MEMBER.search(refusal.message):
                found = Whereabouts.UNKNOWN
    return found, None


async def on_change(event: ChatMemberUpdated, memberships: Memberships) -> None:
    """Telegram tells admins of every change."""
    new = event.new_chat_member
    await _note(memberships, new.user, event.chat.id, inside=_is_inside(new))


async def on_service_message(message: Message, memberships: Memberships) -> bool:
    """The same from a service message, all that a bot without rights learns. False for others."""
    joined, left = message.new_chat_members or (), message.left_chat_member
    for user in joined:
        await _note(memberships, user, message.chat.id, inside=True)
    if left is not None:
        await _note(memberships, left, message.chat.id, inside=False)
    return bool(joined) or left is not None


def _is_inside(member: Any) -> bool:
    return member.status in _INSIDE or bool(getattr(member, "is_member", False))


async def _note(memberships: Memberships, user: User, chat: int, *, inside: bool) -> None:
    """Who leaves one group of operators and is in another one is an operator still.

    If Telegram cannot be asked about the others now, the update waits until it can.
    """
    if user.is_bot or user.id in NEVER_A_PERSON:
        return
    memberships.forget(user)
    desk = memberships.desk
    if not inside:
        found, _ = await whereabouts(desk, memberships.bot, user.id, but=chat)
        inside = found is Whereabouts.INSIDE
    await desk.run(join_operators if inside else depart, sender_of(user))
