"""A ticket as one HTML file that needs nothing else: its words, its files with their hashes (H2).

What people wrote is text in it, and their files are only ever offered for saving: the page's own
policy lets nothing run and fetches nothing.
"""

import asyncio
import base64
import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, BinaryIO, Final

from channels.telegram.screens.journal import Names, draw_entry
from channels.telegram.screens.screen import Renderer
from core.files import Attachments, FileTooLarge, has_file, title_of
from core.reports.transcript import Transcript, TranscriptItem
from core.texts import Key
from core.words.names import clean_name, signature, visible

log = logging.getLogger(__name__)

_STYLE: Final = (
    ":root{color-scheme:light dark;--soft:#f1f3f5;--ours:#e3eefb;--note:#fff4d6;--quiet:#5b6470}"
    "@media (prefers-color-scheme:dark){:root{--soft:#24282d;--ours:#1d3350;--note:#3a321c;"
    "--quiet:#a4adb8}}"
    "body{font:1rem/1.45 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse}th{text-align:left;font-weight:400;color:var(--quiet)}"
    "th,td{padding:.15rem 1rem .15rem 0;vertical-align:top;overflow-wrap:anywhere}"
    "ol{list-style:none;padding:0}"
    "li.said{background:var(--soft);border-radius:.6rem;padding:.6rem .9rem;margin:0 0 .6rem}"
    "li.ours{background:var(--ours);margin-left:2rem}li.note{background:var(--note);"
    "margin-left:2rem}"
    "p{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".quiet,code{color:var(--quiet);font-size:.85rem;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto;display:block;margin:.4rem 0}ul{padding-left:1.1rem}"
    "@media print{li.said{break-inside:avoid}}"
)
# What a browser shows as a picture, by how its bytes begin; nothing of it can run.
_PICTURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)
# Bytes that a bot may send as a file, with room to spare.
LARGEST: Final = 49 * 1024 * 1024
_LATER: Final = timedelta(days=3653)
# Bytes that are kept for the words that follow a file.
_REST: Final = 1_000_000


def file_name(number: int, *, internal: bool) -> str:
    """Return what the file of a ticket is called; the name tells whose eyes it is for."""
    return f"ticket-{number}{'-internal' if internal else ''}.html"


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """How a transcript is written. ``largest``: bytes that the whole file may have; files that
    would make it larger are named in it, and left out. ``named``: operators' first names stand
    above their answers in what a customer may have; among us they always do, whole.
    ``fetch_within``: seconds for getting all files together; those that were not had by then are
    named as well. No file is got that has more bytes than there is room for.
    """

    renderer: Renderer
    names: Names
    attachments: Attachments
    named: bool = True
    largest: int | None = None
    fetch_within: float | None = None

    async def write(self, target: Path, transcript: Transcript) -> str:
        """Write the file, readable by its owner alone, and return its SHA-256. Raises OSError."""
        with os.fdopen(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            out, until = _Output(file), self._until()
            await out.put(self._head(transcript))
            for said in transcript.said:
                await out.put(self._words(said, internal=transcript.internal))
                if has_file(said.content):
                    await out.put(await self._file(said, self._room(out.size), until))
                await out.put("</li>")
            await out.put("</ol>" + "".join(self._journal(transcript)) + "</body></html>\n")
        return str(out.digest.hexdigest())

    # ------------------------------------------------------------------ the ticket

    def _head(self, transcript: Transcript) -> str:
        card, say = transcript.card, self.renderer.html
        title = say("transcript.title", number=card.number)
        policy = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        rows = "".join(
            f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in self._facts(transcript)
        )
        kind = say("transcript.internal" if transcript.internal else "transcript.public")
        made = say("transcript.made", at=self._at(self.renderer.now), zone=self.renderer.zone.key)
        return (
            f'<!DOCTYPE html><html lang="{self.renderer.locale}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            f"img-src data:; style-src 'sha256-{policy}'\"><title>{title}</title>"
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1><table>{rows}</table>"
            f'<p class="quiet">{made} {kind}</p><h2>{say("transcript.talk")}</h2><ol>'
        )

    def _facts(self, transcript: Transcript) -> Iterator[tuple[str, str]]:
        """What stands above the talk. A customer sees neither the title (A3) nor what the company
        calls its states: only what their own list says.
        """
        card, internal = transcript.card, transcript.internal
        own_words = self.renderer.html(f"own.state.{card.state.category}")
        facts: dict[str, Any] = {
            "subject": card.title if internal else None,
            "state": card.state.title(self.renderer.locale) if internal else own_words,
            "topic": card.topic,
            "customer": clean_name(card.customer),
            "assignee": clean_name(card.assignee or "") if internal else None,
            "opened_at": self._at(card.opened_at),
            "closed_at": None if card.closed_at is None else self._at(card.closed_at),
        }
        for name, value in facts.items():
            if value:
                yield self.renderer.html(f"export.{name}"), escape(visible(str(value)))

    def _journal(self, transcript: Transcript) -> Iterator[str]:
        if not transcript.entries:
            return
        yield f"<h2>{self.renderer.html('app.journal')}</h2><ul>"
        # a file stays: no day in it is «today», and each has its year
        later = replace(self.renderer, now=self.renderer.now + _LATER)
        for entry in transcript.entries:
            yield f"<li>{draw_entry(later, self.names, *entry)}</li>"
        yield "</ul>"

    # ------------------------------------------------------------------ words and files

    def _who(self, said: TranscriptItem, *, internal: bool) -> str:
        marks = [self.renderer.html("app.note")] if said.side == "note" else []
        marks += [
            f"{self.renderer.html(f'export.{name}')}: {self._at(at)}"
            for name in ("edited_at", "delivered_at", "withdrawn_at")
            if (at := getattr(said, name)) is not None
        ]
        told = " · ".join([self._at(said.at), *marks])
        name = self._name(said, internal=internal)
        return f'<b>{name}</b> <span class="quiet">{told}</span>'

    def _name(self, said: TranscriptItem, *, internal: bool) -> str:
        if internal or said.side != "ours":
            return escape(clean_name(said.author))
        if not self.named:
            return self.renderer.html("transcript.support")
        return escape(signature(said.author))

    def _words(self, said: TranscriptItem, *, internal: bool) -> str:
        who = self._who(said, internal=internal)
        words = "" if _only_names_file(said) else f"<p>{escape(visible(said.text))}</p>"
        return f'<li class="said {said.side}">{who}{words if said.text else ""}'

    def _until(self) -> float | None:
        """The instant, of the loop's clock, from which no file is waited for any more."""
        if self.fetch_within is None:
            return None
        return asyncio.get_running_loop().time() + self.fetch_within

    def _room(self, written: int) -> int | None:
        """Bytes that a file may have to fit, which takes four thirds of them."""
        if self.largest is None:
            return None
        return max(self.largest - _REST - written, 0) * 3 // 4

    async def _file(self, said: TranscriptItem, room: int | None, until: float | None) -> str:
        say, title = self.renderer.html, escape(visible(title_of(said.content, said.text)))
        kind = Key(f"kind.{said.content.get('kind')}")
        named = f"{say('transcript.file', kind=kind)} <b>{title}</b>"
        try:
            async with asyncio.timeout_at(until):
                data = await self.attachments.read(said.content, room)
        except FileTooLarge as error:
            told = ", ".join((named, *self._known_of(said, error.size)))
            return f'<p class="quiet">{told}<br>{say("transcript.left_out")}</p>'
        except OSError as error:  # no answer in time is one
            log.warning("a file is left out of a transcript: %s", type(error).__name__)
            return f'<p class="quiet">{named}<br>{say("transcript.no_file")}</p>'
        digest, body = await asyncio.to_thread(_read, data)
        told = (
            f"{named}, {say('transcript.bytes', size=len(data))}<br>SHA-256 <code>{digest}</code>"
        )
        return f'<p class="quiet">{told}</p>{_enclosed(data, body, title, say("transcript.save"))}'

    def _known_of(self, said: TranscriptItem, size: int) -> Iterator[str]:
        """What is known of a file without reading it: we keep ours under their hashes."""
        if size:
            yield self.renderer.html("transcript.bytes", size=size)
        if said.content.get("file"):
            yield f"SHA-256 <code>{escape(str(said.content['file']['name']))}</code>"

    def _at(self, at: datetime) -> str:
        return f"{at.astimezone(self.renderer.zone):%Y-%m-%d %H:%M:%S}"


@dataclass(slots=True)
class _Output:
    """What is written, and how much of it there is."""

    file: BinaryIO
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    async def put(self, html: str) -> None:
        data = html.encode("utf-8", "replace")
        self.size += len(data)
        await asyncio.to_thread(self._put, data)

    def _put(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)


def _only_names_file(said: TranscriptItem) -> bool:
    """The text is the name of the file, which stands below it anyway."""
    return has_file(said.content) and not said.content.get("text")


def _read(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), base64.b64encode(data).decode()


def _enclosed(data: bytes, body: str, title: str, save: str) -> str:
    """The file itself: shown where it is a picture, else to be saved. ``title``: HTML."""
    for begins, kind in _PICTURES:
        if data.startswith(begins):
            return f'<img alt="{title}" src="data:{kind};base64,{body}">'
    return f'<a download="{title}" href="data:application/octet-stream;base64,{body}">{save}</a>'
