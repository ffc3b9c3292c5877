"""The index of the search: which words a ticket has."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class SearchWord(Row):
    """The stem of a word that stands in a ticket: its title, its messages, its customer's name.

    Stems are compared byte by byte, so that all with one beginning stand together.
    """

    __tablename__ = "search_word"
    __table_args__ = ({"sqlite_with_rowid": False},)

    word: Mapped[str] = mapped_column(
        String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True
    )
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
