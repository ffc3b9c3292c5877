"""What Telegram's refusals mean: a table from its words to what the courier can do about it."""

import re
from enum import Enum, auto
from typing import Any, Final

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from channels.telegram.client.http_connection import NotSent
from core.delivery.channel import SendError

LONGEST_DETAIL: Final = 200
# When Telegram says «too many» and not for how long.
SOME_TIME: Final = 5.0


class ApiRefusal(Enum):
    """A refusal that the operation itself can deal with."""

    UNCHANGED = auto()
    """The message has this content already."""

    GONE = auto()
    """The message to change does not exist (any more)."""

    FOREIGN = auto()
    """The message to change exists, and cannot be changed by us (any more)."""

    OTHER_KIND = auto()
    """The message to change has no words of this kind: a file's are a caption."""

    REPLY_LOST = auto()
    """The message to reply to was deleted."""

    QUOTE_LOST = auto()
    """The message to reply to does not have the words that are quoted (any more)."""

    UNREADABLE = auto()
    """The markup was not understood."""

    TOPIC_LOST = auto()
    """The topic was deleted."""

    TOPIC_CLOSED = auto()
    """The topic is closed, and we may not write there."""

    NO_FORUM = auto()
    """The group has no topics (any more)."""


class NoRoom(AiogramError):
    """The chat has no room for this call so soon, and whoever asked for it does not wait longer."""


# All that a call may fail with: Telegram's words, our pace, the line, a proxy's page in no letters.
TROUBLES: Final = (AiogramError, OSError, UnicodeError)
# Of these, what is no fault of the call: the same one may succeed later.
_PASSING: Final = (
    TelegramNetworkError,
    TelegramServerError,
    TelegramRetryAfter,
    ClientDecodeError,
    NoRoom,
)


def is_passing(error: BaseException) -> bool:
    """True if Telegram cannot be reached now."""
    return isinstance(error, _PASSING)


class Refused(Exception):
    """Telegram refused in a way that may be overcome."""

    def __init__(self, refusal: ApiRefusal, detail: str) -> None:
        super().__init__(f"{refusal.name}: {detail}")
        self.refusal = refusal
        self.detail = detail


# Telegram's words, in their order: the first that is found counts.
_PATTERNS: Final[tuple[tuple[str, ApiRefusal], ...]] = (
    ("message is not modified", ApiRefusal.UNCHANGED),
    (r"quote_text_invalid|quote .*not found", ApiRefusal.QUOTE_LOST),
    (r"repl(y|ied)( message)? .*not found|message to be replied not found", ApiRefusal.REPLY_LOST),
    (r"message to (edit|delete|react|pin|unpin) not found", ApiRefusal.GONE),
    ("message can't be edited|there is no live location", ApiRefusal.FOREIGN),
    ("there is no (text|caption) in the message to edit", ApiRefusal.OTHER_KIND),
    (r"message can't be deleted|message_id_invalid|message_not_found", ApiRefusal.GONE),
    (r"can't parse (message |caption )?entities", ApiRefusal.UNREADABLE),
    (r"topic_not_modified|chat_not_modified", ApiRefusal.UNCHANGED),
    (r"thread not found|topic_deleted|topic_id_invalid|topic not found", ApiRefusal.TOPIC_LOST),
    ("topic_closed", ApiRefusal.TOPIC_CLOSED),
    (r"chat is not a (supergroup )?forum|channel_forum_missing", ApiRefusal.NO_FORUM),
)

_BLOCKED: Final = re.compile(
    r"chat not found|user not found|user is deactivated|peer_id_invalid|input_user_deactivated"
    r"|user_is_blocked|chat_id is empty|group chat was deactivated",
    re.IGNORECASE,
)
# Somebody can give the right back: nothing is lost while we wait.
_NO_RIGHT: Final = re.compile(
    r"not enough rights|have no rights|need administrator rights|chat_write_forbidden"
    r"|chat_admin_required|chat_send_\w+_forbidden",
    re.IGNORECASE,
)

# Calls that may be made twice with the effect of one.
_REPEATABLE: Final = re.compile(r"(edit|delete|answer|get|set|pin|unpin|close|reopen)[A-Z]")


def refusal_of(error: AiogramError) -> ApiRefusal | None:
    """The refusal that Telegram's words describe, if it is one."""
    words = str(error).casefold()
    return next((refusal for told, refusal in _PATTERNS if re.search(told, words)), None)


def is_repeatable(method: TelegramMethod[Any]) -> bool:
    """Whether making the call twice does no harm."""
    return _REPEATABLE.match(method.__api_method__) is not None


def judge(error: AiogramError, method: TelegramMethod[Any]) -> SendError:
    """The same failure as the courier knows it."""
    detail = _detail(error)
    if isinstance(error, TelegramNetworkError | TelegramServerError | ClientDecodeError):
        return _judge_silence(error, detail, uncertain=not is_repeatable(method))
    match error:
        case TelegramRetryAfter() | NoRoom():
            later = float(getattr(error, "retry_after", SOME_TIME))
            return SendError("flood", detail, retry_after=later)
        case TelegramMigrateToChat():
            return SendError("moved", detail, moved_to=str(error.migrate_to_chat_id))
        case TelegramUnauthorizedError() | TelegramNotFound():
            return SendError("configuration", detail, configuration=True)
        case TelegramForbiddenError():
            return SendError("blocked", detail, permanent=True)
    return _judge_words(detail)


def _judge_silence(error: AiogramError, detail: str, *, uncertain: bool) -> SendError:
    """No answer that tells whether the call had its effect."""
    if isinstance(error, TelegramNetworkError):
        never_left = isinstance(error.__cause__, NotSent)
        return SendError("network", detail, uncertain=uncertain and not never_left)
    return SendError("busy", detail, uncertain=uncertain)


def _judge_words(detail: str) -> SendError:
    if "too many requests" in detail.casefold():
        return SendError("flood", detail, retry_after=SOME_TIME)
    if _BLOCKED.search(detail):
        return SendError("blocked", detail, permanent=True)
    if _NO_RIGHT.search(detail):
        return SendError("configuration", detail, configuration=True)
    return SendError("bad_request", detail, permanent=True)


def _detail(error: AiogramError) -> str:
    """Telegram's own words. What could not be read may hold anything: of that, only the kind."""
    if isinstance(error, TelegramAPIError):
        return error.message.splitlines()[0][:LONGEST_DETAIL]
    return type(error).__name__
