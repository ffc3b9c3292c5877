"""Files of the company that go with canned responses and articles (E1, B13): as rows name them, and
as words that are sent with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

from core.addresses import MessageRef
from core.tickets.incoming import IncomingMessage, file_messages

MOST: Final = 10
"""Files of one response or article: as many as one album has in a chat."""
LARGEST_TOGETHER: Final = 19_000_000
"""Bytes of all of them: more is neither handed out by a messenger nor taken by mail servers."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file in the store: ``name`` of its bytes there, ``title`` for people, ``size`` in bytes."""

    name: str
    title: str
    size: int


def attached(options: Mapping[str, Any]) -> tuple[AttachedFile, ...]:
    """Return the files that a column ``options`` names."""
    return tuple(AttachedFile(**file) for file in options.get("files", ()))


def stored(files: Sequence[AttachedFile]) -> dict[str, Any]:
    """Return what the column ``options`` is to hold of them."""
    return {"files": [asdict(file) for file in files]} if files else {}


def words_with(
    ref: MessageRef, text: str, files: Sequence[AttachedFile], **content: Any
) -> list[IncomingMessage]:
    """Return the words, if there are any, and then the files, as messages under one reference.

    All of them are one answer: they go in order, are one mail, and are taken back together.
    """
    album = sha256(str(ref).encode()).hexdigest()[:40] if files and (text or files[1:]) else None
    said = IncomingMessage(ref, "text", text, {"kind": "text", "text": text, **content}, album)
    enclosed = [
        IncomingMessage(ref, one.kind, one.text, {**one.content, **content}, album)
        for one in file_messages(ref, [asdict(file) for file in files])
    ]
    return [said, *enclosed] if text else enclosed
