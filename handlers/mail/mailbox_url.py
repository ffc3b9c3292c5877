"""Reads one address of ``IMAP_URL``: where mail is fetched from, and how."""

import hashlib
import ipaddress
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

# scheme: (TLS, usual port)
SCHEMES: Final = {"imaps": (True, 993), "imap": (False, 143)}


@dataclass(frozen=True, slots=True)
class MailboxUrl:
    """A mailbox, and how to open it. ``done``: the folder for what was handled, if it is wanted;
    ``failed``: the folder for what could not be read.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str
    done: str | None = None
    failed: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``imaps://user:password@host:port/INBOX?done=Archive``.

        Raises ValueError with the second half of a sentence that quotes no password.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in SCHEMES:
            raise ValueError("must begin with imaps:// or imap://")
        if not parts.hostname or not parts.username:
            raise ValueError("names no user or no host; write / ? # @ in a password as %2F %3F …")
        tls, usual_port = SCHEMES[parts.scheme]
        asked = parse_qs(parts.query)
        if unknown := asked.keys() - {"insecure", "done", "failed"}:
            raise ValueError(f"has the unknown option {min(unknown)}")
        if not tls and not is_loopback(parts.hostname) and asked.get("insecure") != ["1"]:
            raise ValueError("sends the password unprotected: use imaps://, or add ?insecure=1")
        return cls(
            host=parts.hostname,
            port=parts.port or usual_port,
            tls=tls,
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            done=asked.get("done", [None])[0],
            failed=asked.get("failed", [None])[0],
        )

    def __str__(self) -> str:
        return f"{self.user} at {self.host}, {self.folder}"

    @property
    def folders(self) -> dict[str, str]:
        """Where a mail is moved to, by the state of its row in the inbox."""
        wanted = {"done": self.done, "quarantined": self.failed}
        return {state: folder for state, folder in wanted.items() if folder is not None}

    def spelled(self, delimiter: str) -> Self:
        """Return it with the server's sign between a folder and the one inside it, for ``/``."""
        if len(delimiter) != 1:  # a server without folders in folders
            return self
        folder, done, failed = (
            name and name.replace("/", delimiter) for name in (self.folder, self.done, self.failed)
        )
        return replace(self, folder=folder or "", done=done, failed=failed)

    @property
    def source(self) -> str:
        """The name of the mailbox among the sources of the inbox; never changes for one mailbox."""
        words = f"{self.user}@{self.host}/{self.folder}"
        return f"mail:{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def is_loopback(host: str) -> bool:
    """Return whether what is sent there stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
