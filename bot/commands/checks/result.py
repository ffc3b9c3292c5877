"""The result of one examination."""

from dataclasses import dataclass

from aiogram.exceptions import (
    AiogramError,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one examination; ``remedy`` says what to do when it is not fine."""

    what: str
    fine: bool
    remedy: str = ""

    def __str__(self) -> str:
        """A line for a terminal."""
        return f"ok     {self.what}" if self.fine else f"WRONG  {self.what}\n       → {self.remedy}"


def first_line(error: AiogramError) -> str:
    """Return the error without the server's answer."""
    return str(getattr(error, "message", error)).splitlines()[0]
