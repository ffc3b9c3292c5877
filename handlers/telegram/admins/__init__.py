"""What only admins ask for: reports, in their private chat; lists below the alerts."""

from handlers.telegram.admins.reports import router

__all__ = ["router"]
