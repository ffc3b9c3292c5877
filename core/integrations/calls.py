"""A call that comes again has its effects once: answers are kept under the caller's own key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from core.errors import Refusal
from core.models import ApiCall
from core.tx import Tx

Answer = tuple[int, dict[str, Any]]


class AnotherCall(Refusal):
    """The name was used for a call that asked for something else."""

    def __init__(self) -> None:
        super().__init__("refusal.another_call")


@dataclass(frozen=True, slots=True)
class Call:
    """``name`` is its caller's name for it (Idempotency-Key); ``digest`` stands for its content."""

    key_id: int
    name: str
    digest: str


async def once(
    tx: Tx, call: Call | None, action: Callable[[Tx], Awaitable[Answer]]
) -> tuple[Answer, bool]:
    """Return the action's answer, and whether it is that of an earlier call.

    Both are one transaction: what was answered was done. Raises :class:`AnotherCall`.
    """
    if call is None:
        return await action(tx), False
    row = await tx.find(ApiCall, (call.key_id, call.name), hold=True)
    if row is not None and row.digest != call.digest:
        raise AnotherCall
    if row is not None:
        return (row.status, row.answer), True
    status, answer = await action(tx)
    await tx.insert(
        ApiCall(
            key_id=call.key_id,
            name=call.name,
            digest=call.digest,
            status=status,
            answer=answer,
            at=tx.now,
        )
    )
    return (status, answer), False
