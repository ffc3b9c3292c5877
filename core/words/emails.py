"""E-mail addresses as people write them, in the one form the desk keeps: lower case. Pure."""

import re
from typing import Final

LONGEST: Final = 200
_ADDRESS: Final = re.compile(
    r"[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)


def read_email(words: str) -> str | None:
    """The address, or ``None`` for what is none that we could write to."""
    bare = words.strip().lower()
    plain = len(bare) <= LONGEST and ".." not in bare and ".@" not in bare
    return bare if plain and _ADDRESS.fullmatch(bare) else None
