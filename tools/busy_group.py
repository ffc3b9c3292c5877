"""A shift in one plain group: ``python -m tools.busy_group`` plays three operators who do 200
things in ten minutes, with the real bot at a server with Telegram's limits. It prints one line:
which answers arrived, what got no sign, how often Telegram refused for haste, how many posts the
group got.

It takes twelve minutes: the pace of a group is counted in real ones, and the bot keeps to it.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox import Chat, Message, Person
from sandbox.people.buttons import Press
from tests.e2e.stage import Stage, staged
from tools.bench.staging import REAL, at_rest, bot_of, desk_at, open_tickets, people_of

CUSTOMERS: Final = 12
ACTIONS, MINUTES = 200, 10.0
DRAINED: Final = 1200.0  # seconds in which what waits for the group must have left
WARMED: Final = 61.0  # seconds after which what the cards took of the group's minute is over
A_ROUND: Final = 20
# What operators do, ten times over. ``ticket``: which one, counted from the round's first; the
# words of a command name it by {n}. To an answer with words its customer writes back.
SHIFT: Final = (
    ("take", 0, ""), ("answer", 0, "Спасибо, а во сколько?"), ("command", 0, "/queue"),
    ("answer", 1, ""), ("command", 1, "/ticket {n}"), ("note", 0, "// звонили мастеру"),
    ("answer", 0, "Хорошо, жду"), ("command", 0, "/my"), ("command", 1, "/freeze {n} завтра 9:00"),
    ("command", 0, "/find камера"), ("answer", 2, "А раньше нельзя?"), ("command", 2, "/wait {n}"),
    ("command", 0, "/journal {n}"), ("answer", 3, ""), ("take", 3, ""),
    ("command", 0, "/queue"), ("answer", 4, ""), ("command", 0, "/resolve {n}"),
    ("command", 0, "/overdue"), ("answer", 5, ""),
)  # fmt: skip


@dataclass(slots=True)
class Shift:
    """What was done, and what was seen of it."""

    stage: Stage
    staff: list[Person]
    customers: list[Person]
    answers: dict[str, Person] = field(default_factory=dict)  # whom these words must reach
    others: list[Message | Press] = field(default_factory=list)  # what needs a sign
    seen: list[Message] = field(default_factory=list)  # of the bot, in the order in which it came

    def observe(self, chat: Chat, message: Message) -> None:
        """Note what the bot says."""
        del chat
        self.seen.append(message)

    @property
    def posts(self) -> list[Message]:
        """What everybody in the group has seen; who sees one alone is known later."""
        ours = (message for message in self.seen if message.chat is self.stage.group)
        return [message for message in ours if "receiver_user" not in message.extra]

    @property
    def seen_by_one(self) -> int:
        """How many messages of the group one person has seen alone."""
        ours = (message for message in self.seen if message.chat is self.stage.group)
        return sum("receiver_user" in message.extra for message in ours)

    def kinds(self) -> str:
        """What the posts are that everybody has seen: customers' words, cards, and the rest."""
        said = {words for kind, _, words in SHIFT if kind == "answer" and words}
        counted = Counter(
            "customers' words" if message.text in said else "cards" if _is_card(message) else "news"
            for message in self.posts
        )
        return ", ".join(f"{n} {kind}" for kind, n in counted.most_common())

    async def work(self, seconds: float, actions: int) -> None:
        """Do ``actions`` things, evenly over so many seconds; who has a ticket does its things."""
        began = time.monotonic()
        for at in range(actions):
            await asyncio.sleep(max(0.0, began + seconds * at / actions - time.monotonic()))
            rounds, step = divmod(at, A_ROUND)
            kind, ticket, words = SHIFT[step]
            number = (rounds * 3 + ticket) % len(self.customers) + 1
            await self.act(kind, self.staff[number % len(self.staff)], number, words)
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))

    async def act(self, kind: str, who: Person, number: int, words: str) -> None:
        """One thing of one operator about ticket ``number``."""
        group, card = self.stage.group, await self.stage.card(number, timeout=120)
        if kind == "answer":
            text = f"Ответ {len(self.answers) + 1}: мастер будет завтра."
            self.answers[text] = customer = self.customers[number - 1]
            _ = who.reply(card, text)
            if words:
                _ = customer.say(words)
        elif kind == "note":
            self.others.append(await who.reply(card, words))
        elif kind == "take" and any("Взять" in label for label in card.buttons):
            self.others.append(await who.press("Взять", in_=group, message=card))
        else:
            self.others.append(await who.say(group, (words or "/take {n}").format(n=number)))

    def arrived(self) -> int:
        """How many answers their customers have read."""
        return sum(
            any(words in message.text for message in person.chat.bot_messages)
            for words, person in self.answers.items()
        )

    def unsigned(self) -> list[str]:
        """What was done without a sign: no toast, reaction or reply, nothing for who did it."""
        return [
            one.text if isinstance(one, Message) else one.button["text"]
            for one in self.others
            if not (self._signed(one) if isinstance(one, Message) else one.answered)
        ]

    def _signed(self, said: Message) -> bool:
        assert said.sender is not None
        return bool(said.reactions) or any(
            message.reply_to is said
            or message.extra.get("receiver_user", {}).get("id") == said.sender.id
            or message.chat.id == said.sender.id
            for message in self.seen
            if message.date >= said.date
        )


def _is_card(message: Message) -> bool:
    return bool(message.keyboard) and re.match(r"\S+ #\d+\b", message.text) is not None


async def measure(folder: Path, minutes: float, actions: int) -> str:
    """Play the shift; returns the line that says what came of it."""
    async with staged(folder, rate_limits=True, privacy=True) as stage:
        stage.settings |= {"SWEEP_INTERVAL": "5s", "LOG_LEVEL": "warning"}
        irina = stage.world.user("Ирина", language="ru", username="irina_op")
        _ = stage.group.add_member(irina)
        customers = people_of(stage, CUSTOMERS)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, customers)
        async with bot_of(stage, REAL):
            for number in range(1, CUSTOMERS + 1):
                _ = await stage.card(number, timeout=120)
            staff = [stage.olga, stage.oleg, irina]
            for operator in staff:  # they are told in private what concerns them alone
                _ = await operator.start()
            await asyncio.sleep(WARMED)
            shift = Shift(stage, staff, customers)
            refused = stage.world.limiter.refusals
            stage.world.observers.append(shift.observe)
            await shift.work(minutes * 60, actions)
            meanwhile = len(shift.posts)
            ended = time.monotonic()
            await at_rest(stage, DRAINED)
            drained = time.monotonic() - ended
            await asyncio.sleep(WARMED)  # signs that wait for the group's minute
            refused = stage.world.limiter.refusals - refused
    lost = sorted(set(shift.unsigned()))
    parts = [
        f"{actions} actions of 3 operators in {minutes:g} min",
        f"{len(shift.answers)} answers, {shift.arrived()} arrived",
        f"{len(shift.others)} other things, {len(shift.unsigned())} without a sign {lost or ''}",
        f"{refused} × 429",
        f"{meanwhile} posts that all see, {len(shift.posts)} until all was said",
        f"{drained:.0f} s later: {shift.kinds()}",
        f"{shift.seen_by_one} that one person sees",
    ]
    return "; ".join(parts)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    _ = parser.add_argument("--minutes", type=float, default=MINUTES)
    _ = parser.add_argument("--actions", type=int, default=ACTIONS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(measure(Path(folder), options.minutes, options.actions)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
