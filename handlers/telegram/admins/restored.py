"""``/restored`` in an admin's private chat: what waits after a restore, and letting it go."""

from channels.telegram.screens.restored import ReleaseStep, draw_held
from core.errors import Refusal
from core.people.staff import for_admin
from core.setup.restored import find_held, release
from handlers.telegram.context import ButtonContext, MessageContext


async def on_command(context: MessageContext, _words: str) -> None:
    """Show what would leave."""
    held = await context.desk.read(for_admin, context.sender, find_held)
    await context.show(draw_held(context.renderer, held))


async def on_button(context: ButtonContext, data: ReleaseStep) -> None:
    """Let it leave."""
    company = await context.desk.run(release, context.sender, drop_old=data.what == "new")
    if company is None:
        raise Refusal("refusal.outdated")
    context.desk.company = company
    await context.show(context.responder.html("restored.released"))
