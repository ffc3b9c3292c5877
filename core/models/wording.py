"""What the company says in its own words: texts instead of the desk's, notices of its own (G3)."""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class TextRow(Row):
    """What is said instead of the text ``code``: its ``forms`` by language, each a list.

    ``former`` has under ``words`` what stood on this button before: customers still have it.
    """

    __tablename__ = "own_text"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    position: Mapped[int]
    forms: Mapped[dict[str, Any]]
    former: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class NoticeRow(Row):
    """How people are told of an ``event``: for tickets of a topic or a category, or for all.

    ``texts`` by language, none where the desk's own words go; ``delay`` in seconds; ``told``: false
    where nobody is told. An entry that is not ``active`` is as if it were not there.
    """

    __tablename__ = "own_notice"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    event: Mapped[str] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(ForeignKey("topic.code"))
    category: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    channel: Mapped[str] = mapped_column(String(16))
    delay: Mapped[int]
    told: Mapped[bool]
    texts: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
