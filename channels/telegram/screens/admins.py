"""The list of admins, the link that invites one more, the question before one is removed."""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import chat_id
from channels.telegram.screens.buttons import Button, Id, Keyboard, button, one_of
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.setup import SetupStep
from core.addresses import Address
from core.setup.admins import Admin, Invitation
from core.words.names import clean_name

_SHARE: Final = "https://t.me/share/url"
LONGEST: Final = 40


class DismissAdmin(CallbackData, prefix="ad"):
    """This person is to be no admin any more; ``ask`` asks once more, ``sure`` does it."""

    verb: Annotated[str, one_of(("ask", "sure"))]
    person: Id


def draw_list(renderer: Renderer, found: Sequence[Admin], mine: Address) -> Screen:
    """All admins; those who were invited can be removed. ``mine``: who looks."""
    lines = [renderer.html("setup.admins.head"), ""]
    lines += [_line(renderer, one, mine) for one in found]
    if any(one.named for one in found):
        lines += ["", renderer.html("setup.admins.named")]
    removable = [one for one in found if not one.named] if len(found) > 1 else []
    rows = [[_step(renderer, "invite")]]
    rows += [
        [
            button(
                renderer.plain("button.setup.dismiss", name=_name(one)),
                DismissAdmin(verb="ask", person=one.id),
            )
        ]
        for one in removable
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[*rows, [_back(renderer, "list")]]))


def _line(renderer: Renderer, one: Admin, mine: Address) -> str:
    who = "you" if one.address == mine else "line"
    key = f"setup.admins.{who if one.id else 'unseen'}{'_named' if one.named else ''}"
    return renderer.html(key, name=_name(one), id=chat_id(one.address))


def _name(one: Admin) -> str:
    return clean_name(one.name, LONGEST)


def invitation(renderer: Renderer, made: Invitation, bot: str) -> Screen:
    """The link, to be passed on by a button."""
    link = f"https://t.me/{bot}?start={made.payload}"
    words = renderer.plain("setup.admins.share")
    share = Button(
        text=renderer.plain("button.setup.share"),
        url=f"{_SHARE}?{urlencode({'url': link, 'text': words})}",
    )
    rows = [[share], [_back(renderer, "admins")]]
    text = renderer.html("setup.admins.link", link=link, until=made.until)
    return Screen(text, Keyboard(inline_keyboard=rows))


def confirm_dismissal(renderer: Renderer, one: Admin, mine: Address) -> Screen:
    """Is this person to be no admin any more?"""
    key = "setup.admins.sure_you" if one.address == mine else "setup.admins.sure"
    yes = button(
        renderer.plain("button.setup.dismiss_sure"), DismissAdmin(verb="sure", person=one.id)
    )
    rows = [[yes], [_back(renderer, "admins")]]
    return Screen(renderer.html(key, name=_name(one)), Keyboard(inline_keyboard=rows))


def _step(renderer: Renderer, name: str) -> Button:
    return button(renderer.plain(f"button.setup.{name}"), SetupStep(step=name))


def _back(renderer: Renderer, to: str) -> Button:
    return button(renderer.plain("button.setup.back"), SetupStep(step=to))
