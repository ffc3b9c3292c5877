"""People: customers and those who help them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class Person(Row):
    """Somebody the desk talks with.

    ``dialogue`` is the step of a dialogue they are in, so that it survives a restart.
    ``unreachable_since`` is set when Telegram says that they blocked the bot (R12).
    ``operator_since`` is set while they are a member of the operator group (G1).
    ``admin_since`` is set when they were made an admin here; ``ADMIN_IDS`` makes others.
    ``zone`` is their own time zone, if they have said it.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(String(200))
    username: Mapped[str | None] = mapped_column(String(64), index=True)
    language: Mapped[str] = mapped_column(String(8))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    dialogue: Mapped[dict[str, Any] | None]
    unreachable_since: Mapped[datetime | None]
    operator_since: Mapped[datetime | None]
    operator_left: Mapped[datetime | None]
    admin_since: Mapped[datetime | None]
    zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
