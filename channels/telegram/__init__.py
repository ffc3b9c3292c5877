"""Telegram: the way of words into chats, and what comes from them made plain."""
