"""What is drawn as it is when it leaves, and edited where it stands: cards, floods, boards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels.telegram.client.send_progress import Step, sent_of
from channels.telegram.kit import POSTED, Kit
from channels.telegram.messages.message_parser import ref_here
from channels.telegram.messages.payload import dumped, loaded, post
from channels.telegram.screens import words
from channels.telegram.screens.card import draw
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import draw_board
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.probe_contexts import add_to_probe_context, probe_context_of
from core.tickets.board import board_of, boards_of
from core.tickets.card import Card
from core.tickets.floods import Flood, flood_of


@dataclass(frozen=True, slots=True)
class CardMessages:
    """Carries out deliveries of the kind "card"."""

    kit: Kit

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the ticket's card to its present state; post a new one if there is none where it
        belongs. Its topic is drawn first: what fails then has not been posted yet.
        """
        thread = await self.kit.thread(delivery, renderer)
        card, screen = await self._draw(delivery, renderer)
        if thread is not None:
            await self.kit.of_groups.refresh(delivery, card, renderer)
        stands = card.thread == (None if thread is None else str(thread))
        place = ref_here(delivery, card.place) if stands else None
        begun, looks = self.kit.progress.begun(delivery.id), {"digest": screen.digest}
        if place is not None and begun is None:
            same = card.digest == screen.digest
            if same or await self.kit.redraw(int(delivery.address), place, screen):
                return Sent(note=looks)
        steps = [Step(post(int(delivery.address), screen, None, thread))]
        if begun is None:
            posted = {"keyboard": dumped(screen.keyboard), **looks}
            await self.kit.desk.run(add_to_probe_context, delivery.id, {POSTED: posted})
        return sent_of(delivery, await self.kit.progress.make(delivery, steps))

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """The card with the buttons that it was posted with; nothing if it was not posted."""
        posted = (await self.kit.desk.read(probe_context_of, delivery.id)).get(POSTED)
        if posted is None:
            return ()
        thread = await self.kit.thread(delivery, renderer)
        _, screen = await self._draw(delivery, renderer)
        screen = replace(screen, keyboard=loaded(posted["keyboard"]))
        return [Step(post(int(delivery.address), screen, None, thread))]

    async def noted(self, delivery: Delivery) -> dict[str, Any]:
        """What is kept with a card that is found: what it looked like when it was posted."""
        posted = (await self.kit.desk.read(probe_context_of, delivery.id))[POSTED]
        return {"digest": posted["digest"]}

    async def _draw(self, delivery: Delivery, renderer: Renderer) -> tuple[Card, Screen]:
        card = await self.kit.card_of(delivery)
        if card is None:
            raise SendError("bad_request", "no such ticket", permanent=True)
        return card, draw(card, renderer)


@dataclass(frozen=True, slots=True)
class FloodMessages:
    """Carries out the one post for what comes too fast."""

    kit: Kit

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the post of a flood to what it is by now; post it if there is none."""
        flood, screen = await self._draw(delivery, renderer)
        place = ref_here(delivery, flood.place)
        begun = self.kit.progress.begun(delivery.id)
        if not begun and place and await self.kit.redraw(int(delivery.address), place, screen):
            return Sent()
        steps = await self.plan(delivery, renderer)
        sent = sent_of(delivery, await self.kit.progress.make(delivery, steps))
        return replace(sent, note={**sent.note, "messages": [flood.id]})

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """Its button tells it from all other posts, whatever it said when it was sent."""
        _, screen = await self._draw(delivery, renderer)
        thread = await self.kit.thread(delivery, renderer)
        card = await self.kit.card_of(delivery)
        place = None if card is None else ref_here(delivery, card.place)
        return [Step(post(int(delivery.address), screen, place, thread))]

    async def noted(self, delivery: Delivery, renderer: Renderer) -> dict[str, Any]:
        """What is kept with a flood's post that is found: the message that it stands for."""
        flood, _ = await self._draw(delivery, renderer)
        return {"messages": [flood.id]}

    async def _draw(self, delivery: Delivery, renderer: Renderer) -> tuple[Flood, Screen]:
        found = await self.kit.desk.read(flood_of, delivery.message_id or 0, delivery.to)
        if found is None:
            raise SendError("bad_request", "no flood", permanent=True)
        return found, words.draw_flood(renderer, delivery.ticket_id or 0, found)


@dataclass(frozen=True, slots=True)
class BoardMessages:
    """Carries out a chat's board."""

    kit: Kit

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the chat's board to what is so by now; post it if it is not there."""
        boards = await self.kit.desk.read(boards_of)
        if delivery.to not in boards:  # hidden meanwhile
            return Sent()
        (step,) = await self.plan(delivery, renderer)
        call: Any = step.method
        screen, place = Screen(call.text, call.reply_markup), boards[delivery.to]
        chat, begun = int(delivery.address), self.kit.progress.begun(delivery.id)
        if not begun and place and await self.kit.redraw(chat, int(place), screen):
            return Sent()
        return sent_of(delivery, await self.kit.progress.make(delivery, [step]))

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """Its buttons tell it from all other posts, whatever it said when it was sent."""
        desk = self.kit.desk
        screen = draw_board(renderer, await desk.read(board_of), desk.company.zone)
        return [Step(post(int(delivery.address), screen, None))]
