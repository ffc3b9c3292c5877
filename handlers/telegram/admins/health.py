"""``/health`` in an admin's private chat: how the desk is, and deliveries that failed."""

from channels.telegram.screens.health import FailedStep, draw_health
from core.people.staff import for_admin
from core.setup.desk_health import find_health, settle_failed
from handlers.telegram.context import ButtonContext, MessageContext


async def on_command(context: MessageContext, _words: str) -> None:
    """Show how the desk is."""
    health = await context.desk.read(for_admin, context.sender, find_health)
    await context.show(draw_health(context.renderer, health))


async def on_button(context: ButtonContext, data: FailedStep) -> None:
    """Send a failed delivery again, or drop it, and show what is left."""
    again = data.verb == "again"
    done = await context.desk.run(settle_failed, context.sender, data.id, again=again)
    toast = context.responder.plain(f"health.toast.{data.verb}" if done else "refusal.outdated")
    health = await context.desk.read(for_admin, context.sender, find_health)
    await context.show(draw_health(context.renderer, health), toast)
