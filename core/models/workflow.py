"""States and moves are rows, so that a company can have its own (B1)."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class StateRow(Row):
    """A state a ticket can be in. Behaviour follows the flags and the category, never the code."""

    __tablename__ = "state"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    category: Mapped[str] = mapped_column(String(16))
    initial: Mapped[bool] = mapped_column(default=False)
    pause: Mapped[bool] = mapped_column(default=False)
    resolution: Mapped[bool] = mapped_column(default=False)
    final: Mapped[bool] = mapped_column(default=False)


class MoveRow(Row):
    """An allowed move: in ``source``, ``verb`` leads to ``target``."""

    __tablename__ = "move"

    source: Mapped[str] = mapped_column(ForeignKey("state.code"), primary_key=True)
    verb: Mapped[str] = mapped_column(String(16), primary_key=True)
    target: Mapped[str] = mapped_column(ForeignKey("state.code"))
