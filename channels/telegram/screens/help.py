"""`/help` of those who work here: in the group a screen whose buttons lead from section
to section; in private, in one message, what works there.
"""

from collections.abc import Collection
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from aiogram.types import WebAppInfo

from channels.telegram.screens.buttons import Button, button, one_of, rows_of
from channels.telegram.screens.card import ASSISTED
from channels.telegram.screens.screen import Renderer, Screen
from core.words.names import clean_name

# The commands of each section, in their order; the first section is shown first.
SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "work": (
        *(
            "take",
            "reply",
            "t",
            "kb",
            *ASSISTED,
            "note",
            "wait",
            "freeze",
            "unfreeze",
            "resolve",
            "close",
        ),
        *("cancel", "reopen", "state", "undo", "release"),
    ),
    "lists": (
        *("queue", "my", "overdue", "find", "ticket", "messages", "data", "journal", "transcript"),
        *("views", "tags", "next_up", "board", "app", "help"),
    ),
    "team": ("assign", "escalate", "on", "off", "teams", "tasks", "task", "done"),
    "about": (
        *("title", "topic", "tag", "class", "priority", "next", "why", "times"),
        *("reason", "spent", "used", "field"),
    ),
    "links": ("split", "merge_tickets", "similar", "link", "unlink", "outage", "broadcast"),
    "people": ("who", "contact", "merge", "new", "call", "write", "mute", "block", "unblock"),
    "admins": ("report", "stats", "contract", "blocked"),
}
# What an admin does in private, beside what is done in the group.
IN_PRIVATE: Final = (
    *("setup", "health", "quarantine", "junk", "export", "key", "webhook", "rules"),
    *("directory", "notices", "texts", "kb", "restored"),
)
FOR_ADMINS: Final = "admins"


class HelpSection(CallbackData, prefix="hs"):
    """Show this section of the help."""

    section: Annotated[str, one_of(tuple(SECTIONS))]


def draw_greeting(renderer: Renderer, name: str, company: str, *, admin: bool) -> str:
    """What somebody who works here reads at `/start`, in their private chat."""
    about = "company" if company.strip() else "desk"
    lines = [
        renderer.html("staff.hello", name=clean_name(name, 32)),
        renderer.html(f"staff.{about}", company=clean_name(company)),
        renderer.html("staff.commands"),
    ]
    return "\n".join([*lines, renderer.html("staff.admin")] if admin else lines)


def draw_app_link(
    renderer: Renderer, public_url: str, secret: str, number: int | None = None
) -> Screen:
    """The ways to the table of tickets, or to the ticket of this ``number``: a button that opens it
    in Telegram, where that can be, and a link for a browser, which counts once.
    """
    at, to = ("", "") if number is None else (f"/t/{number}", f"?t={number}")
    link = f"{public_url}/app/enter/{secret}{to}"
    buttons = [Button(text=renderer.plain("button.app.browser"), url=link)]
    if public_url.startswith("https://"):  # Telegram opens nothing else
        opened = WebAppInfo(url=f"{public_url}/app{at}")
        buttons.insert(0, Button(text=renderer.plain("button.app.open"), web_app=opened))
    return Screen(renderer.html("app.link"), rows_of(buttons))


def draw_private(renderer: Renderer, usable: Collection[str], of_admins: Collection[str]) -> str:
    """What somebody who works here can do in their private chat: of each section the ``usable``
    commands, and of that for admins ``of_admins``, if they are one.
    """
    lines = [renderer.html("help.private.head")]
    for section, names in SECTIONS.items():
        here = of_admins if section == FOR_ADMINS else usable
        told = [renderer.html(f"operators.help.{name}") for name in names if name in here]
        lines += [renderer.html(f"help.section.{section}"), *told] if told else []
    return "\n".join([*lines, *(_in_private(renderer) if of_admins else ())])


def _in_private(renderer: Renderer) -> list[str]:
    return [f"/{name} — {renderer.html(f'command.private.{name}')}" for name in IN_PRIVATE]


def draw(renderer: Renderer, section: str, *, admin: bool, assistant: bool = False) -> Screen:
    """A section: a line for each of its commands, and the way to the others; `admin`: the reader
    is one; `assistant`: there is one (X17).
    """
    first = next(iter(SECTIONS))
    lines = [renderer.html("operators.help.head")] if section == first else []
    lines.append(renderer.html(f"help.section.{section}"))
    offered = [name for name in SECTIONS[section] if assistant or name not in ASSISTED]
    lines += [renderer.html(f"operators.help.{name}") for name in offered]
    if section == FOR_ADMINS:
        lines.append(renderer.html("help.in_private"))
        lines += _in_private(renderer)
    others = [name for name in SECTIONS if name != section and (admin or name != FOR_ADMINS)]
    return Screen(
        "\n".join(lines),
        rows_of(
            button(renderer.plain(f"button.help.{name}"), HelpSection(section=name))
            for name in others
        ),
    )
