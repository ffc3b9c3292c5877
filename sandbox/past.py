"""What a small company's customers wrote in the weeks before, and what they were answered.

Only words; whoever runs the bot knows how they become tickets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that customers write about. ``topic``, ``category`` and ``reason``, why it ended,
    are codes of the directory; a fault is that of a ``camera``.
    """

    topic: str
    category: str
    reason: str
    words: str
    answer: str
    camera: str | None = None


@dataclass(frozen=True, slots=True)
class PastWords:
    """All that is said, in one language. ``fault``: what a camera's ticket is called, with its
    ``number`` and ``name``; ``contract``: what customers say when its number is asked for;
    ``again`` and ``sorry``: of whom the first answer did not help, and to them.
    """

    customers: tuple[str, ...]
    matters: tuple[Matter, ...]
    fault: str
    contract: str
    again: str
    sorry: str


# The Telegram ids of past customers begin here, in their order; none of them is in the sandbox. The
# first has the cameras that matters are about.
FIRST_ID: Final = 512349001

_RUSSIAN: Final = PastWords(
    customers=(
        *("Вера Розальская", "Пётр Ефимов", "Галина Сомова", "Денис Архипов", "Лидия Кравцова"),
        *("Магазин «Свет»", "Игорь Мельник", "Тамара Белых", "Кафе «Полдень»", "Роман Чуйков"),
    ),
    matters=(
        Matter(
            "camera",
            "incident",
            "repaired",
            "С утра чёрный экран, соседняя камера работает.",
            "Добрый день. Перезапустили питание, картинка вернулась. Посмотрите, пожалуйста.",
            "MOS_09_01",
        ),
        Matter(
            "camera",
            "incident",
            "by_itself",
            "Картинка рассыпается на квадраты, особенно вечером.",
            "Здравствуйте. Проверили линию: за сутки ошибок нет. Посмотрите сегодня вечером.",
            "MOS_09_01",
        ),
        Matter(
            "camera",
            "incident",
            "repaired",
            "После ветра камера смотрит в стену.",
            "Здравствуйте. Мастер поправил угол. Видно ли теперь весь проезд?",
            "MOS_09_02",
        ),
        Matter(
            "payment",
            "request",
            "paid_back",
            "Списали оплату дважды, а договор один.",
            "Здравствуйте. Нашли второй платёж, вернули его на ту же карту.",
        ),
        Matter(
            "payment",
            "request",
            "explained",
            "Где взять акт за прошлый месяц?",
            "Добрый день. Акт в личном кабинете, раздел «Документы». Отправили и на почту.",
        ),
        Matter(
            "access",
            "question",
            "explained",
            "Не приходит код для входа в приложение.",
            "Здравствуйте. Номер был старый, заменили. Запросите код ещё раз.",
        ),
        Matter(
            "access",
            "request",
            "explained",
            "Откройте доступ жене, номер пришлю.",
            "Добрый день. Добавили второй номер, можно входить.",
        ),
        Matter(
            "picture",
            "incident",
            "repaired",
            "У подъезда мутная картинка, лиц не разобрать.",
            "Здравствуйте. Мастер протёр объектив, картинка резкая. Проверьте, пожалуйста.",
        ),
        Matter(
            "picture",
            "complaint",
            "not_ours",
            "Третий вечер нет изображения, сколько можно?",
            "Простите за ожидание. Свет на столбе отключал город, сегодня включили.",
        ),
        Matter(
            "general",
            "question",
            "explained",
            "Сколько дней хранится запись?",
            "Здравствуйте. По вашему договору 14 дней.",
        ),
    ),
    fault="Неисправность камеры {number}, {name}",
    contract="Д-48",
    again="Не помогло, всё то же самое.",
    sorry="Простите. Передали мастеру, он уже исправил. Посмотрите ещё раз.",
)

_ENGLISH: Final = PastWords(
    customers=(
        *("Vera Rose", "Peter Young", "Gail Somers", "Dennis Archer", "Lydia Cross"),
        *("The Light shop", "Ian Miller", "Tamara White", "Café Noon", "Roman Cook"),
    ),
    matters=(
        Matter(
            "camera",
            "incident",
            "repaired",
            "A black screen since the morning, the camera beside it works.",
            "Good morning. We have restarted its power and the picture is back. Please look.",
            "MOS_09_01",
        ),
        Matter(
            "camera",
            "incident",
            "by_itself",
            "The picture falls apart into squares, mostly in the evening.",
            "Hello. We have checked the line: no errors for a day. Please look again this evening.",
            "MOS_09_01",
        ),
        Matter(
            "camera",
            "incident",
            "repaired",
            "After the wind the camera looks at the wall.",
            "Hello. A technician has turned it back. Do you see the whole driveway now?",
            "MOS_09_02",
        ),
        Matter(
            "payment",
            "request",
            "paid_back",
            "I was charged twice, and have one contract.",
            "Hello. We have found the second payment and returned it to the same card.",
        ),
        Matter(
            "payment",
            "request",
            "explained",
            "Where do I get the statement of last month?",
            "Good afternoon. It is in your account under “Documents”; we have mailed it, too.",
        ),
        Matter(
            "access",
            "question",
            "explained",
            "The code to log in to the app does not come.",
            "Hello. Your number was an old one, we have changed it. Please ask for the code again.",
        ),
        Matter(
            "access",
            "request",
            "explained",
            "Please give my wife access, I send you the number.",
            "Good afternoon. The second number is added, she can log in.",
        ),
        Matter(
            "picture",
            "incident",
            "repaired",
            "The picture at the entrance is blurred, no face can be made out.",
            "Hello. A technician has wiped the lens, the picture is sharp. Please have a look.",
        ),
        Matter(
            "picture",
            "complaint",
            "not_ours",
            "No picture for the third evening. How long is this to go on?",
            "We are sorry. The city had switched off the pole’s power, it is back since today.",
        ),
        Matter(
            "general",
            "question",
            "explained",
            "For how many days is a recording kept?",
            "Hello. By your contract, 14 days.",
        ),
    ),
    fault="Fault of camera {number}, {name}",
    contract="D-48",
    again="That did not help, it is just the same.",
    sorry="We are sorry. A technician has been there and mended it. Please look once more.",
)

# By the desk's language.
PAST: Final = {"ru": _RUSSIAN, "en": _ENGLISH}
