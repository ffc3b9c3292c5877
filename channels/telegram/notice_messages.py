"""Notices, questions and alerts: words of the desk's own, posted in a chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.telegram.client.send_progress import Step, sent_of
from channels.telegram.kit import POSTED, Kit, is_elsewhere
from channels.telegram.messages.message_parser import ref_here
from channels.telegram.messages.payload import answered, dumped, loaded, post
from channels.telegram.screens import notices
from channels.telegram.screens.screen import Renderer, Screen
from core.addresses import MessageRef
from core.delivery.channel import Delivery, Sent
from core.delivery.probe_contexts import add_to_probe_context, probe_context_of
from core.delivery.sent_messages import IN_PLACE_OF


@dataclass(frozen=True, slots=True)
class NoticeMessages:
    """Carries out deliveries of the kind "text"."""

    kit: Kit

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Post the notice, or edit the question that it answers; nothing if it is outdated."""
        if notices.is_outdated(delivery.key or "", delivery.facts, renderer.now):
            return Sent()
        if IN_PLACE_OF in delivery.facts and (edited := await self._in_place(delivery, renderer)):
            return edited
        steps = await self._plan(delivery, renderer)
        if notices.shows_card(delivery.key or "") and self.kit.progress.begun(delivery.id) is None:
            call: Any = steps[0].method
            posted = {"keyboard": dumped(call.reply_markup)}
            await self.kit.desk.run(add_to_probe_context, delivery.id, {POSTED: posted})
        return sent_of(delivery, await self.kit.progress.make(delivery, steps))

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """The notice with the buttons that it was sent with; nothing if it was not sent."""
        steps = await self._plan(delivery, renderer)
        if not notices.shows_card(delivery.key or ""):
            return steps
        posted = (await self.kit.desk.read(probe_context_of, delivery.id)).get(POSTED)
        if posted is None:
            return ()
        keyboard = loaded(posted["keyboard"])
        return [Step(steps[0].method.model_copy(update={"reply_markup": keyboard}))]

    async def _in_place(self, delivery: Delivery, renderer: Renderer) -> Sent | None:
        """Edit the question that the notice is the answer to. ``None``: it is to be posted. Where
        the ticket has a topic of its own, the question says so.
        """
        place = ref_here(delivery, MessageRef.parse(delivery.facts[IN_PLACE_OF]))
        if place is None or self.kit.progress.begun(delivery.id) is not None:
            return None
        chat = int(delivery.address)
        if is_elsewhere(delivery, await self.kit.thread(delivery, renderer)):
            there = Screen(renderer.html("customer.filed.topic", number=delivery.ticket_id))
            await self.kit.redraw(chat, place, there)
            return None
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, None)
        stands = await self.kit.redraw(chat, place, screen)
        return Sent((str(place),), {"chat": chat}) if stands else None

    async def _plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        thread = await self._thread(delivery, renderer)
        card = await self.kit.card_of(delivery)
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, card)
        reply = None if is_elsewhere(delivery, thread) else answered(delivery, card)
        return [Step(post(int(delivery.address), screen, reply, thread))]

    async def _thread(self, delivery: Delivery, renderer: Renderer) -> int | None:
        """What answers an operator's words stands where they do; all else in the ticket's topic."""
        if delivery.person_id is None and delivery.facts.get("reply") not in {None, "card"}:
            return None
        return await self.kit.thread(delivery, renderer)
