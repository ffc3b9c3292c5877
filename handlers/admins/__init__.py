"""What only admins ask for: reports, in their private chat; lists below the alerts."""

from handlers.admins.routes import router

__all__ = ["router"]
