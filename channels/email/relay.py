"""Reads ``SMTP_URL``: where mail is handed over, and how."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

# scheme: (TLS from the first byte, STARTTLS, usual port)
SCHEMES = {
    "smtp": (False, False, 25),
    "smtps": (True, False, 465),
    "smtp+starttls": (False, True, 587),
}
# The settings demand it where a password would leave the machine unprotected.
_OPTIONS = frozenset({"", "insecure=1"})


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server and how to speak to it.

    The URL alone says how a connection is protected. aiosmtplib's own default ("STARTTLS if
    offered") falls back to plain text without notice, so exactly one of the two flags, or neither,
    is always passed on.
    """

    host: str
    port: int
    use_tls: bool
    start_tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``smtp://``, ``smtps://`` or ``smtp+starttls://user:password@host:port``.

        Raises ValueError with a line for the administrator that does not repeat the password.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in SCHEMES:
            raise ValueError("SMTP_URL begins with smtp://, smtps:// or smtp+starttls://")
        if not parts.hostname:
            raise ValueError("SMTP_URL names no host")
        if parts.path not in {"", "/"} or parts.query not in _OPTIONS or parts.fragment:
            raise ValueError(
                "SMTP_URL ends after the port; write / ? # in a password as %2F %3F %23"
            )
        use_tls, start_tls, usual_port = SCHEMES[parts.scheme]
        return cls(
            host=parts.hostname,
            port=_port(parts) or usual_port,
            use_tls=use_tls,
            start_tls=start_tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
        )


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        # urllib's message quotes it: it may be part of a password with an unquoted @ or /
        raise ValueError("SMTP_URL: the port is a number up to 65535") from None
