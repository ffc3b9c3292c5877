"""What the desk looks at in a mail before its author has agreed that it is stored (S31)."""

from channels.email.compose import EMAIL, signed_row
from core.addresses import Address
from core.contacts.written_consents import Written
from core.people.identity import Sender
from core.tickets.mailboxes import MailboxFacts
from core.words.consent_answers import consent_answer, is_signed
from core.words.quotes import cut_quotes
from handlers.mail.parse import Mail


def written_of(
    mail: Mail, mailbox: MailboxFacts | None, key: bytes, unasked: str | None
) -> Written:
    """Return what is looked at. ``key``: of the desk's own marks; ``unasked``: see `Written`.

    Of our mails that it answers the nearest counts: in a thread the question may be further up.
    """
    address = mail.answer_to or mail.sender or ""
    nearest = next((row for each in mail.chain if (row := signed_row(each, key))), None)
    said = consent_answer(mail.words.new, mail.name)
    return Written(
        sender=Sender(Address(EMAIL, address), mail.name or address),
        id=mail.id,
        word=said.word,
        answered=None if nearest is None else nearest.outbox_id,
        unasked=unasked,
        says_more=said.says_more or _brings_files(mail),
        mailbox=None if mailbox is None else mailbox.address,
        language=None if mailbox is None else mailbox.language,
    )


def _brings_files(mail: Mail) -> bool:
    """Whether it has any file but the pictures of a signature."""
    return any(
        one.above is None or not is_signed(cut_quotes(one.above).new, mail.name)
        for one in mail.attachments
    )
