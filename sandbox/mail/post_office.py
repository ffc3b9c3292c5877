"""Mailboxes in memory: what IMAP shows and SMTP fills."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Letter:
    """A mail in a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Folder:
    """Mails in the order of their arrival; ``news`` is set when one arrives."""

    validity: int = 1
    letters: list[Letter] = field(default_factory=list)
    next_uid: int = 1
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, raw: bytes) -> Letter:
        """Put a mail at the end."""
        letter = Letter(self.next_uid, raw)
        self.next_uid += 1
        self.letters.append(letter)
        self.news.set()
        return letter


@dataclass(slots=True)
class Mailbox:
    """Somebody's folders, by name."""

    password: str
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})

    @property
    def inbox(self) -> Folder:
        """Where mail arrives."""
        return self.folders["INBOX"]


@dataclass(slots=True)
class PostOffice:
    """All mailboxes by address, in lower case. ``listeners`` hear of each mail that was put in."""

    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    listeners: list[Callable[[str, Letter], None]] = field(default_factory=list)

    def open(self, address: str, password: str = "") -> Mailbox:
        """Return the mailbox of the address, a new one if there is none."""
        return self.mailboxes.setdefault(address.lower(), Mailbox(password))

    def deliver(self, address: str, raw: bytes) -> Letter:
        """Put a mail into the mailbox of the address."""
        letter = self.open(address).inbox.add(raw)
        for listener in self.listeners:
            listener(address.lower(), letter)
        return letter
