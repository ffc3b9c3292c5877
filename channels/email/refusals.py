"""What a mail server's error means for the delivery.

    no connection, silence, a cut line     network         try again
    4xx anywhere                           busy            try again, for days
    5xx to the recipient                   blocked         permanent
    5xx to the letter, or to its size      bad_request     permanent
    530, 535, other 5xx, TLS not proven    configuration   every letter would meet it

No refusal is *uncertain*. A line cut after the last dot may mean that the letter was taken; it goes
again with the same Message-ID, by which mail systems and readers know it as the same letter. That
is what the stable id is for, and there is nobody to ask anyway.
"""

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
TOO_BIG: Final = 552  # some say so at MAIL FROM already, by SIZE


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


def _by_code(error: SMTPResponseException) -> SendError:
    detail = _detail(error)
    if error.code in NOT_NOW:
        return SendError("busy", detail, lasting=True)
    if error.code not in NEVER:  # an impossible code: the connection is at fault
        return SendError("network", detail)
    if error.code in LOGIN_WANTED:
        return SendError("configuration", detail, configuration=True)
    if isinstance(error, SMTPRecipientRefused):
        return SendError("blocked", detail, permanent=True)
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
