"""What the machine room remembers of itself: last sweep, last poll."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class Fact(Row):
    """A named value with the instant it was noted."""

    __tablename__ = "fact"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
    at: Mapped[datetime]
