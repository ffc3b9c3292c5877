"""What comes in from Telegram. Handlers are thin: they parse, run an action, and show a screen."""

from handlers.telegram.routing import UpdateRoutes

__all__ = ["UpdateRoutes"]
