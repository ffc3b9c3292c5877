"""Versions of the company's directory."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class DirectoryVersion(Row):
    """The whole directory as it was from this instant on, as a file, and who made it so.

    ``origin``: ``file``, ``chat``, ``screen`` or ``restore``; ``start`` is what was there before
    the first change.
    """

    __tablename__ = "directory_version"

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    origin: Mapped[str] = mapped_column(String(8))
    document: Mapped[str] = mapped_column(Text)
