"""The set-up checklist in an admin's chat, the choices of its steps, linking a chat, the admins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.addresses import chat_id
from channels.telegram.client.chat_health import RIGHTS, Health
from channels.telegram.screens.buttons import (
    LARGEST,
    Button,
    Id,
    Keyboard,
    button,
    matching,
    one_of,
    rows_of,
)
from channels.telegram.screens.customer_menu import LANGUAGES
from channels.telegram.screens.screen import Renderer, Screen
from core.addresses import Address
from core.company import TOPICS, Company
from core.setup.admins import Admin, Invitation
from core.teams.teams import TeamFacts
from core.texts import Key
from core.words.names import clean_name

# The zones of most who speak Russian; any other is written in words. Label → zone.
ZONES: Final = {
    "kaliningrad": "Europe/Kaliningrad",
    "moscow": "Europe/Moscow",
    "samara": "Europe/Samara",
    "yekaterinburg": "Asia/Yekaterinburg",
    "omsk": "Asia/Omsk",
    "krasnoyarsk": "Asia/Krasnoyarsk",
    "irkutsk": "Asia/Irkutsk",
    "yakutsk": "Asia/Yakutsk",
    "vladivostok": "Asia/Vladivostok",
    "kamchatka": "Asia/Kamchatka",
}
# Answer deadlines to choose from, in hours.
SPANS: Final = (1, 4, 8, 24, 48, 72, 120)
# How a link of Telegram asks for the bot to be added with these rights.
_ADDED_BY: Final = {"operators": "startgroup", "alerts": "startchannel", "team": "startgroup"}
_FIELDS: Final = ("name", "zone", "language", "answer_deadline")
# What is asked only where a group has topics.
_TOPICS: Final = "topics"


class SetupStep(CallbackData, prefix="s"):
    """A step of the checklist: a field of the company, or a screen to show."""

    step: Annotated[str, one_of((*_FIELDS, _TOPICS, "list", "trial", "admins", "invite"))]


class SetField(CallbackData, prefix="v"):
    """This value for a field of the company."""

    field: Annotated[str, one_of((*_FIELDS, _TOPICS))]
    value: Annotated[str, matching("[A-Za-z0-9/_+-]{1,40}")]


class LinkChat(CallbackData, prefix="k"):
    """Give the chat this role."""

    role: Annotated[str, one_of(("operators", "alerts"))]
    chat: Annotated[int, Field(ge=-LARGEST, le=-1)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the set-up is: chats, company, and the test ticket with whether it arrived.

    ``teams`` are those with a group of their own, by code.
    """

    bot: str
    chats: Sequence[Health]
    company: Company
    trial: tuple[int, bool] | None
    teams: Mapping[str, TeamFacts]

    @property
    def done(self) -> bool:
        """Everything is set up."""
        trial = self.trial is not None and self.trial[1]
        return trial and bool(self.company.name) and all(chat.fine for chat in self.chats)


def draw(renderer: Renderer, progress: Progress) -> Screen:
    """The checklist, with what can be done next."""
    return Screen(_checklist(renderer, progress), _steps(renderer, progress))


def _checklist(renderer: Renderer, progress: Progress) -> str:
    """A line for each step: ✅, or what is missing and how to fix it."""
    lines = [renderer.html("setup.head"), ""]
    lines += [_chat(renderer, progress, chat) for chat in progress.chats]
    lines += [_company(renderer, progress.company), _trial(renderer, progress.trial)]
    if progress.done:
        link = f"https://t.me/{progress.bot}"
        lines += ["", renderer.html("setup.done", link=link)]
    return "\n".join(lines)


def _chat(renderer: Renderer, progress: Progress, chat: Health) -> str:
    team = progress.teams.get(chat.team)
    named = "" if team is None else team.title(renderer.locale)
    return renderer.html(f"setup.{chat.role}.{chat.code}", title=chat.title, team=named)


def _company(renderer: Renderer, company: Company) -> str:
    key = "setup.company.named" if company.name else "setup.company.nameless"
    return renderer.html(
        key,
        name=company.name,
        zone=company.zone.key,
        language=Key(f"button.language.{company.language}"),
        span=company.answer_deadline,
    )


def _trial(renderer: Renderer, trial: tuple[int, bool] | None) -> str:
    if trial is None:
        return renderer.html("setup.trial.none")
    number, arrived = trial
    return renderer.html("setup.trial.fine" if arrived else "setup.trial.waiting", number=number)


def _steps(renderer: Renderer, progress: Progress) -> Keyboard:
    """What can be done next; chats that are fine, or fixed by a variable, have no button."""
    fixed = progress.company.fixed
    links = [
        Button(
            text=renderer.plain(f"button.setup.{chat.role}"),
            url=_adding_link(progress.bot, chat.role),
        )
        for chat in progress.chats
        if not chat.fine
    ]
    fields = (*_FIELDS, _TOPICS) if any(chat.forum for chat in progress.chats) else _FIELDS
    choices = [_step(renderer, name) for name in fields if name not in fixed]
    last = [_step(renderer, "admins"), _step(renderer, "trial"), _step(renderer, "list")]
    rows = [*[[link] for link in links], *rows_of([*choices, *last]).inline_keyboard]
    return Keyboard(inline_keyboard=rows)


def _step(renderer: Renderer, name: str) -> Button:
    return button(renderer.plain(f"button.setup.{name}"), SetupStep(step=name))


def _adding_link(bot: str, role: str) -> str:
    rights = "+".join(right.removeprefix("can_") for right in RIGHTS[role])
    return f"https://t.me/{bot}?{_ADDED_BY[role]}&admin={rights}"


def offer_link(renderer: Renderer, role: str, chat: int) -> Keyboard:
    """The bot was added to this chat: shall it have the role?"""
    return rows_of(
        [button(renderer.plain(f"button.setup.link.{role}"), LinkChat(role=role, chat=chat))]
    )


def choices(renderer: Renderer, field: str) -> Keyboard:
    """The values of a field that need no typing, and the way back."""
    offered = {
        "zone": _zones,
        "language": _languages,
        "answer_deadline": _spans,
        _TOPICS: _topics,
    }
    named: Collection[Button] = offered[field](renderer) if field in offered else ()
    return rows_of([*named, button(renderer.plain("button.setup.back"), SetupStep(step="list"))])


def _zones(renderer: Renderer) -> list[Button]:
    return [
        button(renderer.plain(f"zone.{name}"), SetField(field="zone", value=zone))
        for name, zone in ZONES.items()
    ]


def _languages(renderer: Renderer) -> list[Button]:
    return [
        button(renderer.plain(f"button.language.{code}"), SetField(field="language", value=code))
        for code in LANGUAGES
    ]


def _spans(renderer: Renderer) -> list[Button]:
    return [
        button(
            renderer.plain("button.setup.span", span=timedelta(hours=hours)),
            SetField(field="answer_deadline", value=f"{hours}h"),
        )
        for hours in SPANS
    ]


def _topics(renderer: Renderer) -> list[Button]:
    return [
        button(renderer.plain(f"button.setup.topics.{way}"), SetField(field=_TOPICS, value=way))
        for way in TOPICS
    ]


_SHARE: Final = "https://t.me/share/url"
LONGEST: Final = 40


class DismissAdmin(CallbackData, prefix="ad"):
    """This person is to be no admin any more; ``ask`` asks once more, ``sure`` does it."""

    verb: Annotated[str, one_of(("ask", "sure"))]
    person: Id


def draw_admins(renderer: Renderer, found: Sequence[Admin], mine: Address) -> Screen:
    """All admins; those who were invited can be removed. ``mine``: who looks."""
    lines = [renderer.html("setup.admins.head"), ""]
    lines += [_admin_line(renderer, one, mine) for one in found]
    if any(one.named for one in found):
        lines += ["", renderer.html("setup.admins.named")]
    removable = [one for one in found if not one.named] if len(found) > 1 else []
    rows = [[_admin_step(renderer, "invite")]]
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


def _admin_line(renderer: Renderer, one: Admin, mine: Address) -> str:
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


def _admin_step(renderer: Renderer, name: str) -> Button:
    return button(renderer.plain(f"button.setup.{name}"), SetupStep(step=name))


def _back(renderer: Renderer, to: str) -> Button:
    return button(renderer.plain("button.setup.back"), SetupStep(step=to))
