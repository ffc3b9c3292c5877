"""What stays of an erased person on the blacklist of mail: a digest of their address (F4, S31).

Their mail is still unwanted, and nobody reads from the desk whose it was.
"""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from sqlalchemy import func, or_, select, text

from core.models import DirectoryVersion, Setting
from core.signing_key import find_signing_key, signature
from core.tx import Tx

ERASED: Final = "erased:"
"""What an entry begins with that is the digest of an address."""
ORIGIN: Final = "erasure"
"""Where the version of the directory comes from that has it so."""
SENDERS: Final = "mail_blacklist"
"""The setting that has them."""
# As documents of the directory are written: one line, strings as in JSON.
_LISTED: Final = re.compile(rf"^{SENDERS} = \[.*\]$", re.MULTILINE)


def sender_digest(key: bytes, address: str) -> str:
    """Return the entry that stands for this address once its person is erased. Pure."""
    return f"{ERASED}{signature(key, f'unwanted sender {address.casefold()}')}"


async def hide_senders(tx: Tx, points: Iterable[str]) -> None:
    """Put digests in the place of these addresses, in the blacklist and in every version of the
    directory that has it; other processes hear of it by another version.
    """
    addresses = {one.casefold() for one in points if "@" in one.strip("@")}
    if not addresses:
        return
    listed = await _hide_in_setting(tx, addresses)
    documents = await _hide_in_versions(tx, addresses)
    if listed or documents:
        await _make_version(tx)
        await tx.write()


async def _hide_in_setting(tx: Tx, addresses: set[str]) -> bool:
    row = await tx.find(Setting, SENDERS, hold=True)
    entries = tx.company.mail_blacklist if row is None else row.value["is"]
    if not addresses & {one.casefold() for one in entries} or SENDERS in tx.company.fixed:
        return False
    key = await find_signing_key(tx)
    hidden = [sender_digest(key, one) if one.casefold() in addresses else one for one in entries]
    await tx.put(Setting(name=SENDERS, value={"is": hidden}, at=tx.now))
    tx.choose(mail_blacklist=tuple(hidden))
    return True


async def _hide_in_versions(tx: Tx, addresses: set[str]) -> bool:
    document = func.lower(DirectoryVersion.document)
    named = or_(*(document.contains(one, autoescape=True) for one in addresses))
    rows = await tx.all(select(DirectoryVersion).where(named))
    key = await find_signing_key(tx) if rows else b""
    hidden = {row: _without(key, addresses, row.document) for row in rows}
    changed = [row for row in rows if hidden[row] != row.document]
    for row in changed:
        row.document = hidden[row]
    return bool(changed)


def _without(key: bytes, addresses: Iterable[str], document: str) -> str:
    for address in addresses:
        entry = re.compile(f'"{re.escape(address)}"', re.IGNORECASE)
        digest = f'"{sender_digest(key, address)}"'
        document = _LISTED.sub(partial(_replaced, entry, digest), document)
    return document


def _replaced(entry: re.Pattern[str], digest: str, line: re.Match[str]) -> str:
    return entry.sub(digest, line[0])


async def _make_version(tx: Tx) -> None:
    """The newest version again, as it reads now."""
    if not tx.is_sqlite:
        await tx.change(text("LOCK TABLE directory_version IN EXCLUSIVE MODE"))
    await tx.demand_version()
    newest: Any = await tx.find(DirectoryVersion, await tx.directory_version())
    if newest is None:  # nothing was ever changed
        return
    row = DirectoryVersion(
        number=newest.number + 1,
        at=tx.now,
        person_id=tx.actor.person_id,
        origin=ORIGIN,
        document=newest.document,
    )
    await tx.insert(row)
    tx.make_version(row.number)
