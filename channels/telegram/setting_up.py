"""The checklist of a desk that comes to life: what it says and the buttons below it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from channels.telegram.callbacks import Chosen, LinkChat, SetUp
from channels.telegram.health import RIGHTS, Health
from channels.telegram.keyboards import LANGUAGES, Button, Keyboard, button, rows_of
from channels.telegram.voice import Voice
from core.company import Company
from core.teams.directory import TeamFacts
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


def checklist(voice: Voice, progress: Progress) -> str:
    """One line for each step: ✅ or what is missing and how to mend it."""
    lines = [voice.html("setup.head"), ""]
    lines += [_chat(voice, progress, chat) for chat in progress.chats]
    lines += [_company(voice, progress.company), _trial(voice, progress.trial)]
    if progress.done:
        link = f"https://t.me/{progress.bot}"
        lines += ["", voice.html("setup.done", link=link)]
    return "\n".join(lines)


def _chat(voice: Voice, progress: Progress, chat: Health) -> str:
    team = progress.teams.get(chat.team)
    named = "" if team is None else team.title(voice.locale)
    return voice.html(f"setup.{chat.role}.{chat.code}", title=chat.title, team=named)


def _company(voice: Voice, company: Company) -> str:
    key = "setup.company.named" if company.name else "setup.company.nameless"
    return voice.html(
        key,
        name=company.name,
        zone=company.zone.key,
        language=Key(f"button.language.{company.language}"),
        span=company.answer_deadline,
    )


def _trial(voice: Voice, trial: tuple[int, bool] | None) -> str:
    if trial is None:
        return voice.html("setup.trial.none")
    number, arrived = trial
    return voice.html("setup.trial.fine" if arrived else "setup.trial.waiting", number=number)


def steps(voice: Voice, progress: Progress) -> Keyboard:
    """What can be done next; chats that are fine, or fixed by a variable, have no button."""
    fixed = progress.company.fixed
    links = [
        Button(
            text=voice.plain(f"button.setup.{chat.role}"),
            url=_adding_link(progress.bot, chat.role),
        )
        for chat in progress.chats
        if not chat.fine
    ]
    choices = [_step(voice, name) for name in _CHOSEN if name not in fixed]
    last = [_step(voice, "admins"), _step(voice, "trial"), _step(voice, "list")]
    rows = [*[[link] for link in links], *rows_of([*choices, *last]).inline_keyboard]
    return Keyboard(inline_keyboard=rows)


def _step(voice: Voice, name: str) -> Button:
    return button(voice.plain(f"button.setup.{name}"), SetUp(name))


def _adding_link(bot: str, role: str) -> str:
    rights = "+".join(right.removeprefix("can_") for right in RIGHTS[role])
    return f"https://t.me/{bot}?{_ADDED_BY[role]}&admin={rights}"


def offer_link(voice: Voice, role: str, chat: int) -> Keyboard:
    """The bot was added to this chat: shall it have the role?"""
    return rows_of([button(voice.plain(f"button.setup.link.{role}"), LinkChat(role, chat))])


def choices(voice: Voice, field: str) -> Keyboard:
    """The values of a field that need no typing, and the way back."""
    offered = {"zone": _zones, "language": _languages, "answer_deadline": _spans}
    named: Collection[Button] = offered[field](voice) if field in offered else ()
    return rows_of([*named, button(voice.plain("button.setup.back"), SetUp("list"))])


def _zones(voice: Voice) -> list[Button]:
    return [
        button(voice.plain(f"zone.{name}"), Chosen("zone", zone)) for name, zone in ZONES.items()
    ]


def _languages(voice: Voice) -> list[Button]:
    return [
        button(voice.plain(f"button.language.{code}"), Chosen("language", code))
        for code in LANGUAGES
    ]


def _spans(voice: Voice) -> list[Button]:
    return [
        button(
            voice.plain("button.setup.span", span=timedelta(hours=hours)),
            Chosen("answer_deadline", f"{hours}h"),
        )
        for hours in SPANS
    ]
