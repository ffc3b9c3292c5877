"""Operators who ask in the group and in private, and what they are shown for it."""

from __future__ import annotations

from functools import partial

from sandbox import Message, Person
from tests.e2e.stage import Stage

# On a machine that does other things as well.
SOON = 20.0


async def asks(stage: Stage, who: Person, said: str, to: Message | None = None) -> Message:
    """Somebody writes in the group, and the bot answers below it."""
    command = await who.say(stage.group, said, reply_to=to)
    return await answer(stage, command)


async def answer(stage: Stage, command: Message) -> Message:
    """What the bot answers to a message of the group."""
    found: list[Message] = []

    def look() -> bool:
        found[:] = [m for m in stage.group.bot_messages if m.reply_to is command]
        return bool(found)

    await stage.world.until(look, SOON, f"an answer to {command.text}")
    return found[0]


async def shows(stage: Stage, card: Message, part: str) -> None:
    """The card says so before long: what changes quickly is drawn once."""
    await stage.world.until(lambda: part in card.text, SOON, f"{part!r} on the card")


async def duty(stage: Stage, who: Person, command: str) -> None:
    """Somebody is on duty from now on, or off."""
    said = await who.say(stage.group, command)
    await stage.group.expect_reaction(said, "👌", timeout=SOON)


async def through(stage: Stage, who: Person, *steps: tuple[str, str]) -> None:
    """A dialogue in private: each step is an answer, by button or in words, and what is shown."""
    for step, shown in steps:
        if any(step in label for label in who.last.buttons):
            await who.press_soon(step)
        else:
            await who.say(step)
        await stage.world.until(partial(_shows, who, shown), SOON, shown)


def _shows(who: Person, words: str) -> bool:
    return words in who.last.text
