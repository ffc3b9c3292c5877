"""Commands about teams: hand over, escalate, duty, who there is; and the buttons for it."""

from typing import Any, Final

from channels.telegram import work_menus
from channels.telegram.callbacks import HandTo, TicketVerb
from channels.telegram.keyboards import Keyboard
from channels.telegram.voice import Voice
from core.errors import Refusal
from core.teams import handing
from core.teams.colleagues import Colleague, colleagues_of
from core.teams.directory import TeamFacts, teams_of
from core.teams.duty import begin_duty, end_duty
from core.teams.finding import Target, Wish, name_of, read_escalation, read_hand_over
from core.teams.roster import above, takers
from core.tickets.card import Card
from core.tx import Look, Tx
from core.words.names import clean_name
from handlers.operators.asking import Asked, Visit

# Buttons of a card that lead to a choice of people and teams.
MENUS: Final = frozenset({"assign", "escalate"})


async def assign(asked: Asked) -> None:
    """Hand the ticket over, perhaps with a line of why."""
    await asked.act(_hand_over, asked, asked.reason or "")


async def escalate(asked: Asked) -> None:
    """Take the ticket to a higher support level."""
    await asked.act(_escalate, asked, asked.reason or "")


async def _hand_over(tx: Tx, asked: Asked, words: str) -> None:
    wish = await read_hand_over(tx, words, _mentioned(asked))
    await handing.hand_over(tx, asked.number, wish, asked.said)


async def _escalate(tx: Tx, asked: Asked, words: str) -> None:
    wish = await read_escalation(tx, words, _mentioned(asked))
    await handing.escalate(tx, asked.number, wish, asked.said)


def _mentioned(asked: Asked) -> int | None:
    """Somebody without a username is mentioned by name: Telegram says who they are."""
    entities = asked.message.entities or asked.message.caption_entities or ()
    users = [entity.user for entity in entities if entity.type == "text_mention"]
    return next((user.id for user in users if user is not None), None)


async def on(asked: Asked) -> None:
    """Be on duty."""
    await asked.act(begin_duty)


async def off(asked: Asked) -> None:
    """Be off duty."""
    await asked.act(end_duty)


async def teams(asked: Asked) -> None:
    """Which teams there are, who is in them, and who is on duty."""
    listed, people = await asked.look(_everybody)
    speech = asked.speech
    lines = [speech.html("teams.head")] if listed else [speech.html("teams.none")]
    for team in listed:
        facts = {"team": clean_name(team.title(speech.locale)), "level": team.level}
        inside = [one for one in people if team in one.teams]
        names = speech.html("teams.members", {"names": _names(inside)}) if inside else ""
        lines.append(speech.html("teams.line", facts) + names)
    on_duty = [one for one in people if one.on_duty]
    key = "teams.duty" if on_duty else "teams.no_duty"
    lines.append(speech.html(key, {"names": _names(on_duty)}))
    await asked.say("\n".join(lines))


async def _everybody(look: Look) -> tuple[list[TeamFacts], list[Colleague]]:
    return (await teams_of(look)).offered, await colleagues_of(look)


def _names(people: list[Colleague]) -> str:
    return ", ".join(clean_name(one.name) for one in people)


# Buttons


async def offered(look: Look, card: Card) -> list[str]:
    """What a ticket that somebody can hold offers of this."""
    if "take" not in card.verbs:
        return []
    higher, _ = await above(look, card.number)
    return ["assign", "escalate"] if higher else ["assign"]


async def menu(look: Look, voice: Voice, wish: TicketVerb) -> tuple[Keyboard | None, int]:
    """To whom the ticket can go, if to anybody; and its support level."""
    higher, level = await above(look, wish.number)
    if wish.verb == "escalate":
        return work_menus.levels(voice, wish.number, higher) if higher else None, level
    listed, people = await takers(look, wish.number)
    if not listed and not people:
        return None, level
    return work_menus.whom(voice, wish.number, listed, people), level


async def give(visit: Visit, wish: HandTo) -> tuple[str, dict[str, Any]]:
    """Give the ticket away; returns what to say of it, and the facts."""
    return await visit.act(_give, wish)


async def _give(tx: Tx, wish: HandTo) -> tuple[str, dict[str, Any]]:
    target = await _target(tx, wish)
    facts = {"number": wish.number, "to": name_of(tx, target)}
    if not wish.up or target.team is None:
        await handing.hand_over(tx, wish.number, Wish(target))
        return "assigned", facts
    await handing.escalate(tx, wish.number, Wish(target, target.team.level))
    return "escalated", facts | {"level": target.team.level}


async def _target(look: Look, wish: HandTo) -> Target:
    if wish.person:
        for one in await colleagues_of(look):
            if one.id == wish.person:
                return Target(person=one)
    team = (await teams_of(look)).get(wish.team)
    if team is None or not team.active:
        raise Refusal("refusal.outdated")
    return Target(team=team)
