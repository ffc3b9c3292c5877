"""Separates a mail's new words from what programs write around them: quotations, marks. Pure.

Rules as tables, for Russian and English programs. In doubt nothing is cut: new words lost would be
a fault, old ones shown twice are not. The whole text is kept by whoever asks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

# Lines that may make up one attribution: programs break them.
LONGEST_ATTRIBUTION: Final = 4
LONGEST_LINE: Final = 300
# So many lines of From, Sent, To and Subject make a header block.
LEAST_FIELDS: Final = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """``new``: the words of this mail. ``whole``: all of it, where something was cut, or empty."""

    new: str
    whole: str = ""


_DAY: Final = (
    r"(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|сред[ау]|четверг|пятниц[ау]|суббот[ау]|"
    r"воскресенье)"
)
_DATE: Final = (
    r"(?:\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}\.? [а-яёa-z]{3,9}\.?,? \d{4})"
)
_TIME: Final = r"\d{1,2}[:.]\d{2}"
_ADDRESS: Final = r"[<\[(]?(?:mailto:)?[\w.+%'-]+@[\w.-]+[>\])]?"
_WROTE: Final = (
    r"(?:wrote|writes|schrieb|пишет|писала?|написала?|написал\(а\)|написали|"
    r"сообщила?|сообщает)"
)
# What stands above a quotation; each is matched against up to four joined lines.
ATTRIBUTIONS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Gmail, Apple Mail, Thunderbird: On …, Name <address> wrote:
        rf"(?:on|am|в|во)\b.{{4,200}}\b{_WROTE}\s*:",
        # Apple Mail, Thunderbird: 12 нояб. 2026 г., в 10:21, Имя <адрес> написал(а):
        rf".{{0,40}}{_DATE}.{{0,150}}\b{_WROTE}\s*:",
        # Gmail: чт, 12 нояб. 2026 г. в 10:21, Имя <адрес>:
        rf"{_DAY}\b.{{0,20}}{_DATE}.{{0,12}}\b{_TIME}.{{0,120}}{_ADDRESS}\s*:",
        # Mail.ru: Четверг, 12 ноября 2026, 10:21 +03:00 от Имя <адрес>:
        rf".{{0,14}}{_DATE}.{{0,10}}{_TIME}.{{0,20}}\b(?:от|from)\b.{{1,150}}:",
        # Yandex: 12.11.2026, 10:21, "Имя" <адрес>:
        rf"{_DATE},?\s+(?:в\s+)?{_TIME}(?::\d\d)?,?\s.{{0,120}}{_ADDRESS}\s*(?:{_WROTE}\s*)?:",
        # Outlook for phones, GMX: Name <address> wrote on …:
        rf".{{0,80}}{_ADDRESS}.{{0,20}}\b{_WROTE}\b.{{0,80}}:",
        # The Bat: Здравствуйте, Имя. Вы писали 12 ноября 2026 г., 10:21:
        r"(?:вы писали|you wrote)\b.{0,60}:",
    )
)
BEGINNINGS: Final = (ATTRIBUTIONS[0], ATTRIBUTIONS[2], ATTRIBUTIONS[-1])
# Lines below which all is old. Each repetition has an end: the next one takes the same signs, and
# a line of many thousands of them would be tried in each way (S28).
DIVIDERS: Final = re.compile(
    r"[-_* ]{3,200}\s{0,9}(?:original message|original appointment|исходное сообщение|"
    r"оригинальное сообщение|первоначальное сообщение|ursprüngliche nachricht)"
    r"\s{0,9}:?\s{0,9}[-_* ]{0,200}$"
    r"|(?:original message|исходное сообщение):?$",
    re.IGNORECASE,
)
# Lines below which all is what somebody passes on: it is the very matter of the mail.
FORWARDED: Final = re.compile(
    r"[-_* ]{2,200}\s{0,9}(?:forwarded message|пересылаемое сообщение|перенаправленное сообщение|"
    r"пересланное сообщение|переадресованное сообщение)|begin forwarded message:|"
    r"начало переадресованного сообщения:|начало пересылаемого сообщения:|"
    r"-{5,}\s*(?:конец пересылаемого|end of forwarded)",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"\*?(from|sent|date|to|cc|subject|reply-to|importance|"
    r"от|от кого|отправлено|дата|кому|копия|тема|отправитель|получатель)\s*:\*?\s*.*",
    re.IGNORECASE,
)
_FIRST_FIELD: Final = re.compile(r"\*?(from|от|от кого|отправитель)\s*:", re.IGNORECASE)
# What an answering program puts before a subject, and one that answers by itself.
REPLY_MARKS: Final = re.compile(
    r"^\s*((re|fwd?|aw|ответ|отв|ha|на)(\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
AUTOMATIC_SUBJECT: Final = (
    r"(автоответ|automatic reply|auto-?reply|out of office|autosvar)\b.{0,3}:"
)
_RULE: Final = re.compile(r"[_-]{5,}$")


def cut_quotes(text: str) -> Cut:
    """Return the new words; all of it where nothing is quoted, or nothing but quotations."""
    lines = text.replace("\u00a0", " ").strip("\n").split("\n")
    kept = _kept(lines)
    new = _tidy(kept)
    whole = _tidy(lines)
    if not new or new == whole:
        return Cut(whole)
    return Cut(new, whole)


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _kept(lines: list[str]) -> list[str]:
    end = _forwarded_at(lines)
    passed_on = lines[end:]
    lines = lines[:end]
    header = _header_at(lines)
    if header is not None and any(line.strip() for line in lines[:header]):
        # an answer above the old mail, by a program that marks no line of it
        return _without_marked(lines[:header])
    return _without_marked(lines) + passed_on


def _forwarded_at(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        if not line.startswith(">") and FORWARDED.match(line.strip()):
            return at
    return len(lines)


def _header_at(lines: list[str]) -> int | None:
    """Where the unmarked old mail begins: a divider, or a block of From, Sent, To, Subject."""
    for at, line in enumerate(lines):
        bare = line.strip()
        if DIVIDERS.match(bare):
            return at
        if _FIRST_FIELD.match(bare) and _is_header_block(lines[at : at + 8]):
            before = at - 1
            while before > 0 and not lines[before].strip():
                before -= 1
            return before if before >= 0 and _RULE.match(lines[before].strip()) else at
    return None


def _is_header_block(lines: list[str]) -> bool:
    fields = 0
    for line in lines:
        if _FIELD.match(line.strip()):
            fields += 1
        elif line.strip() and fields < 2:  # noqa: PLR2004 a wrapped line comes after the second
            return False
    return fields >= LEAST_FIELDS


def _without_marked(lines: list[str]) -> list[str]:
    """Without lines marked by ``>`` and the attribution above them.

    An answer between quotations is not understood without them: then they stay.
    """
    blocks = _marked_blocks(lines)
    if not blocks:
        return _without_unmarked(lines)
    last = blocks[-1][1]
    between = [lines[end:start] for (_, end), (start, _) in pairwise(blocks)]
    if any(map(_says_something, between)):
        # an answer point by point; what is quoted below the last one is of no use
        return lines if _says_something(lines[last:]) else lines[: blocks[-1][0]]
    first = blocks[0][0]
    return [*lines[:first], "", *lines[last:]]


def _says_something(lines: list[str]) -> bool:
    return any(line.strip() and not _RULE.match(line.strip()) for line in lines)


def _marked_blocks(lines: list[str]) -> list[tuple[int, int]]:
    """Where quotations begin, with their attribution, and end."""
    blocks: list[tuple[int, int]] = []
    at = 0
    while at < len(lines):
        if not lines[at].lstrip().startswith(">"):
            at += 1
            continue
        end = at
        while end < len(lines) and (lines[end].lstrip().startswith(">") or _goes_on(lines, end)):
            end += 1
        start = _attribution_above(lines, at)
        blocks.append((start, end))
        at = end
    return blocks


def _goes_on(lines: list[str], at: int) -> bool:
    """An empty line within a quotation."""
    return not lines[at].strip() and at + 1 < len(lines) and lines[at + 1].lstrip().startswith(">")


def _attribution_above(lines: list[str], at: int) -> int:
    """The line where the attribution above this line begins; the line itself without one."""
    end = at
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    found = at
    for length in range(1, LONGEST_ATTRIBUTION + 1):
        start = end - length
        if start < 0 or not lines[start].strip():
            break
        # the shortest, or a longer one that begins as only an attribution does
        kinds = ATTRIBUTIONS if found == at else BEGINNINGS
        if _is_attribution(lines[start:end], kinds):
            found = start
    return found


def _is_attribution(lines: list[str], kinds: Sequence[re.Pattern[str]] = ATTRIBUTIONS) -> bool:
    joined = " ".join(line.strip() for line in lines)
    if len(joined) > LONGEST_LINE or not joined.endswith(":"):
        return False  # each kind ends so, and matching costs more than looking
    return any(pattern.fullmatch(joined) for pattern in kinds)


def _without_unmarked(lines: list[str]) -> list[str]:
    """Without what follows an attribution that no marked line follows, below an answer."""
    first = next((at for at, line in enumerate(lines) if _says_something([line])), len(lines))
    for at in range(first + 1, len(lines)):
        if not lines[at].strip():
            continue
        for length in range(1, LONGEST_ATTRIBUTION + 1):
            part = lines[at : at + length]
            if len(part) < length or not part[-1].strip():
                break
            if _is_attribution(part) and _says_something(lines[at + length :]):
                return lines[:at]
    return lines
