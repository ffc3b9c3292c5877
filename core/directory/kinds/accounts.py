"""Accounts: what was promised to all of one, and whose mail belongs to it."""

from collections.abc import Sequence
from typing import Annotated, Self, cast

from sqlalchemy import delete, select

from core.directory.faults import Problem
from core.directory.fields import AsPeopleSay, Domain, Reference
from core.directory.kinds.agreements import AgreementEntry, is_off
from core.directory.schema import Directory, DirectoryEntry
from core.directory.toml_writer import write_value
from core.models import Account, AccountAgreement, AccountDomain
from core.tx import ReadTx, Tx


class AccountAgreementEntry(DirectoryEntry):
    """What counts for everybody of an account without a contract; without ``agreement``: nothing
    of its own.
    """

    name = "account_agreement"
    key = "account"

    account: Annotated[str, AsPeopleSay("account")]
    agreement: Annotated[str | None, Reference(AgreementEntry.name)] = None

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By the account's name."""
        query = (
            select(Account.name, AccountAgreement.agreement)
            .join(AccountAgreement, AccountAgreement.account_id == Account.id)
            .order_by(Account.name)
        )
        rows = await tx.rows(query)
        return [cls.stored(account=account, agreement=agreement) for account, agreement in rows]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """The account must be there: `/contract` makes accounts."""
        missing = await _missing(tx, self.account)
        if self.agreement is None:
            return missing
        off = is_off(directory, AgreementEntry.name, ("agreement",), self.agreement)
        return [*missing, *off]

    def switched_off(self) -> Self | None:
        """Nothing of its own was agreed on."""
        return self.model_copy(update={"agreement": None})

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Tickets keep what they were promised."""
        account_id = await _account_id(tx, self.account)
        if self.agreement is None:
            query = delete(AccountAgreement).where(AccountAgreement.account_id == account_id)
            await tx.change(query)
        else:
            row = AccountAgreement(account_id=account_id, agreement=self.agreement)
            await self.save(tx, row)


class AccountDomainEntry(DirectoryEntry):
    """Whoever writes mail from this domain belongs to the account, unless they have another (F8);
    without ``account``: to none.
    """

    name = "account_domain"
    key = "domain"

    domain: Domain
    account: Annotated[str, AsPeopleSay("account")] | None = None

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By the domain."""
        query = (
            select(AccountDomain.domain, Account.name)
            .join(Account, AccountDomain.account_id == Account.id)
            .order_by(AccountDomain.domain)
        )
        rows = await tx.rows(query)
        return [cls.stored(domain=domain, account=account) for domain, account in rows]

    def switched_off(self) -> Self | None:
        """It belongs to nobody."""
        return self.model_copy(update={"account": None})

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """The account must be there: `/contract` makes accounts."""
        return [] if self.account is None else await _missing(tx, self.account)

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """People who belong to an account already stay there."""
        if self.account is None:
            await tx.change(delete(AccountDomain).where(AccountDomain.domain == self.domain))
            return
        account_id = await _account_id(tx, self.account)
        await self.save(tx, AccountDomain(domain=self.domain, account_id=account_id))


async def _missing(tx: ReadTx, account: str) -> list[Problem]:
    if await _account_id(tx, account) is not None:
        return []
    facts = {"value": write_value(account)}
    return [Problem(("account",), "directory_file.fault.no_account", facts)]


async def _account_id(tx: ReadTx, account: str) -> int | None:
    if "\0" in account:  # PostgreSQL stores no such text
        return None
    return cast("int | None", await tx.first(select(Account.id).where(Account.name == account)))
