"""Numbers, towns and zones as people paste them: invisible signs, letters that look alike. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# Letters of both alphabets that look alike, as the Latin one.
_ALIKE: Final = str.maketrans("авекмнорстухіј", "abekmhopctyxij")
_SIGN: Final = re.compile(r"^(?:№|#|no\.?(?=\s|\d)|n°)\s*", re.IGNORECASE)
_DASHES: Final = re.compile("[‐-―−]")


def is_invisible(char: str) -> bool:
    """Whether it is a mark of direction, a joiner, a soft hyphen: nobody sees it in a number."""
    return unicodedata.category(char) == "Cf"


def visible(words: str) -> str:
    """The words without what nobody sees, and with plain spaces."""
    seen = (char for char in words if not is_invisible(char))
    return "".join(" " if unicodedata.category(char) == "Zs" else char for char in seen).strip()


def fold_number(words: str) -> str:
    """What two spellings of one number have in common: «№ КАМ‑12» and «kam-12» are one camera."""
    bare = _DASHES.sub("-", _SIGN.sub("", visible(unicodedata.normalize("NFKC", words))))
    return "".join(bare.casefold().translate(_ALIKE).split())


_OFFSET: Final = re.compile(
    r"(?P<base>utc|gmt|мск|msk)?\s*(?P<hours>[+-]\d{1,2})(?::?(?P<minutes>00|30|45))?"
)
_MOSCOW: Final = 3
# Zones that keep one offset all the year; Russia's stand for theirs.
_BY_MINUTES: Final = {
    120: "Europe/Kaliningrad", 180: "Europe/Moscow", 210: "Asia/Tehran", 240: "Europe/Samara",
    270: "Asia/Kabul", 300: "Asia/Yekaterinburg", 330: "Asia/Kolkata", 345: "Asia/Kathmandu",
    360: "Asia/Omsk", 390: "Asia/Yangon", 420: "Asia/Krasnoyarsk", 480: "Asia/Irkutsk",
    540: "Asia/Yakutsk", 570: "Australia/Darwin", 600: "Asia/Vladivostok", 660: "Asia/Magadan",
    720: "Asia/Kamchatka",
}  # fmt: skip

# Towns that the database of zones calls otherwise, or does not have.
_TOWNS: Final = {
    "Europe/Moscow": """
        мск msk москва moscow питер петербург санкт-петербург спб spb petersburg saint-petersburg
        st-petersburg казань kazan нижний-новгород nizhny-novgorod ростов ростов-на-дону rostov
        воронеж voronezh краснодар krasnodar сочи sochi ярославль рязань тула тверь калуга липецк
        курск орел брянск смоленск пенза чебоксары владимир иваново кострома вологда мурманск
        архангельск псков новгород белгород ставрополь махачкала сыктывкар йошкар-ола саранск
        """,
    "Europe/Kaliningrad": "калининград",
    "Europe/Samara": "самара samara тольятти togliatti ижевск izhevsk",
    "Europe/Saratov": "саратов", "Europe/Volgograd": "волгоград", "Europe/Kirov": "киров",
    "Europe/Astrakhan": "астрахань", "Europe/Ulyanovsk": "ульяновск",
    "Asia/Yekaterinburg": """
        екатеринбург екб ekaterinburg челябинск chelyabinsk пермь perm уфа ufa тюмень tyumen
        оренбург магнитогорск курган сургут
        """,
    "Asia/Omsk": "омск", "Asia/Novosibirsk": "новосибирск", "Asia/Tomsk": "томск",
    "Asia/Barnaul": "барнаул", "Asia/Novokuznetsk": "кемерово новокузнецк",
    "Asia/Krasnoyarsk": "красноярск абакан", "Asia/Irkutsk": "иркутск улан-удэ братск",
    "Asia/Chita": "чита", "Asia/Yakutsk": "якутск благовещенск",
    "Asia/Vladivostok": "владивосток хабаровск khabarovsk", "Asia/Magadan": "магадан",
    "Asia/Sakhalin": "сахалин южно-сахалинск",
    "Asia/Kamchatka": "камчатка петропавловск-камчатский",
    "Europe/Minsk": "минск", "Europe/Kyiv": "киев kiev", "Europe/Chisinau": "кишинев",
    "Europe/Riga": "рига", "Europe/Vilnius": "вильнюс", "Europe/Tallinn": "таллин таллинн",
    "Europe/London": "лондон", "Europe/Berlin": "берлин", "Europe/Paris": "париж",
    "Europe/Istanbul": "стамбул", "Asia/Almaty": "алматы алма-ата астана astana",
    "Asia/Tashkent": "ташкент", "Asia/Bishkek": "бишкек", "Asia/Dushanbe": "душанбе",
    "Asia/Ashgabat": "ашхабад", "Asia/Yerevan": "ереван", "Asia/Tbilisi": "тбилиси",
    "Asia/Baku": "баку", "Asia/Dubai": "дубай", "America/New_York": "нью-йорк new-york",
}  # fmt: skip


def find_zone(words: str) -> ZoneInfo | None:
    """The zone of an IANA name, a town, or an offset as people mean it: «GMT+3» is ahead of UTC.

    ``Etc/GMT+3``, written out, is the database's own name and means what it means there.
    """
    wanted = "-".join(_DASHES.sub("-", visible(words)).casefold().replace("ё", "е").split())
    offset = _OFFSET.fullmatch(wanted.replace("-+", "+").replace("--", "-"))
    if offset is not None:
        return _of_offset(offset)
    name = _names().get(wanted) or _names().get(wanted.replace("-", "_"))
    return None if name is None else ZoneInfo(name)


def _of_offset(offset: re.Match[str]) -> ZoneInfo | None:
    hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
    if offset["base"] in {"мск", "msk"}:
        hours += _MOSCOW
    name = _BY_MINUTES.get(hours * 60 + (minutes if hours >= 0 else -minutes))
    if name is None and not minutes:
        name = "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"  # its signs are the other way round
    return ZoneInfo(name) if name in available_timezones() else None


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    zones = sorted(available_timezones())
    towns = {town: zone for zone, written in _TOWNS.items() for town in written.split()}
    last = {zone.rpartition("/")[2].casefold(): zone for zone in zones if "/" in zone}
    return last | {zone.casefold(): zone for zone in zones} | towns
