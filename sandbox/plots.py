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

    ``action``: ``take``, ``reply``, ``resolve``, ``wait``, ``freeze``, ``class``, ``priority``,
    ``escalate``, ``confirm``; or nobody does anything: ``neglect``, until the answer is overdue,
    ``dawdle``, until the operators are reminded that the resolution is due soon.
    """

    who: str
    action: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """One ticket: who has it, the first words, a sample's name for a photo, what happens then.

    Of a ``camera``, whose owner is known by this ``phone``, the words are what can be wrong with
    one: ``picture``, ``quality``, ``archive`` or ``view``.
    """

    name: str
    language: str
    words: str
    photo: str | None = None
    steps: tuple[Step, ...] = ()
    camera: str | None = None
    phone: str | None = None


_RUSSIAN: Final = (
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
        "view",
        None,
        (Step("irina", "take"), Step("irina", "freeze", "monday")),
        camera="MOS_07_05",
        phone="79857654321",
    ),
    Plot(
        "Kate Miller",
        "en",
        "The camera in the lobby goes offline every evening around nine.",
    ),
    Plot(
        "Сергей Дроздов",
        "ru",
        "Приложение второй час не открывает ни одну камеру двора, у соседей так же.",
        None,
        (
            Step("olga", "class", "инцидент"),
            Step("olga", "take"),
            Step("olga", "escalate", "2 похоже на узел связи, нужен доступ к коммутатору"),
        ),
    ),
    Plot(
        "Нина Белова",
        "ru",
        "В магазине на Заречной встала запись со всех касс. Утром проверка, архив нужен до неё.",
        None,
        (
            Step("irina", "class", "инцидент, запись и архив, без выходных"),
            Step("irina", "priority", "срочный"),
            Step("irina", "reply", "Добрый день. Смотрим регистратор, напишем, как только оживёт."),
            Step("", "dawdle"),
        ),
    ),
)

_ENGLISH: Final = (
    Plot(
        "Marina Brown",
        "en",
        "The Light shop: the camera above the till shows a black screen, the others work.",
        "dark",
        (
            Step(
                "oleg",
                "reply",
                "Good morning! Please unplug this camera for ten seconds.",
            ),
            Step("oleg", "resolve"),
            Step("customer", "confirm"),
        ),
    ),
    Plot(
        "Tom Archer",
        "en",
        "Warehouse, River Street: camera 4 at the gate has no archive. Somebody came in at night.",
        "gate",
        (Step("", "neglect"),),
    ),
    Plot(
        "Helen Eagle",
        "en",
        "view",
        None,
        (Step("irina", "take"), Step("irina", "freeze", "monday")),
        camera="MOS_07_05",
        phone="79857654321",
    ),
    Plot(
        "Катя Мельникова",
        "ru",
        "Камера в холле каждый вечер около девяти пропадает из сети.",
    ),
    Plot(
        "Simon Thrush",
        "en",
        "For two hours the app has opened no camera of the yard; the neighbours say the same.",
        None,
        (
            Step("olga", "class", "incident"),
            Step("olga", "take"),
            Step("olga", "escalate", "2 looks like the node, we need access to the switch"),
        ),
    ),
    Plot(
        "Nina White",
        "en",
        "The shop in River Street records no till any more. There is an inspection in the morning.",
        None,
        (
            Step("irina", "class", "incident, recording and archive, every day"),
            Step("irina", "priority", "urgent"),
            Step(
                "irina",
                "reply",
                "Good morning. We are looking at the recorder and write as soon as it is back.",
            ),
            Step("", "dawdle"),
        ),
    ),
)

# By the desk's language.
PLOTS: Final = {"ru": _RUSSIAN, "en": _ENGLISH}
