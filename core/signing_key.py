"""The desk's own secret, by which it recognises what it has signed itself."""

import hashlib
import hmac
import secrets
from typing import Final

from core.models import SystemState
from core.tx import ReadTx, Tx

NAME: Final = "signing_key"
# Characters of a signature: 80 bits, which nobody guesses over a network.
LENGTH: Final = 20


class SigningKey(bytes):
    """Cached under its type."""


async def find_signing_key(tx: ReadTx) -> SigningKey:
    """Return the key that `make_signing_key` has made. Raises LookupError before that."""
    return await tx.cached(SigningKey, _read)


async def _read(tx: ReadTx) -> SigningKey:
    row = await tx.find(SystemState, NAME)
    if row is None:
        raise LookupError("no signing key was made yet")
    return SigningKey(bytes.fromhex(row.value["key"]))


async def make_signing_key(tx: Tx) -> None:
    """Make the key at the first start; a database keeps it for good."""
    if await tx.find(SystemState, NAME) is None:
        await tx.insert(SystemState(name=NAME, value={"key": secrets.token_hex(32)}, at=tx.now))


def signature(key: bytes, words: str) -> str:
    """Return the signature of these words. Pure."""
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()[:LENGTH]


def is_signed(key: bytes, words: str, claimed: str) -> bool:
    """Return whether that is their signature; takes as long for every wrong one. Pure."""
    return hmac.compare_digest(
        signature(key, words).encode(), claimed.lower().encode(errors="replace")
    )
