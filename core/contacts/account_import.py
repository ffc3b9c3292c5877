"""Brings accounts and their contracts in line with a table; free columns are technical data (T1).

A file of accounts has a column ``account``, one of contracts ``account`` and ``number``; agreement
and days of a contract are left as they are where the file has no column of them. What a file does
not name stays as it is: a contract ends by its day, not by being forgotten.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from core.contacts.edit import LONGEST_ACCOUNT
from core.events import AccountOpened, ContractSigned, SheetImported
from core.models import Account, Agreement, Contract
from core.sheets.faults import Wrong, WrongFile, quoted, wrong
from core.sheets.plan import Plan, lost_titles
from core.sheets.sheet import Cells, Sheet
from core.tx import ReadTx, Tx
from core.words.aliases import ACCOUNT_COLUMNS, CONTRACT_COLUMNS
from core.words.names import clean_name
from core.words.periods import read_day

LONGEST_NUMBER: Final = 64
_LONGEST_TITLE: Final = 100
_LONGEST_DAY: Final = 10
_ACCOUNTS: Final[Any] = Account.__table__
_CONTRACTS: Final[Any] = Contract.__table__
_TERMS: Final = ("agreement", "since", "until")


@dataclass(frozen=True, slots=True)
class AccountRead:
    """An account of the file, with its technical data."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContractRead:
    """A contract of the file. ``terms``: agreement as it is written, first and last day; only those
    that the file has a column of.
    """

    line: int
    account: str
    number: str
    terms: Mapping[str, Any]
    fields: dict[str, str] = field(default_factory=dict)


def _account(cells: Cells) -> AccountRead:
    return AccountRead(clean_name(cells.known["account"], LONGEST_ACCOUNT), cells.free)


def _contract(cells: Cells) -> ContractRead:
    known = cells.known
    terms: dict[str, Any] = {
        name: _day(cells, name) for name in ("since", "until") if name in known
    }
    if "agreement" in known:
        terms["agreement"] = known["agreement"] or None
    since, until = terms.get("since"), terms.get("until")
    if since is not None and until is not None and until < since:
        cells.wrong("days", since=since.isoformat(), until=until.isoformat())
    account = clean_name(known["account"], LONGEST_ACCOUNT)
    number = clean_name(known["number"], LONGEST_NUMBER)
    return ContractRead(cells.line, account, number, terms, cells.free)


def _day(cells: Cells, name: str) -> date | None:
    """The day of a column, with its year; none where nothing is written."""
    words = cells.known[name]
    if not words:
        return None
    try:
        day = read_day(words, date.max)
    except ValueError:
        day = None
    if day is None or words.count(".") == 1:  # without its year
        cells.wrong("day", column=name, value=quoted(words))
        return None
    return day


def _folded_name(words: str) -> str:
    return clean_name(words).casefold()


ACCOUNTS: Final = Sheet(
    name="accounts",
    required=("account",),
    filled=("account",),
    key="account",
    longest={"account": LONGEST_ACCOUNT},
    titles=ACCOUNT_COLUMNS,
    record=_account,
    folded=_folded_name,
)
CONTRACTS: Final = Sheet(
    name="contracts",
    required=("account", "number"),
    filled=("account", "number"),
    key="number",
    longest={
        "account": LONGEST_ACCOUNT,
        "number": LONGEST_NUMBER,
        "agreement": _LONGEST_TITLE,
        "since": _LONGEST_DAY,
        "until": _LONGEST_DAY,
    },
    titles=CONTRACT_COLUMNS,
    record=_contract,
)


# What a file would change


async def compare_accounts(tx: ReadTx, accounts: Sequence[AccountRead]) -> Plan[AccountRead]:
    """Return what the file changes of the accounts."""
    known = {row.name.lower(): row for row in await tx.rows(select(_ACCOUNTS))}
    plan, found = Plan[AccountRead](), []
    for one in accounts:
        row = known.pop(one.name.lower(), None)
        _place(plan, one, row)
        found += [] if row is None else [row.fields]
    plan.missing = sorted(row.name for row in known.values())
    plan.lost = lost_titles(found, (one.fields for one in accounts))
    return plan


async def compare_contracts(tx: ReadTx, contracts: Sequence[ContractRead]) -> Plan[ContractRead]:
    """Return what the file changes of the contracts. Raises :class:`WrongFile` for agreements that
    there are not, and contracts of another account.
    """
    named = select(*_CONTRACTS.c, _ACCOUNTS.c.name.label("account")).join(_ACCOUNTS)
    known = {row.number: row for row in await tx.rows(named)}
    codes = await _agreements(tx)
    faults = [*_strange(contracts, known, codes)]
    if faults:
        raise WrongFile(faults)
    plan, found = Plan[ContractRead](), []
    for one in contracts:
        row, terms = known.pop(one.number, None), _terms(one, codes)
        read = ContractRead(one.line, one.account, one.number, terms, one.fields)
        same = row is None or all(getattr(row, name) == said for name, said in terms.items())
        _place(plan, read, row, same=same)
        found += [] if row is None else [row.fields]
    plan.missing = sorted(known)
    plan.lost = lost_titles(found, (one.fields for one in contracts))
    return plan


def _place(plan: Plan[Any], one: Any, row: Any, *, same: bool = True) -> None:
    """Put a record where the plan has it: new, changed, or the same as it is."""
    if row is None:
        plan.new.append(one)
    elif same and row.fields == one.fields:
        plan.unchanged += 1
    else:
        plan.changed.append((row.id, one))


async def _agreements(tx: ReadTx) -> Mapping[str, str]:
    """The codes of agreements by what a file may call them."""
    rows = await tx.rows(select(Agreement.code, Agreement.title).where(Agreement.active))
    titles = {title.casefold(): code for code, title in rows}
    return titles | {code.casefold(): code for code, _ in rows}


def _terms(one: ContractRead, codes: Mapping[str, str]) -> dict[str, Any]:
    named = one.terms.get("agreement")
    return {**one.terms} | ({"agreement": codes[named.casefold()]} if named else {})


def _strange(
    contracts: Iterable[ContractRead], known: Mapping[str, Any], codes: Mapping[str, str]
) -> Iterator[Wrong]:
    """What does not go with what is known."""
    for one in contracts:
        agreement, row = one.terms.get("agreement"), known.get(one.number)
        if agreement and agreement.casefold() not in codes:
            known_here = ", ".join(sorted(set(codes))) or "—"
            yield wrong(one.line, "no_agreement", value=quoted(agreement), known=known_here)
        if row is not None and row.account.lower() != one.account.lower():
            facts = {"number": quoted(one.number), "account": quoted(row.account)}
            yield wrong(one.line, "contract_of_other", **facts)


# Writing it


async def apply_accounts(tx: Tx, plan: Plan[AccountRead]) -> None:
    """Write a part of the plan."""
    if plan.new:
        await _open(tx, {one.name: one.fields for one in plan.new})
    if plan.changed:
        await tx.change(
            update(_ACCOUNTS).where(_ACCOUNTS.c.id == bindparam("account")),
            [{"account": number, "fields": one.fields} for number, one in plan.changed],
        )


async def _open(tx: Tx, accounts: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Open these accounts; returns them by their names in lower case."""
    rows = [{"name": name, "fields": dict(fields)} for name, fields in accounts.items()]
    await tx.change(insert(_ACCOUNTS), rows)
    made = select(_ACCOUNTS.c.id, _ACCOUNTS.c.name).where(_ACCOUNTS.c.name.in_(accounts))
    found = await tx.rows(made.order_by(_ACCOUNTS.c.id))
    opened = {str(name): int(number) for number, name in found}
    for name, number in opened.items():
        tx.emit(AccountOpened(ticket_id=None, account_id=number, name=name))
    return {name.lower(): number for name, number in opened.items()}


async def apply_contracts(tx: Tx, plan: Plan[ContractRead]) -> None:
    """Write a part of the plan; accounts that there are not yet are opened."""
    if plan.new:
        accounts = await _accounts_of(tx, plan.new)
        rows = [_values(one, accounts[one.account.lower()]) for one in plan.new]
        await tx.change(insert(_CONTRACTS), rows)
        for row in rows:
            tx.emit(_signed(row))
    if plan.changed:
        await _change(tx, dict(plan.changed))


async def _change(tx: Tx, changed: Mapping[int, ContractRead]) -> None:
    """Bring known contracts in line, and tell of those that have other terms."""
    them = select(*_CONTRACTS.c).where(_CONTRACTS.c.id.in_(changed))
    known = await tx.rows(them.order_by(_CONTRACTS.c.id))
    rows = []
    for row in known:
        before = {name: getattr(row, name) for name in _SIGNED}
        after = before | dict(changed[row.id].terms)
        terms = {name: after[name] for name in _TERMS}
        rows.append({"contract": row.id, "fields": changed[row.id].fields, **terms})
        if after != before:
            tx.emit(_signed(after))
    await tx.change(update(_CONTRACTS).where(_CONTRACTS.c.id == bindparam("contract")), rows)


_SIGNED: Final = ("account_id", "number", *_TERMS)


def _values(one: ContractRead, account: int) -> dict[str, Any]:
    terms = dict.fromkeys(_TERMS) | dict(one.terms)
    return {"account_id": account, "number": one.number, "fields": one.fields, **terms}


def _signed(row: Mapping[str, Any]) -> ContractSigned:
    since, until = (None if row[name] is None else row[name].isoformat() for name in _TERMS[1:])
    return ContractSigned(
        ticket_id=None,
        account_id=row["account_id"],
        number=row["number"],
        agreement=row["agreement"],
        since=since,
        until=until,
    )


async def _accounts_of(tx: Tx, contracts: Iterable[ContractRead]) -> Mapping[str, int]:
    """The accounts of these contracts by their names in lower case."""
    known = await _known_accounts(tx)
    named = {one.account.lower(): one.account for one in contracts}
    missing = {folded: name for folded, name in named.items() if folded not in known}
    opened = await _open(tx, {name: {} for name in missing.values()}) if missing else {}
    return {**known, **opened}


async def _known_accounts(tx: ReadTx) -> Mapping[str, int]:
    rows = await tx.rows(select(_ACCOUNTS.c.id, _ACCOUNTS.c.name))
    return {name.lower(): number for number, name in rows}


async def note_import(kind: str, tx: Tx, plan: Plan[Any]) -> None:
    """Record the import in the journal."""
    counts = {"new": len(plan.new), "changed": len(plan.changed), "unchanged": plan.unchanged}
    tx.emit(SheetImported(ticket_id=None, kind=kind, **counts))
