"""The private chat as customers use it."""
