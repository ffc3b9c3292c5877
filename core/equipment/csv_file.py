"""The table of cameras. Pure.

The header is ``number,name,owner`` in any order; ``address`` and ``area`` are known too, and every
other column is kept with the camera as it is. An owner is a Telegram id, a phone in international
form or an e-mail address; several are separated by ``;``.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from core.addresses import TELEGRAM
from core.sheets.faults import Wrong, WrongFile, quoted
from core.sheets.sheet import Cells, Sheet, read_sheet
from core.words.aliases import CAMERA_COLUMNS
from core.words.contact_values import EMAIL, PHONE, read_email, read_phone, typed_phone

__all__ = ["CAMERAS", "Owner", "Read", "Wrong", "WrongFile", "read_cameras", "read_owner"]

# Ten digits that begin with 9, and longer ones, are phones without their +: Telegram counts its
# people by ten digits, and has not come to 9 yet.
_USER_ID: Final = re.compile(r"[1-9][0-9]{0,8}|[1-8][0-9]{9}", re.ASCII)
_BARE_PHONE: Final = re.compile(r"9[0-9]{9}|[1-9][0-9]{10,14}", re.ASCII)

Owner = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A camera of the file. ``owners`` are kind and value."""

    number: str
    name: str
    address: str = ""
    area: str = ""
    owners: frozenset[Owner] = frozenset()
    fields: dict[str, str] = field(default_factory=dict)


def _record(cells: Cells) -> Read:
    known = cells.known
    return Read(
        known["number"],
        known["name"],
        known.get("address", ""),
        known.get("area", ""),
        _owners(cells),
        cells.free,
    )


def _owners(cells: Cells) -> frozenset[Owner]:
    found = set()
    for words in filter(None, map(str.strip, cells.known["owner"].split(";"))):
        try:
            found.add(read_owner(words))
        except ValueError as why:
            cells.wrong(f"owner.{why}", owner=quoted(words))
    return frozenset(found)


CAMERAS: Final = Sheet(
    name="cameras",
    required=("number", "name", "owner"),
    filled=("number", "name"),
    key="number",
    longest={"number": 64, "name": 200, "address": 300, "area": 100},
    titles=CAMERA_COLUMNS,
    record=_record,
)


def read_cameras(raw: bytes) -> list[Read]:
    """Return the cameras of a file, in order. Raises :class:`WrongFile` with all that is wrong."""
    return read_sheet(CAMERAS, raw)


def read_owner(words: str) -> Owner:
    """Return kind and value of an owner. Raises ValueError with the name of what is wrong."""
    if _BARE_PHONE.fullmatch(words):
        raise ValueError("bare_phone")
    if words.startswith("+") or not words.isdecimal():
        phone = read_phone(words) if words.startswith("+") else typed_phone(words)
        if phone is not None:
            return PHONE, phone
    if words.startswith("+"):
        raise ValueError("phone")
    if "@" in words:
        address = read_email(words)
        if address is None:
            raise ValueError("email")
        return EMAIL, address
    if _USER_ID.fullmatch(words):
        return TELEGRAM, words
    raise ValueError("unknown")
