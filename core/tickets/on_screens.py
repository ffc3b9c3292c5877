"""What the staff writes where the customer's colleagues do not see it: on a page of the desk, or on
a screen that one person sees. The answer itself is shown in the operators' group.
"""

from sqlalchemy import func, select

from core.addresses import ON_SCREEN, MessageRef
from core.events import MessageShown
from core.models import Message
from core.tx import Tx


def ref_on_screen(tx: Tx, nonce: str) -> MessageRef:
    """Return what names the actor's words on this page or screen: sent twice, they count once."""
    return MessageRef(ON_SCREEN, str(tx.actor.person_id), f"~{nonce}")


async def show_written(tx: Tx, ticket_id: int, ref: MessageRef) -> None:
    """Show what was answered there in the operators' group, if anything was."""
    written = await tx.first(select(func.max(Message.id)).where(Message.source == ref))
    if written is not None:
        tx.emit(MessageShown(ticket_id=ticket_id, message_id=written))
