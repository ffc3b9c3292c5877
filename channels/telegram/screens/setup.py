"""The checklist of a desk that comes to life: what it says and the buttons below it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from channels.telegram.client.chat_health import RIGHTS, Health
from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import Chosen, LinkChat, SetUp
from channels.telegram.screens.keyboards import LANGUAGES, Button, Keyboard, button, rows_of
from core.company import Company
from core.teams.teams import TeamFacts
from core.texts import Key

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
# In hours: from a hot line to the decision of the house.
SPANS: Final = (1, 4, 8, 24, 48, 72, 120)
# How a link of Telegram asks for the bot to be added with these rights.
_ADDED_BY: Final = {"operators": "startgroup", "alerts": "startchannel", "team": "startgroup"}
_CHOSEN: Final = ("name", "zone", "language", "answer_deadline")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the desk is: its chats, its company, and the trial ticket with whether it arrived;
    ``teams``, for those with a group of their own.
    """

    bot: str
    chats: Sequence[Health]
    company: Company
    trial: tuple[int, bool] | None
    teams: Mapping[str, TeamFacts]

    @property
    def done(self) -> bool:
        """Customers may come."""
        trial = self.trial is not None and self.trial[1]
        return trial and bool(self.company.name) and all(chat.fine for chat in self.chats)


def checklist(renderer: Renderer, progress: Progress) -> str:
    """One line for each step: ✅ or what is missing and how to mend it."""
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


def steps(renderer: Renderer, progress: Progress) -> Keyboard:
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
    choices = [_step(renderer, name) for name in _CHOSEN if name not in fixed]
    last = [_step(renderer, "admins"), _step(renderer, "trial"), _step(renderer, "list")]
    rows = [*[[link] for link in links], *rows_of([*choices, *last]).inline_keyboard]
    return Keyboard(inline_keyboard=rows)


def _step(renderer: Renderer, name: str) -> Button:
    return button(renderer.plain(f"button.setup.{name}"), SetUp(name))


def _adding_link(bot: str, role: str) -> str:
    rights = "+".join(right.removeprefix("can_") for right in RIGHTS[role])
    return f"https://t.me/{bot}?{_ADDED_BY[role]}&admin={rights}"


def offer_link(renderer: Renderer, role: str, chat: int) -> Keyboard:
    """The bot was added to this chat: shall it have the role?"""
    return rows_of([button(renderer.plain(f"button.setup.link.{role}"), LinkChat(role, chat))])


def choices(renderer: Renderer, field: str) -> Keyboard:
    """The values of a field that need no typing, and the way back."""
    offered = {"zone": _zones, "language": _languages, "answer_deadline": _spans}
    named: Collection[Button] = offered[field](renderer) if field in offered else ()
    return rows_of([*named, button(renderer.plain("button.setup.back"), SetUp("list"))])


def _zones(renderer: Renderer) -> list[Button]:
    return [
        button(renderer.plain(f"zone.{name}"), Chosen("zone", zone)) for name, zone in ZONES.items()
    ]


def _languages(renderer: Renderer) -> list[Button]:
    return [
        button(renderer.plain(f"button.language.{code}"), Chosen("language", code))
        for code in LANGUAGES
    ]


def _spans(renderer: Renderer) -> list[Button]:
    return [
        button(
            renderer.plain("button.setup.span", span=timedelta(hours=hours)),
            Chosen("answer_deadline", f"{hours}h"),
        )
        for hours in SPANS
    ]
