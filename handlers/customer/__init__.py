"""The customer's private chat: thin handlers between their words and the desk."""

from handlers.customer.routes import router

__all__ = ["router"]
