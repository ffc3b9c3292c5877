"""Files that came by ways which do not keep them for us: by name, in a folder or in S3.

A file's name is the hash of its bytes, so storing it again changes nothing. It is stored before the
row that names it is committed; what a killed process leaves without a row harms nobody.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from core.tx import demand_no_transaction

NAME_LENGTH: Final = 64
# What a probe stores; nothing else has these bytes.
PROBE: Final = b"python -m bot check: can files be stored here?"
_NAME_SIGNS: Final = frozenset("0123456789abcdef")
# Seconds in which a bucket must have answered; a call that fails is made again until then.
ANSWER_WITHIN: Final = 30.0


class FileStore(Protocol):
    """Keeps bytes under the name that `name_of` gives them."""

    async def put(self, data: bytes) -> str:
        """Store the bytes durably and return their name. Raises OSError."""
        ...

    async def read(self, name: str) -> bytes:
        """Return the bytes of that name. Raises OSError, FileNotFoundError for an unknown one."""
        ...

    async def delete(self, name: str) -> None:
        """Delete the bytes of that name, if they are there. Raises OSError."""
        ...

    async def probe(self) -> None:
        """See that bytes can be stored and read here; leave nothing. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class LinkedFiles:
    """A store, and where its files can be fetched by whoever has the link.

    ``link``: name and title → the address, or None where nothing is served.
    """

    store: FileStore
    link: Callable[[str, str], Awaitable[str | None]]


FetchFile = Callable[[str, int | None], Awaitable[bytes]]
"""Returns the bytes of a file that lies in the channel where it was said, of at most so many bytes.
Raises OSError, `FileTooLarge`.
"""


class FileTooLarge(OSError):
    """A file was not read, because it has more bytes than were wanted. ``size``: its bytes, 0 where
    nobody knows.
    """

    def __init__(self, size: int = 0) -> None:
        super().__init__(f"{size} bytes are too many")
        self.size = size


LONGEST_NAME: Final = 120
_UNSAFE: Final = re.compile(
    r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff/\\:*?"<>|]+'
)
_ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
    "message/rfc822": ".eml",
    "audio/wav": ".wav",
}
# What a file is called that came without a name, by kind of message.
_TITLES: Final[Mapping[str, str]] = {
    "photo": "photo.jpg",
    "video": "video.mp4",
    "animation": "animation.mp4",
    "voice": "voice.ogg",
    "video_note": "video.mp4",
    "audio": "audio.mp3",
    "sticker": "sticker.webp",
}


def usable_name(name: str, kind: str, number: int) -> str:
    """Return a name without folders, signs that do not show, half characters, or a leading dot.

    ``kind``: the media type that the sender claims; ``number``: of the file, where it has no name.
    """
    clean = _UNSAFE.sub("_", name).strip(" ._")
    if not clean:
        ending = _ENDINGS.get(kind) or ".bin"
        return f"file-{number + 1}{ending}"
    stem, dot, ending = clean.rpartition(".")
    if dot and len(ending) < 10:  # noqa: PLR2004 longer than any ending
        return f"{stem[: LONGEST_NAME - 10]}.{ending}"
    return clean[:LONGEST_NAME]


def has_file(content: Mapping[str, Any]) -> bool:
    """Return whether a message with this content brings a file."""
    return bool(content.get("file") or content.get("file_id"))


def name_of_file(content: Mapping[str, Any]) -> str:
    """Return the name that somebody has given a message's file; empty: none, or there is no file.

    The text of a document without words is its name already.
    """
    if content.get("file"):
        return str(content["file"]["title"])
    return str((content.get("more") or {}).get("name") or "")


def title_of(content: Mapping[str, Any], text: str = "") -> str:
    """Return what a message's file is called. ``text``: what the message is shown by, which is the
    file's name where it has no words of its own.
    """
    if content.get("file"):
        return str(content["file"]["title"])
    kind = str(content.get("kind"))
    named = str((content.get("more") or {}).get("name") or "")
    if kind == "document" and not content.get("text"):
        named = named or text
    return named or _TITLES.get(kind, "file")


@dataclass(frozen=True, slots=True)
class Attachments:
    """The files of messages, wherever they lie: with us, or in the channel they came by."""

    store: FileStore | None
    fetch: FetchFile | None

    async def read(self, content: Mapping[str, Any], most: int | None = None) -> bytes:
        """Return the bytes of a message's file. Raises OSError where they cannot be had, and
        `FileTooLarge` without reading them where they are more than ``most``.
        """
        if content.get("file") and self.store is not None:
            size = int(content["file"].get("size", 0))
            if most is not None and size > most:
                raise FileTooLarge(size)
            return await self.store.read(str(content["file"]["name"]))
        if content.get("file_id") and self.fetch is not None:
            return await self.fetch(str(content["file_id"]), most)
        raise FileNotFoundError("nobody here hands it out")


def name_of(data: bytes) -> str:
    """Return the name under which these bytes are kept."""
    return hashlib.sha256(data).hexdigest()


def store_at(url: str) -> FileStore:
    """Return the store of ``FILES_URL``: ``file://folder`` or ``s3://bucket/folder``."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return BucketStore(url)
    return FolderStore(Path(unquote(parts.netloc + parts.path)))


def _checked(name: str) -> str:
    """Whatever a forged row names, it is no path."""
    if len(name) != NAME_LENGTH or not _NAME_SIGNS.issuperset(name):
        raise FileNotFoundError(name[:NAME_LENGTH])
    return name


class FolderStore:
    """Keeps files in a folder of this machine, readable by its own user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        """See `FileStore`."""
        return await asyncio.to_thread(self._put, data)

    async def read(self, name: str) -> bytes:
        """See `FileStore`."""
        return await asyncio.to_thread(self._path(_checked(name)).read_bytes)

    async def delete(self, name: str) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(self._path(_checked(name)).unlink, missing_ok=True)

    async def probe(self) -> None:
        """See `FileStore`. A folder that is not there yet is not made: whoever asks may be another
        user than the desk.
        """
        await asyncio.to_thread(self._probe)

    def _probe(self) -> None:
        way = (self._folder, *self._folder.absolute().parents)
        there = next(folder for folder in way if folder.exists())
        with tempfile.NamedTemporaryFile(dir=there) as file:
            file.write(PROBE)
            file.flush()
            Path(file.name).read_bytes()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _put(self, data: bytes) -> str:
        name = name_of(data)
        path = self._path(name)
        if path.exists():
            return name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # whole or not at all, also when the machine stops in between
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        return name


class BucketStore:
    """Keeps files in a bucket that speaks S3; keys and region come from the usual AWS variables.

    Whatever goes wrong with the server is a `ConnectionError`, which may be over later.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Any = None

    async def put(self, data: bytes) -> str:
        """See `FileStore`."""
        name = name_of(data)
        async with _call(FileNotFoundError):  # of the bucket
            # in one piece: it is there whole or not at all, and no mail is so large as to need more
            await self._store().put_async(name, data, use_multipart=False)
        return name

    async def read(self, name: str) -> bytes:
        """See `FileStore`."""
        async with _call():
            try:
                found = await self._store().get_async(_checked(name))
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise ConnectionError("there is no such bucket") from error
                raise
            return bytes(await found.bytes_async())

    async def delete(self, name: str) -> None:
        """See `FileStore`."""
        name = _checked(name)
        async with _call(FileNotFoundError):
            await self._store().delete_async(name)

    async def probe(self) -> None:
        """See `FileStore`."""
        name = await self.put(PROBE)
        await self.read(name)
        await self.delete(name)

    def _store(self) -> Any:
        if self._opened is None:
            from obstore.store import from_url

            self._opened = from_url(self._url)
        return self._opened


@asynccontextmanager
async def _call(*also: type[Exception]) -> AsyncIterator[None]:
    """Let errors of the library, and ``also`` these, be `ConnectionError`, in few words; the
    library would try again for minutes.
    """
    from obstore.exceptions import BaseError

    demand_no_transaction("S3")
    failures: tuple[type[Exception], ...] = (BaseError, TimeoutError, *also)
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            yield
    except failures as error:
        words = str(error)[:200] or "no answer"
        raise ConnectionError(f"the bucket cannot be used: {words}") from error
