"""The words for times in Russian and English; lower case, ё written as е."""

from typing import Final

# Months, days and seconds are kept apart: a month is not a number of days, nor a day of seconds.
Size = tuple[int, int, int]

UNITS: Final[dict[Size, tuple[str, ...]]] = {
    (0, 0, 1): ("секунда", "секунды", "секунду", "секунд", "сек", "seconds", "second", "sec"),
    (0, 0, 60): (
        "минута", "минуты", "минуту", "минут", "минутку", "минуток", "минуточку", "мин",
        "minutes", "minute", "mins", "min",
    ),
    (0, 0, 3600): (
        "часа", "часов", "часик", "часика", "часиков", "часок", "час", "ч",
        "hours", "hour", "hrs", "hr", "h",
    ),
    (0, 1, 0): (
        "день", "дня", "дней", "денек", "денька", "деньков", "дн", "сутки", "суток", "days", "day",
    ),
    (0, 7, 0): (
        "неделя", "недели", "неделю", "недель", "неделька", "недельки", "недельку", "неделек",
        "нед", "weeks", "week", "wks", "wk",
    ),
    (1, 0, 0): ("месяц", "месяца", "месяцев", "месяцок", "мес", "months", "month"),
    (12, 0, 0): ("год", "года", "лет", "years", "year"),
}  # fmt: skip

# One letter counts only right after its figure: «5 м» is as likely a length.
TIGHT_UNITS: Final[dict[Size, tuple[str, ...]]] = {
    (0, 0, 1): ("s", "с"),
    (0, 0, 60): ("m", "м"),
    (0, 1, 0): ("d", "д"),
    (0, 7, 0): ("w",),
    (12, 0, 0): ("y",),
}

WHOLE_SPANS: Final[dict[str, Size]] = {
    "полчаса": (0, 0, 1800),
    "полчасика": (0, 0, 1800),
    "half an hour": (0, 0, 1800),
    "half hour": (0, 0, 1800),
    "полгода": (6, 0, 0),
    "half a year": (6, 0, 0),
}

COUNTS: Final[dict[str, str]] = {
    "один": "1", "одну": "1", "одни": "1", "a": "1", "an": "1", "one": "1",
    "полтора": "1.5", "полторы": "1.5",
    "пару": "2", "пара": "2", "парочку": "2",
    "два": "2", "две": "2", "двое": "2", "two": "2", "a couple of": "2",
    "три": "3", "трое": "3", "three": "3",
    "четыре": "4", "four": "4",
    "пять": "5", "five": "5",
    "шесть": "6", "six": "6",
    "семь": "7", "seven": "7",
    "восемь": "8", "eight": "8",
    "девять": "9", "nine": "9",
    "десять": "10", "ten": "10",
}  # fmt: skip

RELATIVE_DAYS: Final[dict[str, int]] = {
    "позавчера": -2, "day before yesterday": -2, "the day before yesterday": -2,
    "вчера": -1, "вчерашнего дня": -1, "yesterday": -1,
    "сегодня": 0, "today": 0,
    "завтра": 1, "завтрашнего дня": 1, "tomorrow": 1, "tmrw": 1,
    "послезавтра": 2, "day after tomorrow": 2, "the day after tomorrow": 2,
}  # fmt: skip

WEEKDAYS: Final[tuple[tuple[str, ...], ...]] = (
    ("понедельника", "понедельнику", "понедельник", "пнд", "пон", "пн", "monday", "mon"),
    ("вторника", "вторнику", "вторник", "втр", "вт", "tuesday", "tues", "tue"),
    ("среда", "среды", "среду", "среде", "ср", "wednesday", "weds", "wed"),
    ("четверга", "четвергу", "четверг", "чтв", "чт", "thursday", "thurs", "thur", "thu"),
    ("пятница", "пятницы", "пятницу", "пятнице", "птн", "пт", "friday", "fri"),
    ("суббота", "субботы", "субботу", "субботе", "сбт", "сб", "saturday", "sat"),
    ("воскресенье", "воскресенья", "воскресенью", "вск", "вс", "sunday", "sun"),
)

# Monday to Friday: which days a company works is not known where times are read.
WORKING: Final = ("рабочих", "рабочий", "рабочего", "раб.", "раб", "working", "business")
WORKING_DAY: Final = ("день", "дня", "дней", "days", "day")
WORKING_WEEK: Final = 5

# «sun glare on the lens» and «sat on the camera» are reasons: alone these words are no days.
DOUBTFUL_WEEKDAYS: Final = frozenset({"sun", "sat", "wed"})

MONTHS: Final[tuple[tuple[str, ...], ...]] = (
    ("января", "янв", "january", "jan"),
    ("февраля", "февр", "фев", "february", "feb"),
    ("марта", "март", "мар", "march", "mar"),
    ("апреля", "апр", "april", "apr"),
    ("мая", "май", "may"),
    ("июня", "июн", "june", "jun"),
    ("июля", "июл", "july", "jul"),
    ("августа", "авг", "august", "aug"),
    ("сентября", "сент", "сен", "september", "sept", "sep"),
    ("октября", "окт", "october", "oct"),
    ("ноября", "нояб", "ноя", "november", "nov"),
    ("декабря", "дек", "december", "dec"),
)

NEXT: Final = (
    "следующего", "следующему", "следующий", "следующую", "следующей", "следующая",
    "следующее", "следующем", "следующим", "след", "next",
)  # fmt: skip
THIS: Final = ("этого", "этот", "эту", "этой", "это", "ближайшую", "ближайший", "this", "coming")
WEEK: Final = ("неделе", "неделю", "недели", "неделя", "week")
MONTH: Final = ("месяце", "месяца", "месяц", "month")

# Words before a time that say only «until then».
BEFORE_ANY: Final = (
    "вплоть до", "до", "к", "ко", "на", "в", "во", "с",
    "until", "till", "til", "by", "at", "on", "for",
)  # fmt: skip
BEFORE_SPAN: Final = ("через", "спустя", "на", "в течение", "in", "for", "after", "within")
BEFORE_CLOCK: Final = ("до", "к", "ко", "в", "во", "until", "till", "til", "by", "at", "@")

AGO: Final = ("тому назад", "назад", "ago")

# The half of the day that a word after the hour means: hours to add unless it is 12 already.
HALVES: Final[dict[str, int]] = {
    "утра": 0, "ночи": 0, "am": 0, "a.m.": 0, "a.m": 0,
    "дня": 12, "вечера": 12, "pm": 12, "p.m.": 12, "p.m": 12,
}  # fmt: skip
O_CLOCK: Final = ("часов", "часам", "часа", "час", "ч", "o'clock", "o’clock")
HOURS: Final[dict[str, int]] = {
    word: hour
    for hour, words in enumerate(
        (
            ("час", "часу", "one"), ("два", "двум", "двух", "two"),
            ("три", "трем", "трех", "three"),
            ("четыре", "четырем", "четырех", "four"), ("пять", "пяти", "five"),
            ("шесть", "шести", "six"), ("семь", "семи", "seven"), ("восемь", "восьми", "eight"),
            ("девять", "девяти", "nine"), ("десять", "десяти", "ten"),
            ("одиннадцать", "одиннадцати", "eleven"), ("двенадцать", "двенадцати", "twelve"),
        ),
        1,
    )
    for word in words
}  # fmt: skip

NAMED_HOURS: Final[dict[str, int]] = {
    "полночь": 0, "полуночи": 0, "midnight": 0,
    "полдень": 12, "полудню": 12, "полудня": 12, "noon": 12,
}  # fmt: skip
PARTS_OF_DAY: Final[dict[str, int]] = {
    "утром": 9, "утра": 9, "утру": 9, "morning": 9,
    "днем": 13, "обеда": 13, "обеду": 13, "lunch": 13, "lunchtime": 13, "afternoon": 13,
    "после обеда": 14, "after lunch": 14,
    "вечером": 18, "вечера": 18, "вечеру": 18, "evening": 18, "tonight": 20,
}  # fmt: skip

END: Final = ("конца", "конце", "концу", "конец", "end of", "the end of")
EVENING: Final = 18
"""The local hour at which a day, a week's work or a month ends."""
END_OF_DAY: Final = (
    "рабочего дня", "дня", "working day", "business day", "the day", "day", "today",
)  # fmt: skip
END_OF_WEEK: Final = (
    "рабочей недели", "этой недели", "недели", "the week", "this week", "week",
)  # fmt: skip
END_OF_MONTH: Final = ("этого месяца", "месяца", "the month", "this month", "month")
SHORT_ENDS: Final[dict[str, str]] = {"eod": "day", "cob": "day", "eow": "week", "eom": "month"}
DAY_OF_MONTH: Final = ("числа", "число", "числу")

# «завтра в 5 подъезде» names a place, not an hour.
PLACES: Final = (
    "дом", "подъезд", "квартир", "корпус", "этаж", "камер", "кабинет", "офис", "раз",
    "building", "floor", "room", "flat", "apartment", "camera", "percent",
)  # fmt: skip


def plain(words: str) -> str:
    """Return the words with single spaces, as the tables above have them."""
    return " ".join(words.split())
