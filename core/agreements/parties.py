"""Whose agreement counts for a customer: their account's contract, their account's, the default."""

from datetime import date

from sqlalchemy import and_, select

from core.agreements.book import Book
from core.agreements.choosing import Signed, choose
from core.models import AccountAgreement, AccountMember, Contract
from core.tx import Look


async def agreement_for(look: Look, book: Book, person_id: int, day: date) -> str | None:
    """The code of the agreement that counts for this person on this day of the company's."""
    query = (
        select(Contract.agreement, Contract.since, Contract.until, AccountAgreement.agreement)
        .select_from(AccountMember)
        .outerjoin(
            Contract,
            and_(Contract.account_id == AccountMember.account_id, Contract.agreement.is_not(None)),
        )
        .outerjoin(AccountAgreement, AccountAgreement.account_id == AccountMember.account_id)
        .where(AccountMember.person_id == person_id)
    )
    rows = (await look.session.execute(query)).all()
    signed = [Signed(code, since, until) for code, since, until, _ in rows if code is not None]
    account = rows[0][3] if rows else None
    return choose(signed, account, book.default, day)
