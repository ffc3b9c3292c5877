"""What tickets have to do with each other and with objects elsewhere."""

from collections.abc import Iterator
from typing import Any, Final

from channels.telegram.callbacks import MakeParent
from channels.telegram.keyboards import Keyboard, button
from core.errors import NoSuchTicket, Refusal
from core.links import external
from core.links.similar import Similar, similar_to
from core.links.splitting import Fragment
from core.links.splitting import split as split_off
from core.texts import Key
from core.tickets.parents import set_parent
from core.words.names import clean_name
from handlers.operators.asking import Asked

_TITLE: Final = 60


async def link(asked: Asked) -> None:
    """To another ticket, to a parent, to an object elsewhere."""
    await asked.act(external.link, asked.number, asked.command.words)


async def unlink(asked: Asked) -> None:
    """Take a link away."""
    await asked.act(external.unlink, asked.number, asked.command.words)


async def split(asked: Asked) -> None:
    """Make the quoted part of a message a ticket of its own."""
    message = asked.message
    if asked.said.reply_to is None:
        raise Refusal("refusal.split_what")
    quote = message.quote.text if message.quote is not None else None
    fragment = Fragment(
        chat=message.chat.id,
        ref=asked.said.reply_to,
        quote=quote,
        command=message.message_id,
        title=asked.command.rest,
    )
    new, old = await asked.act(split_off, fragment)
    facts = {"number": new.id, "source": old.id}
    await asked.say(asked.speech.html("operators.split", facts))


async def similar(asked: Asked) -> None:
    """Tickets like this one, each with the reason, and a way to make it the parent."""
    found = await asked.look(similar_to, asked.number)
    if not found:
        await asked.say(asked.speech.html("similar.none", {"number": asked.number}))
        return
    lines = [asked.speech.html("similar.head", {"number": asked.number})]
    lines += [_line(asked, one) for one in found]
    await asked.say("\n".join(lines), _parents(asked, found))


def _line(asked: Asked, one: Similar) -> str:
    speech = asked.speech
    facts = {
        "marker": str(one.line.marker),
        "number": one.line.number,
        "title": clean_name(one.line.title, _TITLE),
        "state": Key(f"card.link.state.{one.category}"),
    }
    return f"{speech.html('similar.line', facts)}\n{' · '.join(_reasons(asked, one))}"


def _reasons(asked: Asked, one: Similar) -> Iterator[str]:
    for reason in one.reasons:
        yield asked.speech.html(f"similar.reason.{reason}")
    if one.words:
        yield asked.speech.html("similar.reason.words", {"words": ", ".join(one.words)})


def _parents(asked: Asked, found: tuple[Similar, ...]) -> Keyboard | None:
    rows = [
        [
            button(
                asked.speech.plain("button.parent", {"number": one.line.number}),
                MakeParent(asked.number, one.line.number),
            )
        ]
        for one in found
        if not one.child
    ]
    return Keyboard(inline_keyboard=rows) if rows else None


async def on_parent(pressed: Any, wish: MakeParent) -> None:
    """The button below a list of similar tickets."""
    try:
        await pressed.act(set_parent, wish.number, wish.parent)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    await pressed.toast("parent", number=wish.number, parent=wish.parent)
