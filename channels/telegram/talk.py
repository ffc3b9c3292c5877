"""What people have written that the desk has not read yet: as far as that a lost message may stand
behind the newest id known, and so far it is looked for (R6).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aiogram.methods import GetWebhookInfo

from channels.telegram.client.delivery_probe import AHEAD
from channels.telegram.client.gateway import REMEMBERED, Gateway
from channels.telegram.messages.message_parser import message_told_of
from core.addresses import TELEGRAM
from core.delivery.channel import Delivery, SendError
from core.delivery.outbox_store import find_interrupted
from core.desk import Desk
from core.inbox import find_heard, find_unhandled

# So many updates may wait at Telegram when a search begins: each may cost it a call.
FEW: Final = AHEAD
# While more wait they are asked about again after so many seconds, and so often.
PAUSE: Final = 1.0
ASKED: Final = 30
_SOURCES: Final = f"{TELEGRAM}:"


@dataclass(slots=True)
class Talk:
    """Tells the gateway which ids people's messages have, before something is looked for."""

    gateway: Gateway
    desk: Desk
    _asked: dict[int, int] = field(default_factory=dict)

    async def recall(self) -> None:
        """Note what people have written since something was under way: each message that is not
        known costs a call of the search for it.
        """
        under_way = await self.desk.read(find_interrupted)
        begun = [one.created_at for one in under_way if one.channel == TELEGRAM]
        if begun:
            self._note(await self.desk.read(find_heard, _SOURCES, min(begun), REMEMBERED))

    async def unread(self, delivery: Delivery) -> int:
        """How many updates are not stored yet; what is stored is noted.

        Raises `SendError` while there are many of them, but not for ever.
        """
        # in this order: what has left Telegram's queue meanwhile is found in ours
        info = await self.gateway.call(GetWebhookInfo())
        waiting = info.pending_update_count
        times = self._asked[delivery.id] = self._asked.get(delivery.id, 0) + 1
        if waiting > FEW and times <= ASKED:
            raise SendError("busy", f"{waiting} updates are not read yet", retry_after=PAUSE)
        del self._asked[delivery.id]
        self._note(await self.desk.read(find_unhandled, _SOURCES, REMEMBERED))
        return waiting

    def _note(self, newest_first: Iterable[str]) -> None:
        told, known = [message_told_of(raw) for raw in newest_first], self.gateway.known_ids
        for chat, message in filter(None, reversed(told)):
            if not known.is_known(chat, message):  # other processes are told of each
                known.note(chat, message)
