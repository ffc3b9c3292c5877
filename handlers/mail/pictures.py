"""Pictures that a mail shows within its text, rather than brings as files."""

from collections.abc import Sequence
from email.message import Message
from typing import Final

from handlers.mail.html_text import text_of_html

# Finding one means reading the HTML once more.
MOST_PICTURES: Final = 10


def words_above(part: Message, html: Sequence[str]) -> str | None:
    """Return the words that stand above a picture in the mail's HTML; ``None``: it is a file, or
    shown nowhere.
    """
    named = str(part.get("Content-ID", "")).strip().strip("<>")
    if not named or part.get_content_disposition() == "attachment":
        return None
    if part.get_content_maintype() != "image":
        return None
    for one in html:
        at = one.find(f"cid:{named}")
        if at >= 0:
            return text_of_html(one[:at])
    return None
