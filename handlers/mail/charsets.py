"""Bytes of a mail as text, whatever its charset is called, and where that is wrong."""

from contextlib import suppress
from typing import Final

# Names that mail programs use, of charsets that Python knows by another one.
_CHARSETS: Final = {
    "ks_c_5601-1987": "cp949",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-cp1251": "cp1251",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "windows-874": "cp874",
}


def to_text(data: bytes, charset: str | None) -> str:
    """Bytes as text by the charset named, by UTF-8, or by Windows' Cyrillic."""
    name = (charset or "").strip().strip("\"'").lower()
    if name in ("unknown-8bit", "us-ascii", "ascii", "x-unknown", "default", "binary"):
        name = ""
    if name:
        with suppress(LookupError, UnicodeError, ValueError):
            return data.decode(_CHARSETS.get(name, name))
    if name.startswith("iso-2022"):
        with suppress(LookupError):
            return _japanese(data, name)
    with suppress(UnicodeError):
        return data.decode("utf-8")
    if not name and _is_nearly_utf8(data):
        return data.decode("utf-8", "replace")
    try:
        known = _CHARSETS.get(name, name) if name else "cp1251"
        return data.decode(known, "replace")
    except (LookupError, UnicodeError, ValueError):
        return data.decode("cp1251", "replace")


def _japanese(data: bytes, name: str) -> str:
    """All of its bytes are ASCII, and mean something else. Some signs are Windows' own, such as the
    № of Russian Outlook.
    """
    with suppress(UnicodeError):
        return data.replace(b"\x1b$B", b"\x1b$(Q").decode("iso2022_jp_2004")
    return data.decode(name, "replace")


def _is_nearly_utf8(data: bytes) -> bool:
    """Whether all but a few letters beyond ASCII are UTF-8: some program has cut it in the middle
    of one.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken * 5 <= sum(not sign.isascii() for sign in text)
