"""What a mail server's error means for the delivery.

    no connection, silence, a cut line     network         try again
    4xx anywhere                           busy            try again, for days
    5xx to the recipient                   blocked         permanent
    the same, but of a full mailbox,
    a policy, the way there (RFC 3463)     bad_request     permanent
    5xx to the letter, or to its size      bad_request     permanent
    530, 535, other 5xx, TLS not proven    configuration   every letter would meet it

No refusal is *uncertain*. A line cut after the last dot may mean that the letter was taken; it goes
again with the same Message-ID, by which mail systems and readers know it as the same letter. That
is what the stable id is for, and there is nobody to ask anyway.
"""

import re
import ssl
from typing import Final

from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from channels.email.compose import one_line
from core.delivery.channel import SendError

LONGEST_DETAIL: Final = 200
NOT_NOW: Final = range(400, 500)
NEVER: Final = range(500, 600)
LOGIN_WANTED: Final = frozenset({530, 535})
TOO_BIG: Final = 552  # some say so at MAIL FROM already, by SIZE; of a recipient: it is full
# Enhanced status codes (RFC 3463): what they are about, and in detail. 0 and 1 are about the
# address, 2 about the mailbox there; other subjects are the systems, the network, or a policy.
ENHANCED: Final = re.compile(r"(?<![\d.])[245]\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_OF_ADDRESS: Final = frozenset({0, 1, 2})
# "Other or undefined": a 550 to the recipient says more (qmail, Outlook.com).
_UNDEFINED: Final = (5, 0)
# The sender's address; a mailbox that is full, a mail that is too long for it, a list.
_NOT_OF_ADDRESS: Final = frozenset({(1, 7), (1, 8), (2, 2), (2, 3), (2, 4)})


def judge(error: SMTPException | OSError) -> SendError:
    """Turn aiosmtplib's exception, or the network's, into a `SendError`."""
    match error:
        case SMTPRecipientsRefused(recipients=refused):
            # the mildest decides: what may be tried again, is
            return judge(min(refused, key=lambda refusal: refusal.code))
        case SMTPResponseException():
            return _by_code(error)
        case SMTPNotSupported():  # a Cyrillic local part, and a server without SMTPUTF8
            return SendError("blocked", _detail(error), permanent=True)
        case OSError() if not _is_wrong_tls(error):  # aiosmtplib's timeouts and cut lines too
            return SendError("network", _detail(error))
        case _:  # no STARTTLS, no AUTH, or an untrusted certificate
            return SendError("configuration", _detail(error), configuration=True)


def is_of_address(code: int | None, words: str) -> bool:
    """Return whether a permanent refusal says that the address takes no mail at all, as opposed to
    one mail, or none today. ``code``: SMTP's; ``words``: with the enhanced code, if there is one.
    """
    found = ENHANCED.search(words)
    subject, detail = (int(found[1]), int(found[2])) if found else _UNDEFINED
    if (subject, detail) == _UNDEFINED:
        return code != TOO_BIG
    return subject in _OF_ADDRESS and (subject, detail) not in _NOT_OF_ADDRESS


def _by_code(error: SMTPResponseException) -> SendError:
    detail = _detail(error)
    if error.code in NOT_NOW:
        return SendError("busy", detail, lasting=True)
    if error.code not in NEVER:  # an impossible code: the connection is at fault
        return SendError("network", detail)
    if error.code in LOGIN_WANTED:
        return SendError("configuration", detail, configuration=True)
    if isinstance(error, SMTPRecipientRefused):
        gone = is_of_address(error.code, error.message)
        return SendError("blocked" if gone else "bad_request", detail, permanent=True)
    if isinstance(error, SMTPDataError) or error.code == TOO_BIG:
        return SendError("bad_request", detail, permanent=True)
    return SendError("configuration", detail, configuration=True)


def _is_wrong_tls(error: BaseException | None) -> bool:
    # aiosmtplib wraps it when TLS comes first and lets it through bare after STARTTLS
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
            return True  # smtps:// to a port that speaks plain text
        error = error.__cause__
    return False


def _detail(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return one_line(f"{error.code} {error.message}", LONGEST_DETAIL)
    return one_line(str(error), LONGEST_DETAIL) or type(error).__name__
