"""Keys of other systems: made once, stored as digests, each for what its scopes name (A9)."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import bindparam, select

from core.contact_reads import BY_KEY
from core.db import PreparedStatement
from core.errors import NothingToDo, Unreadable
from core.events import KeyCreated, KeyRevoked
from core.models import ApiKey
from core.tx import ReadTx, Tx

READ: Final = "tickets:read"
WRITE: Final = "tickets:write"
LINKS: Final = "links:write"
METRICS: Final = "metrics:read"
SCOPES: Final = (READ, WRITE, LINKS, METRICS)

P = ParamSpec("P")
R = TypeVar("R")

PREFIX: Final = "fd_"
_BYTES: Final = 32
_TOKEN: Final = re.compile(r"fd_[A-Za-z0-9_-]{43}", re.ASCII)
_NAME: Final = re.compile(r"\w[\w .-]{0,39}")
_KEYS: Final = select(
    ApiKey.id, ApiKey.name, ApiKey.scopes, ApiKey.created_at, ApiKey.used_at
).where(ApiKey.revoked_at.is_(None))
# Asked with every request.
_BY_DIGEST: Final = PreparedStatement(_KEYS.where(ApiKey.digest == bindparam("digest")))
# How exactly it is known when a key was used last: a write for each request would be too much.
_USED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that may be used. ``used_at``: to the hour."""

    id: int
    name: str
    scopes: frozenset[str]
    created_at: datetime
    used_at: datetime | None


async def create_key(tx: Tx, name: str, scopes: Collection[str]) -> str:
    """Return a new key, which is shown this once: only its digest is stored.

    Raises :class:`Unreadable` for a name or a scope that cannot be, :class:`NothingToDo` for a name
    that is in use.
    """
    if not _NAME.fullmatch(name):
        raise Unreadable("refusal.key_name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Unreadable("refusal.key_scopes", scopes=" ".join(SCOPES))
    if await _named(tx, name) is not None:
        raise NothingToDo("refusal.key_exists", name=name)
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    ordered = " ".join(scope for scope in SCOPES if scope in scopes)
    await tx.insert(ApiKey(name=name, digest=_digest(token), scopes=ordered, created_at=tx.now))
    tx.emit(KeyCreated(ticket_id=None, name=name, scopes=ordered))
    return token


async def revoke_key(tx: Tx, name: str) -> None:
    """Let a key open nothing any more. Raises :class:`Unreadable` where there is none."""
    row = await _named(tx, name)
    if row is None:
        raise Unreadable("refusal.no_such_key", name=name)
    row.revoked_at = tx.now
    tx.emit(KeyRevoked(ticket_id=None, name=name))


async def list_keys(tx: ReadTx) -> list[Key]:
    """Return the keys that may be used, in the order of their names."""
    return [_key(*row) for row in await tx.rows(_KEYS.order_by(ApiKey.name))]


async def find_key(tx: ReadTx, token: str) -> Key | None:
    """Return the key that this is; ``None`` for anything else."""
    if not _TOKEN.fullmatch(token):
        return None
    rows = await _BY_DIGEST.rows(tx.session, {"digest": _digest(token)})
    return _key(*rows[0]) if rows else None


async def by_key(
    tx: ReadTx,
    key: Key,
    query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run a query for another system, which is the reader of what it finds (S36)."""
    tx.reader = f"{BY_KEY}{key.id}"
    return await query(tx, *args, **options)


def is_used_anew(key: Key, now: datetime) -> bool:
    """Return whether it is to be noted that the key is in use."""
    return key.used_at is None or now - key.used_at >= _USED_EVERY


async def note_used(tx: Tx, key_id: int) -> None:
    """Note that the key is in use."""
    row = await tx.find(ApiKey, key_id, hold=True)
    if row is not None:
        row.used_at = tx.now


async def _named(tx: ReadTx, name: str) -> ApiKey | None:
    return await tx.first(select(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None)))


def _key(
    number: int, name: str, scopes: str, created_at: datetime, used_at: datetime | None
) -> Key:
    return Key(number, name, frozenset(scopes.split()), created_at, used_at)


def _digest(token: str) -> str:
    """A key has 256 bits of chance: a plain digest cannot be searched for it."""
    return hashlib.sha256(token.encode()).hexdigest()
