"""Phones and e-mail addresses as people write them, in the one form the desk stores. Pure."""

import re
from typing import Final

from core.addresses import LONGEST_CHAT
from core.words.pasted import visible

PHONE: Final = "phone"
EMAIL: Final = "email"
DETAILS: Final = (PHONE, EMAIL)
"""Kinds of contact points that are noted of people; from any other kind they write themselves."""

# What people write between the digits.
_BETWEEN: Final = re.compile(r"[\s().\u00a0\u2010-\u2015-]+")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
# +7, of Russia and Kazakhstan, is always followed by ten digits.
_RUSSIAN: Final = len("+79161234567")


def read_phone(words: str) -> str | None:
    """Return the phone in international form, or ``None`` for anything that does not begin with
    ``+`` and a country code: a national form means another phone in the next country.
    """
    bare = _BETWEEN.sub("", visible(words))
    russian = bare.startswith("+7") and len(bare) != _RUSSIAN
    return bare if _INTERNATIONAL.fullmatch(bare) and not russian else None


def shared_phone(words: str) -> str | None:
    """Return the phone of a contact that somebody has shared, which may lack its ``+``."""
    return read_phone(f"+{visible(words).lstrip('+')}")


# How Russian numbers are dialled in Russia: 8 or 7 and ten digits, or a mobile one without either.
_AT_HOME: Final = re.compile(r"[78]([3-9][0-9]{9})|(9[0-9]{9})", re.ASCII)


def typed_phone(words: str) -> str | None:
    """Return the phone that an operator typed: international, or as it is dialled in Russia.

    ``None`` for anything else, and for ten digits that begin with the code of no region.
    """
    bare = _BETWEEN.sub("", visible(words))
    home = _AT_HOME.fullmatch(bare)
    return f"+7{home[1] or home[2]}" if home else read_phone(words)


LONGEST: Final = LONGEST_CHAT
"""Characters of an address of mail."""
_ADDRESS: Final = re.compile(
    r"[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)


def read_email(words: str) -> str | None:
    """Return the address in lower case, or ``None`` if nobody could write to it."""
    bare = visible(words).lower()
    plain = len(bare) <= LONGEST and ".." not in bare and ".@" not in bare
    return bare if plain and _ADDRESS.fullmatch(bare) else None
