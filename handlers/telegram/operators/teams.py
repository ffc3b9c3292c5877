"""Commands about teams: hand over, escalate, duty, who there is; and the buttons for it."""

from typing import Any, Final

from channels.telegram.addresses import chat_address
from channels.telegram.screens import ticket_choices as screens
from channels.telegram.screens.buttons import Keyboard
from channels.telegram.screens.card import TicketVerb
from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.ticket_choices import AssignData, AssignPerson, EscalateTo
from core.addresses import Address
from core.errors import Refusal
from core.teams import assignment
from core.teams.assignee_parser import (
    AssignmentWish,
    Target,
    name_of,
    read_escalation,
    read_hand_over,
)
from core.teams.assignment import above, takers
from core.teams.members import Colleague, begin_duty, colleagues_of, end_duty
from core.teams.teams import TeamFacts, teams_of
from core.tickets.card import Card
from core.tx import ReadTx, Tx
from core.words.names import clean_name
from handlers.telegram.operators.context import CommandContext, OperatorContext

# Buttons of a card that lead to a choice of people and teams.
MENUS: Final = frozenset({"assign", "escalate"})


async def assign(context: CommandContext) -> None:
    """Hand the ticket over, perhaps with a line of why."""
    await context.act(_hand_over, context, context.reason or "")


async def escalate(context: CommandContext) -> None:
    """Take the ticket to a higher support level."""
    await context.act(_escalate, context, context.reason or "")


async def _hand_over(tx: Tx, context: CommandContext, words: str) -> None:
    wish = await read_hand_over(tx, words, mentioned(context))
    await assignment.hand_over(tx, context.number, wish, context.incoming)


async def _escalate(tx: Tx, context: CommandContext, words: str) -> None:
    wish = await read_escalation(tx, words, mentioned(context))
    await assignment.escalate(tx, context.number, wish, context.incoming)


def mentioned(context: CommandContext) -> Address | None:
    """Somebody without a username is mentioned by name: Telegram says who they are."""
    entities = context.message.entities or context.message.caption_entities or ()
    users = [entity.user for entity in entities if entity.type == "text_mention"]
    return next((chat_address(user.id) for user in users if user is not None), None)


async def on(context: CommandContext) -> None:
    """Be on duty."""
    await context.act(begin_duty)


async def off(context: CommandContext) -> None:
    """Be off duty."""
    await context.act(end_duty)


async def teams(context: CommandContext) -> None:
    """Which teams there are, who is in them, and who is on duty."""
    listed, people = await context.read(_everybody)
    responder = context.responder
    lines = [responder.html("teams.head")] if listed else [responder.html("teams.none")]
    for team in listed:
        facts = {"team": clean_name(team.title(responder.locale)), "level": team.level}
        inside = [one for one in people if team in one.teams]
        names = responder.html("teams.members", {"names": _names(inside)}) if inside else ""
        lines.append(responder.html("teams.line", facts) + names)
    on_duty = [one for one in people if one.on_duty]
    key = "teams.duty" if on_duty else "teams.no_duty"
    lines.append(responder.html(key, {"names": _names(on_duty)}))
    await context.say("\n".join(lines))


async def _everybody(tx: ReadTx) -> tuple[list[TeamFacts], list[Colleague]]:
    return (await teams_of(tx)).offered, await colleagues_of(tx)


def _names(people: list[Colleague]) -> str:
    return ", ".join(clean_name(one.name) for one in people)


# Buttons


async def offered(tx: ReadTx, card: Card) -> list[str]:
    """What a ticket that somebody can hold offers of this."""
    if "take" not in card.verbs:
        return []
    higher, _ = await above(tx, card.number)
    return ["assign", "escalate"] if higher else ["assign"]


async def menu(tx: ReadTx, renderer: Renderer, data: TicketVerb) -> tuple[Keyboard | None, int]:
    """The choice of assignees or levels, if there is any; and the ticket's support level."""
    higher, level = await above(tx, data.ticket_id)
    if data.verb == "escalate":
        return screens.levels(renderer, data.ticket_id, higher) if higher else None, level
    listed, people = await takers(tx, data.ticket_id)
    if not listed and not people:
        return None, level
    return screens.assignees(renderer, data.ticket_id, listed, people), level


async def assign_by_button(
    context: OperatorContext, data: AssignData
) -> tuple[str, dict[str, Any]]:
    """Assign or escalate the ticket. Returns the key of the toast and its facts."""
    return await context.act(_assign, data)


async def _assign(tx: Tx, data: AssignData) -> tuple[str, dict[str, Any]]:
    target = await _target(tx, data)
    facts = {"number": data.ticket_id, "to": name_of(tx, target)}
    if not isinstance(data, EscalateTo) or target.team is None:
        await assignment.hand_over(tx, data.ticket_id, AssignmentWish(target))
        return "assigned", facts
    await assignment.escalate(tx, data.ticket_id, AssignmentWish(target, target.team.level))
    return "escalated", facts | {"level": target.team.level}


async def _target(tx: ReadTx, data: AssignData) -> Target:
    if isinstance(data, AssignPerson):
        for one in await colleagues_of(tx):
            if one.id == data.person:
                return Target(person=one)
        raise Refusal("refusal.outdated")
    team = (await teams_of(tx)).get(data.team)
    if team is None or not team.active:
        raise Refusal("refusal.outdated")
    return Target(team=team)
