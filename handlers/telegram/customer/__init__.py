"""The customer's private chat: thin handlers between their words and the desk."""

from handlers.telegram.customer.routes import router

__all__ = ["router"]
