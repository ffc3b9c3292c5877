"""The IMAP door: as much of RFC 3501 and IDLE as programs use that fetch mail.

It drops connections and refuses logins when a test or a person asks for it.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from sandbox.mail.post_office import Folder, Letter, Mailbox, PostOffice

_WORD: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')
CAPABILITIES: Final = "IMAP4rev1 IDLE UIDPLUS MOVE"
LONGEST_LINE: Final = 65_536


@dataclass(slots=True)
class ImapServer:
    """Serves a post office. ``capabilities``: what it says that it can; ``drop_before``: a command
    at which the connection is cut, once; ``no_new_folders``: nobody may make any; ``no_deleting``:
    so often nothing is marked as deleted; ``idling``: how many times somebody has begun to wait
    for a call.
    """

    office: PostOffice
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    capabilities: str = CAPABILITIES
    read_only: bool = False
    no_new_folders: bool = False
    no_deleting: int = 0
    drop_before: str = ""
    logins: int = 0
    idling: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Listen; a free port is taken where none is given."""
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, limit=LONGEST_LINE, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections and close the door."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections, as a network does."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
                await _Session(self, reader, writer).run()
        finally:
            self._writers.discard(writer)
            writer.close()


class _Session:
    """One connection."""

    def __init__(
        self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._mailbox = Mailbox("")
        self._logged_in = False
        self._folder = Folder()
        self._told = 0  # the newest number of the folder that was told of
        self._commands: dict[str, Callable[[list[str]], Awaitable[str]]] = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "LOGIN": self._login,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "STATUS": self._status,
            "CREATE": self._create,
            "LIST": self._list,
            "UID": self._uid,
            "EXPUNGE": self._expunge,
            "CLOSE": self._noop,
        }

    async def run(self) -> None:
        self._say("* OK ready")
        while line := await self._reader.readline():
            tag, words = await self._words(line)
            command = words[0].upper() if words else ""
            if command == "LOGOUT":
                self._say("* BYE", f"{tag} OK bye")
                return
            named = " ".join(words[:2]).upper()
            if self._server.drop_before and named.startswith(self._server.drop_before):
                self._server.drop_before = ""
                self._writer.transport.abort()
                return
            if command == "IDLE":
                await self._idle(tag)
                continue
            await self._answer(tag, command, words[1:])
            await self._writer.drain()

    async def _answer(self, tag: str, command: str, words: list[str]) -> None:
        handler = self._commands.get(command)
        if handler is None:
            self._say(f"{tag} BAD unknown command")
        elif not self._logged_in and command not in ("LOGIN", "CAPABILITY", "NOOP"):
            self._say(f"{tag} NO log in first")
        else:
            answer = await handler(words)
            self._tell_news()
            self._say(f"{tag} {answer}")

    def _tell_news(self) -> None:
        """Tell once of mail that has come, with whatever is answered (RFC 3501, 7.3.1)."""
        newest = self._folder.next_uid - 1
        if newest > self._told:
            self._say(f"* {len(self._folder.letters)} EXISTS")
        self._told = newest

    async def _words(self, line: bytes) -> tuple[str, list[str]]:
        """The tag and the words of a command; literals are read on."""
        while found := re.search(rb"\{(\d+)\}\r?\n$", line):
            self._say("+ go on")
            literal = await self._reader.readexactly(int(found[1]))
            quoted = literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            line = line[: found.start()] + b'"' + quoted + b'"' + await self._reader.readline()
        found_words = [
            (re.sub(rb"\\(.)", rb"\1", quoted) if not plain and not group else group or plain)
            for quoted, group, plain in _WORD.findall(line)
        ]
        words = [word.decode("utf-8", "replace") for word in found_words]
        return (words[0], words[1:]) if words else ("*", [])

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._writer.write(line.encode() + b"\r\n")

    async def _capability(self, _words: list[str]) -> str:
        self._say(f"* CAPABILITY {self._server.capabilities}")
        return "OK done"

    async def _noop(self, _words: list[str]) -> str:
        return "OK done"

    async def _login(self, words: list[str]) -> str:
        found = self._server.office.mailboxes.get(words[0].lower())
        if found is None or found.password != words[1]:
            return "NO [AUTHENTICATIONFAILED] wrong user or password"
        self._mailbox, self._logged_in = found, True
        self._server.logins += 1
        return "OK logged in"

    def _find(self, name: str) -> Folder | None:
        return self._mailbox.folders.get("INBOX" if name.upper() == "INBOX" else name)

    async def _select(self, words: list[str]) -> str:
        folder = self._find(words[0])
        if folder is None:
            return "NO no such folder"
        self._folder = folder
        self._told = folder.next_uid - 1
        self._say(
            "* FLAGS (\\Seen \\Deleted)",
            f"* {len(folder.letters)} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDVALIDITY {folder.validity}] valid",
            f"* OK [UIDNEXT {folder.next_uid}] next",
        )
        return "OK [READ-WRITE] selected"

    async def _status(self, words: list[str]) -> str:
        folder = self._find(words[0])
        if folder is None:
            return "NO no such folder"
        known = {
            "MESSAGES": len(folder.letters),
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.validity,
            "UNSEEN": sum("\\Seen" not in letter.flags for letter in folder.letters),
            "RECENT": 0,
        }
        asked = words[1].strip("()").upper().split()
        said = " ".join(f"{name} {known[name]}" for name in asked)
        self._say(f'* STATUS "{words[0]}" ({said})')
        return "OK done"

    async def _create(self, words: list[str]) -> str:
        if self._server.no_new_folders:
            return "NO not allowed here"
        self._mailbox.folders.setdefault(words[0], Folder())
        return "OK created"

    async def _list(self, words: list[str]) -> str:
        if not words[-1]:
            self._say('* LIST (\\Noselect) "/" ""')
        asked = words[-1].replace("%", "*")
        for name in self._mailbox.folders:
            if fnmatchcase(name, asked):
                self._say(f'* LIST () "/" "{name}"')
        return "OK done"

    async def _expunge(self, words: list[str]) -> str:
        chosen = self._chosen(words[0]) if words else list(self._folder.letters)
        for letter in [one for one in chosen if "\\Deleted" in one.flags]:
            self._say(f"* {self._folder.letters.index(letter) + 1} EXPUNGE")
            self._folder.letters.remove(letter)
        return "OK done"

    async def _uid(self, words: list[str]) -> str:
        match words[0].upper():
            case "SEARCH":
                found = [str(letter.uid) for letter in self._searched(words[1:])]
                self._say(" ".join(("* SEARCH", *found)))
            case "FETCH":
                for letter in self._chosen(words[1]):
                    self._show(letter, " ".join(words[2:]).upper())
            case "STORE":
                return self._store(words[1:])
            case "MOVE" | "COPY" as verb:
                return self._transfer(words[1], words[2], move=verb == "MOVE")
            case "EXPUNGE":
                return await self._expunge(words[1:])
            case _:
                return "BAD unknown command"
        return "OK done"

    def _chosen(self, sequence: str) -> list[Letter]:
        chosen: set[int] = set()
        newest = max((letter.uid for letter in self._folder.letters), default=0)
        for part in sequence.split(","):
            first, _, last = part.partition(":")
            ends = [newest if end == "*" else int(end) for end in (first, last or first)]
            chosen.update(range(min(ends), max(ends) + 1))
        return [letter for letter in self._folder.letters if letter.uid in chosen]

    def _searched(self, words: list[str]) -> list[Letter]:
        asked = [word.strip("()").upper() for word in words]
        if asked[:1] == ["CHARSET"]:
            asked = asked[2:]
        found = list(self._folder.letters)
        for at, word in enumerate(asked):
            if word == "UNSEEN":
                found = [letter for letter in found if "\\Seen" not in letter.flags]
            elif word == "UID":
                chosen = self._chosen(asked[at + 1])
                found = [letter for letter in found if letter in chosen]
        return found

    def _show(self, letter: Letter, asked: str) -> None:
        number = self._folder.letters.index(letter) + 1
        start = f"* {number} FETCH (UID {letter.uid}"
        if "RFC822.SIZE" in asked:
            start += f" RFC822.SIZE {len(letter.raw)}"
        if "FLAGS" in asked:
            start += f" FLAGS ({' '.join(sorted(letter.flags))})"
        if "BODY" not in asked:
            self._say(f"{start})")
            return
        part = re.search(r"<0\.(\d+)>", asked)
        data = letter.raw[: int(part[1])] if part else letter.raw
        name = "BODY[]<0>" if part else "BODY[]"
        self._writer.write(f"{start} {name} {{{len(data)}}}\r\n".encode() + data + b")\r\n")

    def _store(self, words: list[str]) -> str:
        if self._server.read_only:
            return "NO this mailbox is read-only"
        flags = set(words[2].strip("()").split())
        if "\\Deleted" in flags and self._server.no_deleting > 0:
            self._server.no_deleting -= 1
            return "NO not now"
        for letter in self._chosen(words[0]):
            if words[1].startswith("-"):
                letter.flags -= flags
            else:
                letter.flags |= flags
        return "OK done"

    def _transfer(self, sequence: str, name: str, *, move: bool) -> str:
        target = self._find(name)
        if target is None:
            return "NO [TRYCREATE] no such folder"
        for letter in self._chosen(sequence):
            target.add(letter.raw).flags |= letter.flags
            if move:
                self._folder.letters.remove(letter)
        return "OK done"

    async def _idle(self, tag: str) -> None:
        self._say("+ idling")
        await self._writer.drain()
        done = asyncio.create_task(self._reader.readline())
        self._folder.news.clear()
        self._tell_news()
        self._server.idling += 1
        while not done.done():
            news = asyncio.create_task(self._folder.news.wait())
            await asyncio.wait({done, news}, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                self._folder.news.clear()
                self._tell_news()
            news.cancel()
        self._say(f"{tag} OK done")
