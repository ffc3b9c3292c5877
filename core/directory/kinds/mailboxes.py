"""Mailboxes: the addresses that customers write to, and what begins there (F1). No secret is here:
servers and passwords are the environment's.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import Problem, refusal
from core.directory.fields import Code, Reference, Title, one_of
from core.directory.kinds.agreements import AgreementEntry, is_off
from core.directory.kinds.responses import Texts
from core.directory.kinds.setting_types import LANGUAGES
from core.directory.kinds.teams import TeamEntry
from core.directory.kinds.tickets import CategoryEntry, PriorityEntry, ServiceEntry, TopicEntry
from core.directory.schema import Directory, DirectoryEntry
from core.models import MailboxRow
from core.tickets.mailboxes import DeskMailboxes
from core.tx import ReadTx, Tx
from core.words.contact_values import read_email


def _check_address(value: str) -> str:
    address = read_email(value)
    if address is None:
        raise refusal("address", value)
    return address


EmailAddress = Annotated[
    str, AfterValidator(_check_address), Json({"type": "string", "format": "email"})
]


class MailboxEntry(DirectoryEntry):
    """A mailbox. Mail to it begins tickets of this kind, and is answered from it."""

    name = "mailbox"
    ordered = True
    key = "address"
    caches: ClassVar[tuple[type, ...]] = (DeskMailboxes,)

    address: EmailAddress
    title: Title | None = None
    topic: Annotated[Code | None, Reference(TopicEntry.name)] = None
    service: Annotated[Code | None, Reference(ServiceEntry.name)] = None
    category: Annotated[Code | None, Reference(CategoryEntry.name)] = None
    priority: Annotated[Code | None, Reference(PriorityEntry.name)] = None
    agreement: Annotated[Code | None, Reference(AgreementEntry.name)] = None
    team: Annotated[Code | None, Reference(TeamEntry.name)] = None
    language: Annotated[str, *one_of(LANGUAGES)] | None = None
    signature: Texts = Field(default_factory=dict)
    confirm: bool = True
    send_as: bool = True
    active: bool = True

    @classmethod
    def key_of(cls, table: Mapping[str, Any]) -> Any:
        """An address is the same however it is written."""
        key = table.get(cls.key)
        return (read_email(key) or key) if isinstance(key, str) else key

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they were written."""
        rows = await tx.all(select(MailboxRow).order_by(MailboxRow.position, MailboxRow.address))
        return [cls.stored(**_fields(row)) for row in rows]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """What it promises is in use."""
        if self.agreement is None or not self.active:
            return []
        return is_off(directory, AgreementEntry.name, ("agreement",), self.agreement)

    async def put(self, tx: Tx, position: int) -> None:
        """Tickets keep what they became when they began."""
        said = {name: getattr(self, name) for name in _SAME}
        await self.save(tx, MailboxRow(position=position, texts=dict(self.signature), **said))


_SAME = tuple(name for name in MailboxEntry.model_fields if name != "signature")


def _fields(row: MailboxRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SAME} | {"signature": dict(row.texts)}
