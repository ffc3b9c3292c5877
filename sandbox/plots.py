"""A small company's week: what its customers write, and what the operators do about it.

Few messages in the group: Telegram takes about twenty a minute, and the bot keeps to it.
Only words and steps; whoever runs the bot knows how its buttons are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """``who`` (``customer``, or an operator's short name) does something, with ``words`` or none.

    ``deed``: ``take``, ``reply``, ``resolve``, ``wait``, ``freeze``, ``confirm``, or
    ``neglect``: nobody does anything until the answer is overdue.
    """

    who: str
    deed: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """One ticket: who has it, the first words, a sample's name for a photo, what happens then."""

    name: str
    language: str
    words: str
    photo: str | None = None
    steps: tuple[Step, ...] = ()


PLOTS: Final = (
    Plot(
        "Марина Лебедева",
        "ru",
        "Магазин «Свет»: камера над кассой показывает чёрный экран, остальные работают.",
        "dark",
        (
            Step(
                "oleg",
                "reply",
                "Добрый день! Выньте, пожалуйста, питание этой камеры на десять секунд.",
            ),
            Step("oleg", "resolve"),
            Step("customer", "confirm"),
        ),
    ),
    Plot(
        "Тимур Ахметов",
        "ru",
        "Склад на Заречной: камера 4 у ворот с ночи не пишет архив. Ночью был въезд без пропуска.",
        "gate",
        (Step("", "neglect"),),
    ),
    Plot(
        "Елена Орлова",
        "ru",
        "Камера на стоянке после ветра смотрит в стену. Приехать к нам можно с понедельника.",
        None,
        (Step("irina", "take"), Step("irina", "freeze", "monday")),
    ),
    Plot(
        "Kate Miller",
        "en",
        "The camera in the lobby goes offline every evening around nine.",
        "lobby",
    ),
    Plot(
        "Павел Сомов",
        "ru",
        "Нужна запись с камеры в холле за пятницу: у посетителя пропала сумка.",
        None,
        (
            Step("olga", "reply", "Здравствуйте! За какое время выгрузить запись, примерно?"),
            Step("olga", "wait"),
        ),
    ),
)
