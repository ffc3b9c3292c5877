"""Forms with files: looked at before they are read, read to disk, stored under clean names (S17).

A file is never shown by us: operators get it as they get the files of a mail.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from core.desk import Desk
from core.files import FileStore, usable_name
from core.integrations.intake import Brought
from core.integrations.unused_uploads import note_uploads
from handlers.http.guard import MOST_UPLOAD, is_multipart
from handlers.http.pages.form import MOST_FIELDS, Fields, as_typed, read_fields

# Files of one form; of more the form is shown again. Beyond the second number it is not read on.
MOST_FILES: Final = 10
_READ_FILES: Final = 300
_LONGEST_FIELD: Final = 100_000
# Seconds for what stands before the first file to come, where the files are not read.
_PATIENCE: Final = 3.0
_UNREADABLE: Final = 400


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields, and the files that it brings. ``unread``: the key of why it was not read;
    the fields are those that stand before its first file. ``fault``: what is wrong with the files.
    """

    fields: Fields
    files: Sequence[UploadFile] = ()
    fault: str | None = None
    unread: str | None = None


async def read_form(request: Request, unread: str | None = None) -> Form:
    """Return what was sent; large files wait on the disk until the request ends. ``unread``: the
    key of why no file of it is to be read.
    """
    if not is_multipart(request.headers):
        return Form(await read_fields(request))
    if int(request.headers.get("content-length", "0")) > MOST_UPLOAD:
        unread = "web.fault.large"
    if unread is not None:
        return Form(await _read_beginning(request), unread=unread)
    try:
        form = await request.form(
            max_files=_READ_FILES, max_fields=MOST_FIELDS, max_part_size=_LONGEST_FIELD
        )
    except (HTTPException, UnicodeError) as error:  # some encodings refuse in a way of their own
        if getattr(error, "status_code", _UNREADABLE) != _UNREADABLE:
            raise
        return Form({}, unread="web.fault.form")
    fields = _typed(form.multi_items())
    files = [one for _, one in form.multi_items() if isinstance(one, UploadFile) and one.filename]
    return Form(fields, files, "web.fault.files" if len(files) > MOST_FILES else None)


async def _read_beginning(request: Request) -> Fields:
    """The fields before the first file, so that nobody has to type them again."""
    limits = {"max_files": 0, "max_fields": MOST_FIELDS, "max_part_size": _LONGEST_FIELD}
    async with aclosing(request.stream()) as stream:
        parser = MultiPartParser(request.headers, stream, **limits)
        with suppress(MultiPartException, UnicodeError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await parser.parse()
    return _typed(parser.items)


def _typed(items: Iterable[tuple[str, UploadFile | str]]) -> Fields:
    return {
        _sayable(name): _sayable(as_typed(value)) for name, value in items if isinstance(value, str)
    }


def _sayable(text: str) -> str:
    """Return a text without what UTF-8 cannot say: a form may claim any encoding."""
    return text.encode("utf-8", "replace").decode()


async def store_files(
    files: Sequence[UploadFile], store: FileStore, desk: Desk
) -> list[Mapping[str, Any]]:
    """Store the files, and return them as messages name them. Raises OSError; what was stored until
    then is noted to be deleted.
    """
    stored: list[Mapping[str, Any]] = []
    try:
        for number, file in enumerate(files):
            data = await file.read()
            title = usable_name(file.filename or "", file.content_type or "", number)
            stored.append({"name": await store.put(data), "title": title, "size": len(data)})
    except OSError:
        await note_stored(desk, stored)
        raise
    return stored


async def bring(
    desk: Desk, files: Sequence[Mapping[str, Any]], bringing: Awaitable[Brought]
) -> Brought:
    """Return what was brought with these stored files; what was refused, or known already, leaves
    them to be deleted. Raises what ``bringing`` raises.
    """
    try:
        brought = await bringing
    except Exception:
        await note_stored(desk, files)
        raise
    if brought.known:
        await note_stored(desk, files)
    return brought


async def note_stored(desk: Desk, files: Sequence[Mapping[str, Any]]) -> None:
    """Note that these stored files may be nobody's."""
    if files:
        await desk.run(note_uploads, [str(file["name"]) for file in files])
